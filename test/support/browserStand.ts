import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { invite } from '../../src/app/invitations';
import { compose } from '../../src/composition';
import type { Connector } from '../../src/composition';
import type { Microsoft365 } from '../local/microsoft365/microsoft365';
import type { SimulatedTenant } from '../local/microsoft365/tenant';
import { startStack } from '../local/stack';
import type { Stack } from '../local/stack';
import { startChromium } from './chromium';

const screens = { desktop: { width: 1280, height: 800 }, phone: { width: 320, height: 640 } } as const;
/** How long a page may take for what it is asked; a busy machine takes a while. */
const waitMs = 120_000;
const picture = { width: 1100, height: 820 };
/** Where pictures go, when they are asked for: whole pages for the eye, and what fits on a screen for the documents. */
const pictures = process.env['PICTURES'];

/** What axe answers, as far as it is told. */
interface Found {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

/** The connector in a process of its own, the simulated Microsoft, and a real browser. */
export interface BrowserStand {
  readonly stack: Stack;
  readonly microsoft: Microsoft365;
  readonly stores: Connector;
  /** What pages have said in the console: a refused script or style would. */
  readonly troubles: string[];
  readonly newPage: (options?: Parameters<Browser['newContext']>[0]) => Promise<Page>;
  /** A fresh link for a customer. */
  readonly link: (customer: string, tenantId?: string) => Promise<string>;
  /** Holds a page against axe in light and dark, on a desk and on a phone, where it must not scroll sideways. */
  readonly inspect: (page: Page, name: string) => Promise<void>;
  /** Takes a picture for the documents. */
  readonly show: (page: Page, name: string) => Promise<void>;
  readonly closePages: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts all of it, with a day of records. `npm test` builds the connector first. */
export async function startBrowserStand(
  tenants: readonly SimulatedTenant[],
  prepare: (stores: Connector) => Promise<void> = async () => Promise.resolve(),
): Promise<BrowserStand> {
  const folder = mkdtempSync(join(tmpdir(), 'browser-'));
  const settings = { POLL_SHORTEST_SECONDS: '2', POLL_LONGEST_SECONDS: '8' };
  const stack = await startStack({ folder, seed: 7, tenants, settings });
  const { microsoft365: microsoft } = stack;
  if (microsoft === undefined) throw new Error('There is no simulated Microsoft 365.');
  const stores = compose(stack.environment, { log: () => undefined });
  const { signal } = new AbortController();
  microsoft.backfill(24, { maxRecordsPerTenant: 200 });
  microsoft.startGenerating(1_000);
  await prepare(stores);
  await stack.startConnector();
  const browser = await startChromium();
  const opened: BrowserContext[] = [];
  const troubles: string[] = [];
  const closePages = async (): Promise<void> => {
    for (const context of opened.splice(0)) await context.close();
  };
  return {
    ...{ stack, microsoft, stores, troubles, closePages },
    newPage: async (options = {}) => {
      const context = await browser.newContext({ viewport: screens.desktop, ...options });
      opened.push(context);
      context.setDefaultTimeout(waitMs);
      const page = await context.newPage();
      page.on('pageerror', (error) => troubles.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error' && page.url().startsWith(stack.publicUrl) && !/status of 4\d\d/.test(message.text()))
          troubles.push(message.text());
      });
      return page;
    },
    link: async (customer, tenantId) => {
      const wanted = { customer, createdBy: 'test', ...(tenantId === undefined ? {} : { tenantId }) };
      return `${stack.publicUrl}/onboard/${(await invite(stores.onboardPorts, wanted, signal)).token}`;
    },
    inspect,
    show: async (page, name) => {
      if (pictures === undefined) return;
      await page.setViewportSize(picture);
      await page.screenshot({ path: join(pictures, `show-${name}.png`) });
      await page.setViewportSize(screens.desktop);
    },
    stop: async () => {
      await closePages();
      await browser.close();
      await stores.stop();
      await stack.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function inspect(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const [screen, viewport] of Object.entries(screens)) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize(viewport);
      await page.evaluate(`${axe.source}; undefined`);
      const found = await page.evaluate<Found>('axe.run(document, { resultTypes: ["violations"] })');
      const told = found.violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join('; ')}`,
      );
      expect([name, colorScheme, screen, told]).toEqual([name, colorScheme, screen, []]);
      const wide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      expect([name, screen, wide]).toEqual([name, screen, 0]);
      if (pictures !== undefined) {
        if (screen === 'phone') await page.setViewportSize({ width: 390, height: 780 });
        await page.screenshot({ path: join(pictures, `${name}-${screen}-${colorScheme}.png`), fullPage: true });
      }
    }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: null });
  await page.setViewportSize(screens.desktop);
}
