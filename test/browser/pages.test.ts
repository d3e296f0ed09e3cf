import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { invite } from '../../src/app/invitations';
import { addTenant } from '../../src/app/tenants';
import { compose } from '../../src/composition';
import type { Connector } from '../../src/composition';
import { startStack } from '../local/stack';
import type { Stack } from '../local/stack';
import { startChromium } from '../support/chromium';
import { prospect } from '../support/webStack';

jest.setTimeout(240_000);

const { signal } = new AbortController();
const screens = { desktop: { width: 1280, height: 800 }, phone: { width: 320, height: 640 } } as const;
/** Where pictures for the documents go, when they are asked for. */
const pictures = process.env['PICTURES'];

const customers = [
  prospect(1, { name: 'Blue Yonder Airlines', activity: 'steady' }),
  prospect(2, { name: 'Datum Corporation', activity: 'steady' }),
  prospect(3, { name: 'Coho Vineyard', activity: 'steady' }),
  prospect(4, { name: 'Litware', activity: 'steady' }),
  prospect(5, { name: '<img src=x onerror=alert(1)>', mood: 'auditOff' }),
];
let folder: string;
let stack: Stack;
let stores: Connector;
let browser: Browser;
const opened: BrowserContext[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'browser-'));
  // `npm test` builds the connector first.
  stack = await startStack({
    folder,
    seed: 7,
    tenants: customers,
    settings: { POLL_SHORTEST_SECONDS: '2', POLL_LONGEST_SECONDS: '8' },
  });
  stores = compose(stack.environment, { log: () => undefined });
  stack.microsoft365?.backfill(24, { maxRecordsPerTenant: 200 });
  stack.microsoft365?.startGenerating(1_000);
  const troubled = prospect(5);
  await addTenant(
    stores.tenantPorts,
    {
      tenant: troubled.tenantId,
      clientId: troubled.clientId,
      secret: troubled.secret,
      cloud: 'custom',
      name: '<img src=x onerror=alert(1)>',
      description: undefined,
      integrations: undefined,
      stampName: undefined,
    },
    () => undefined,
    signal,
  );
  await stack.startConnector();
  browser = await startChromium();
});
afterAll(async () => {
  await browser.close();
  await stores.stop();
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  for (const context of opened.splice(0)) await context.close();
});

/** A page that must not say anything in the console: a refused script or style would. */
async function newPage(options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: screens.desktop, ...options });
  opened.push(context);
  const page = await context.newPage();
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && page.url().startsWith(stack.publicUrl) && !/status of 4\d\d/.test(message.text()))
      troubles.push(message.text());
  });
  return page;
}
const troubles: string[] = [];

async function link(customer: string): Promise<string> {
  return `${stack.publicUrl}/onboard/${(await invite(stores.onboardPorts, { customer, createdBy: 'test' }, signal)).token}`;
}

/** What axe answers, as far as it is told. */
interface Found {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

/** What axe finds wrong with the page, in light and dark; and whether it scrolls sideways on a phone. */
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

async function untilConnected(page: Page, customer: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name: `${customer} is connected` }).waitFor({ timeout: 90_000 });
}

