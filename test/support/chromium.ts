import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

const places = [
  process.env['CHROMIUM'] ?? '',
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Starts the Chromium of this machine. Throws, with what to do, when there is none: `npm test` installs it where it can. */
export async function startChromium(): Promise<Browser> {
  const executablePath = places.find((place) => place !== '' && existsSync(place));
  if (executablePath === undefined)
    throw new Error(
      'The browser tests need Chromium: apt-get install chromium-headless-shell, or name one in the variable CHROMIUM.',
    );
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}
