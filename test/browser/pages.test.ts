import type { Page } from 'playwright-core';
import { addTenant } from '../../src/app/tenants';
import { startBrowserStand } from '../support/browserStand';
import type { BrowserStand } from '../support/browserStand';
import { prospect } from '../support/webStack';

jest.setTimeout(240_000);

const { signal } = new AbortController();
const customers = [
  prospect(1, { name: 'Blue Yonder Airlines', activity: 'steady' }),
  prospect(3, { name: 'Coho Vineyard', activity: 'steady' }),
  prospect(4, { name: 'Litware', activity: 'steady' }),
  prospect(5, { name: 'Tailspin Toys', mood: 'auditOff' }),
];
const troubled = prospect(5);
let stand: BrowserStand;
beforeAll(async () => {
  stand = await startBrowserStand(customers, async ({ tenantPorts }) => {
    const { tenantId: tenant, clientId, secret } = troubled;
    const words = { name: 'Tailspin Toys', description: '<img src=x onerror=alert(1)>' };
    const wanted = { tenant, clientId, secret, cloud: 'custom', ...words } as const;
    await addTenant(tenantPorts, { ...wanted, integrations: undefined, stampName: undefined }, () => undefined, signal);
  });
});
afterAll(async () => stand.stop());
afterEach(async () => stand.closePages());

/** Seconds that Microsoft takes to let everybody know of a consent. */
const consentSpreadsMs = 20_000;
const answerTakesMs = 80;

async function untilConnected(page: Page, customer: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name: `${customer} is connected` }).waitFor();
}

describe('a customer’s administrator', () => {
  it('connects by consent in three clicks, and sees records arrive in under two minutes, with the delays of Microsoft', async () => {
    const { settings, identity } = stand.microsoft;
    settings.latencyMs = answerTakesMs;
    const directory = identity.applicationsOf(prospect(1).tenantId);
    directory.delayMs = consentSpreadsMs;
    const page = await stand.newPage();
    let clicks = 0;
    const click = async (button: ReturnType<Page['getByRole']>): Promise<void> => {
      clicks += 1;
      await button.click();
    };
    const address = await stand.link('Blue Yonder Airlines');
    await page.goto(address);
    await stand.inspect(page, 'choose');
    await stand.show(page, 'choose');

    const startedAt = Date.now();
    await page.goto(address);
    await click(page.getByRole('button', { name: 'Continue' }));
    await click(page.getByRole('button', { name: /^admin@/ }).first());
    await click(page.getByRole('button', { name: 'Accept' }));
    await page.getByRole('heading', { level: 1, name: 'Connecting Blue Yonder Airlines' }).waitFor();
    await page.getByText('What you just agreed to is on its way').waitFor();
    await stand.show(page, 'progress');
    await untilConnected(page, 'Blue Yonder Airlines');
    await page.getByText(/records have arrived so far/).waitFor();
    const seconds = (Date.now() - startedAt) / 1_000;
    settings.latencyMs = 0;
    directory.delayMs = 0;

    expect([clicks <= 5, seconds > consentSpreadsMs / 1_000, seconds < 120]).toEqual([true, true, true]);
    expect([...stand.stack.hubs.read('m365-audit')].length).toBeGreaterThan(0);
    await stand.inspect(page, 'connected');
    await stand.show(page, 'connected');
    expect(stand.troubles.splice(0)).toEqual([]);
  });

  it('connects an application of their own without script', async () => {
    const page = await stand.newPage({ javaScriptEnabled: false });
    const { tenantId, clientId, secret } = prospect(3);
    await page.goto(await stand.link('Coho Vineyard'));
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
    const page = await stand.newPage();
    await page.goto(await stand.link('Litware'));
    await page.getByRole('radio', { name: /made yourself/ }).check();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('By hand, in the Entra admin center').click();
    await page.getByText('With a script, for the Azure CLI').click();

    expect(await page.locator('#script').textContent()).toContain('add c5393580-f805-4401-95e8-94b7a6ef2fc2 ActivityFeed.Read');
    await stand.inspect(page, 'own-application');
    await page.getByLabel('Tenant ID').fill('contoso');
    await page.getByLabel('Application (client) ID').fill('x');
    await page.getByLabel('Client secret, its Value').fill('y');
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.getByRole('alert').waitFor();
    await stand.inspect(page, 'own-application-wrong');
    expect(stand.troubles.splice(0)).toEqual([]);
  });

  it('is told why, when it did not work, and tries again', async () => {
    const page = await stand.newPage();
    await page.goto(await stand.link('Litware'));
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: /^admin@litware/ }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('alert').waitFor();
    await stand.inspect(page, 'declined');
    await page.getByRole('button', { name: 'Go to Microsoft and accept' }).click();
    await page.getByRole('button', { name: 'Accept' }).click();
    await untilConnected(page, 'Litware');

    expect(stand.troubles.splice(0)).toEqual([]);
  });

  it('is told what is wrong with a link', async () => {
    const page = await stand.newPage();
    for (const [address, words] of [
      [`${stand.stack.publicUrl}/onboard/${'0'.repeat(64)}`, 'This link is not known'],
      [`${stand.stack.publicUrl}/auth/callback`, 'This was not accepted'],
      [`${stand.stack.publicUrl}/onboarding/${'0'.repeat(32)}`, 'Not found'],
    ] as const) {
      await page.goto(address);
      await page.getByRole('heading', { level: 1, name: words }).waitFor();
    }
    await stand.inspect(page, 'not-found');
  });
});