describe('a customer’s administrator', () => {
  it('connects by consent in three clicks, and sees records arrive in under two minutes', async () => {
    const page = await newPage();
    const startedAt = Date.now();
    await page.goto(await link('Blue Yonder Airlines'));
    await inspect(page, 'choose');

    await page.getByRole('button', { name: 'Continue' }).click();
    await page
      .getByRole('button', { name: /^admin@/ })
      .first()
      .click();
    await page.getByRole('button', { name: 'Accept' }).click();
    await page.getByRole('heading', { level: 1, name: 'Connecting Blue Yonder Airlines' }).waitFor();
    await untilConnected(page, 'Blue Yonder Airlines');
    await page.getByText(/records have arrived so far/).waitFor({ timeout: 60_000 });

    expect(Date.now() - startedAt).toBeLessThan(120_000);
    await inspect(page, 'connected');
    expect(troubles.splice(0)).toEqual([]);
  });

  it('has an application made with the keyboard alone', async () => {
    const page = await newPage();
    await page.goto(await link('Datum Corporation'));
    // From the last integration, which has no list of permissions, to the ways, then with an arrow to the second one.
    await page.getByRole('checkbox', { name: 'Evidence' }).focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowDown');
    expect(await page.getByRole('radio', { name: /made in your own tenant/ }).isChecked()).toBe(true);
    await page.keyboard.press('Enter');
    await page.waitForURL(/authorize/);
    await page.getByRole('button', { name: /^admin@datumcorporation/ }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Accept' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/onboarding\//);
    await inspect(page, 'progress');
    await untilConnected(page, 'Datum Corporation');

    expect(troubles.splice(0)).toEqual([]);
  });

  it('connects an application of their own without script', async () => {
    const page = await newPage({ javaScriptEnabled: false });
    const { tenantId, clientId, secret } = prospect(3);
    await page.goto(await link('Coho Vineyard'));
    await page.getByRole('radio', { name: /made yourself/ }).check();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('With a script, for the Azure CLI').click();
    await page.getByLabel('Tenant ID').fill(tenantId);
    await page.getByLabel('Application (client) ID').fill(clientId);
    await page.getByLabel('Client secret, its Value').fill(secret);
    await page.getByRole('button', { name: 'Connect' }).click();

    // Without script the browser itself asks again, every few seconds.
    await untilConnected(page, 'Coho Vineyard');
  });

  it('is shown the steps and the script for an application of their own', async () => {
    const page = await newPage();
    await page.goto(await link('Litware'));
    await page.getByRole('radio', { name: /made yourself/ }).check();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('By hand, in the Entra admin center').click();
    await page.getByText('With a script, for the Azure CLI').click();

    expect(await page.locator('#script').textContent()).toContain('add c5393580-f805-4401-95e8-94b7a6ef2fc2 ActivityFeed.Read');
    await inspect(page, 'own-application');
    await page.getByLabel('Tenant ID').fill('contoso');
    await page.getByLabel('Application (client) ID').fill('x');
    await page.getByLabel('Client secret, its Value').fill('y');
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.getByRole('alert').waitFor();
    await inspect(page, 'own-application-wrong');
    expect(troubles.splice(0)).toEqual([]);
  });

  it('is told why, when it did not work, and tries again', async () => {
    const page = await newPage();
    await page.goto(await link('Litware'));
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: /^admin@litware/ }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('alert').waitFor();
    await inspect(page, 'declined');
    await page.getByRole('button', { name: 'Go to Microsoft and accept' }).click();
    await page.getByRole('button', { name: 'Accept' }).click();
    await untilConnected(page, 'Litware');

    expect(troubles.splice(0)).toEqual([]);
  });

  it('is told what is wrong with a link', async () => {
    const page = await newPage();
    for (const [address, words] of [
      [`${stack.publicUrl}/onboard/${'0'.repeat(64)}`, 'This link is not known'],
      [`${stack.publicUrl}/auth/callback`, 'This was not accepted'],
      [`${stack.publicUrl}/onboarding/${'0'.repeat(32)}`, 'Not found'],
    ] as const) {
      await page.goto(address);
      await page.getByRole('heading', { level: 1, name: words }).waitFor();
    }
    await inspect(page, 'not-found');
  });
});

describe('an operator', () => {
  it('sees where to look first, why, and what to do', async () => {
    const page = await newPage();
    await page.goto(stack.publicUrl);
    await page.getByRole('row', { name: /Blue Yonder/ }).waitFor();
    await page.getByText('Unified audit logging is off').waitFor({ timeout: 60_000 });
    await inspect(page, 'tenants');
    expect(await page.locator('img').count()).toBe(0);

    await page.getByLabel('Search').fill('yonder');
    await page.keyboard.press('Enter');
    await page.getByText('1 of 5 tenants. Show all').waitFor();
    await page.getByRole('link', { name: 'Blue Yonder Airlines' }).click();
    await page.getByRole('heading', { name: 'Coverage, last 48 hours' }).waitFor();
    await inspect(page, 'tenant');
    expect(troubles.splice(0)).toEqual([]);
  });

  it('pauses and resumes, sends a test record, and finds it in the history', async () => {
    const page = await newPage();
    await page.goto(`${stack.publicUrl}/tenants/${prospect(1).tenantId}`);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('status').getByText('Paused.').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('status').getByText('Collected again').waitFor();
    await page.getByRole('button', { name: 'Send a test record' }).click();
    await page.getByRole('status').getByText('A test record was sent').waitFor();
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'History' }).click();

    expect((await page.locator('tbody th').allTextContents()).map((text) => text.trim())).toEqual(
      expect.arrayContaining(['Test record sent', 'Resumed', 'Paused', 'Connected']),
    );
    await inspect(page, 'history');
    expect(troubles.splice(0)).toEqual([]);
  });

  it('invites a customer', async () => {
    const page = await newPage();
    await page.goto(`${stack.publicUrl}/invite`);
    await inspect(page, 'invite');
    await page.getByLabel('Name of the customer').fill('Fabrikam');
    await page.getByRole('button', { name: 'Make the link' }).click();
    const made = await page.locator('#link').textContent();
    await inspect(page, 'invitation');
    await page.goto(made ?? '');

    await page.getByRole('heading', { name: 'Connect Fabrikam' }).waitFor();
    expect(troubles.splice(0)).toEqual([]);
  });
});