describe('an operator', () => {
  it('sees where to look first, why, and what to do', async () => {
    const page = await stand.newPage();
    await page.goto(stand.stack.publicUrl);
    await page.getByRole('row', { name: /Blue Yonder/ }).waitFor();
    await page.getByText('Unified audit logging is off').waitFor();
    await stand.inspect(page, 'tenants');
    await stand.show(page, 'tenants');
    await page.goto(`${stand.stack.publicUrl}/tenants/${troubled.tenantId}`);
    await page.getByText('<img src=x onerror=alert(1)>').waitFor();
    expect(await page.locator('img').count()).toBe(0);
    await page.goto(stand.stack.publicUrl);

    await page.getByLabel('Search').fill('yonder');
    await page.keyboard.press('Enter');
    await page.getByText('1 of 4 tenants. Show all').waitFor();
    await page.getByRole('link', { name: 'Blue Yonder Airlines' }).click();
    await page.getByRole('heading', { name: 'Coverage, last 48 hours' }).waitFor();
    await stand.inspect(page, 'tenant');
    await stand.show(page, 'tenant');
    await page.evaluate('document.getElementById("coverage").scrollIntoView()');
    await stand.show(page, 'coverage');
    expect(stand.troubles.splice(0)).toEqual([]);
  });

  it('pauses and resumes, sends a test record, and finds it in the history', async () => {
    const page = await stand.newPage();
    await page.goto(`${stand.stack.publicUrl}/tenants/${prospect(1).tenantId}`);
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
    await stand.inspect(page, 'history');
    expect(stand.troubles.splice(0)).toEqual([]);
  });

  it('invites a customer', async () => {
    const page = await stand.newPage();
    await page.goto(`${stand.stack.publicUrl}/invite`);
    await stand.inspect(page, 'invite');
    await page.getByLabel('Name of the customer').fill('Fabrikam');
    await page.getByRole('button', { name: 'Make the link' }).click();
    const made = await page.locator('#link').textContent();
    await stand.inspect(page, 'invitation');
    await page.goto(made ?? '');

    await page.getByRole('heading', { name: 'Connect Fabrikam' }).waitFor();
    expect(stand.troubles.splice(0)).toEqual([]);
  });
});
