import type { Page } from 'playwright-core';
import { selfSignedCertificate } from '../../src/microsoft/selfSignedCertificate';
import { home, homeTenant } from '../local/provider';
import { startBrowserStand } from '../support/browserStand';
import type { BrowserStand } from '../support/browserStand';
import { prospect } from '../support/webStack';

jest.setTimeout(240_000);

const [yonder, datum, coho, litware] = ['Blue Yonder Airlines', 'Datum Corporation', 'Coho Vineyard', 'Litware'] as const;
let stand: BrowserStand;
beforeAll(async () => {
  const prospects = [yonder, datum, coho, litware].map((name, index) => prospect(index + 1, { name, activity: 'steady' }));
  stand = await startBrowserStand([...prospects, { ...homeTenant, activity: 'steady' }]);
});
afterAll(async () => stand.stop());
afterEach(async () => {
  await stand.closePages();
  expect(stand.troubles.splice(0)).toEqual([]);
});

/** Ticks the audit log alone: what is not of interest need not be collected. */
async function onlyAudit(page: Page): Promise<void> {
  const boxes = page.locator('input[name=integration]');
  for (const box of await boxes.all()) if ((await box.getAttribute('value')) !== 'office365Audit') await box.uncheck();
}

async function untilConnected(page: Page, customer: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name: `${customer} is connected` }).waitFor();
  await page.getByText(/records have arrived so far/).waitFor();
}

async function connect(customer: string): Promise<void> {
  const page = await stand.newPage();
  await page.goto(await stand.link(customer));
  await onlyAudit(page);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page
    .getByRole('button', { name: new RegExp(`^admin@${customer.toLowerCase().replaceAll(' ', '')}`) })
    .first()
    .click();
  await page.getByRole('button', { name: 'Accept' }).click();
  await untilConnected(page, customer);
}

/** Presses a button of the simulation's own page. */
async function press(button: string): Promise<void> {
  const page = await stand.newPage();
  await page.goto(`${stand.microsoft.signInUrl}/`);
  await page.getByRole('button', { name: button }).click();
  await page.getByRole('status').waitFor();
  await page.close();
}

const pageOf = (digit: number): string => `${stand.stack.publicUrl}/tenants/${prospect(digit).tenantId}`;

/** Has a tenant collected at once, then waits until its page, which renews itself, says so in its first lines. */
async function untilSaid(page: Page, digit: number, words: RegExp): Promise<void> {
  await page.goto(pageOf(digit));
  await page.getByRole('button', { name: 'Collect now' }).click();
  await page.getByRole('status').getByText('collected now').waitFor();
  await page.goto(pageOf(digit));
  await page.locator('main .lead, main > p .state').filter({ hasText: words }).first().waitFor();
}

describe('a newcomer breaks a simulated customer and mends it', () => {
  it('withdraws its consent: the page asks for a consent link, and heals when it is given back', async () => {
    await connect(yonder);
    await press(`Withdraw the consent: ${yonder}`);
    const page = await stand.newPage();

    await untilSaid(page, 1, /Needs attention/);
    await page
      .getByText(/has not given consent|not known in the tenant|AADSTS(700016|65001)/)
      .first()
      .waitFor();
    await stand.show(page, 'broken-consent');
    await page.goto(stand.stack.publicUrl);
    await page.getByRole('button', { name: new RegExp(`Ask for consent.*${yonder}`) }).click();
    await page.getByRole('heading', { name: `Send this link to ${yonder}` }).waitFor();
    await press(`Give the consent back: ${yonder}`);

    await untilSaid(page, 1, /Collecting|Catching up/);
  });

  it('lets the secret of its own application expire: the page takes a new one, and heals', async () => {
    const { tenantId, clientId, secret } = prospect(2);
    const page = await stand.newPage();
    await page.goto(await stand.link(datum));
    await onlyAudit(page);
    await page.getByRole('radio', { name: /made yourself/ }).check();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByLabel('Tenant ID').fill(tenantId);
    await page.getByLabel('Application (client) ID').fill(clientId);
    await page.getByLabel('Client secret, its Value').fill(secret);
    await page.getByRole('button', { name: 'Connect' }).click();
    await untilConnected(page, datum);
    await press(`Let the secret expire: ${datum}`);

    await untilSaid(page, 2, /Needs attention/);
    await page
      .getByText(/secret has expired|expired/)
      .first()
      .waitFor();
    await page.goto(`${stand.microsoft.signInUrl}/`);
    await page.getByRole('button', { name: `Make one: ${datum}` }).click();
    const value = /fake-new-secret\S+/.exec((await page.getByRole('status').textContent()) ?? '')?.[0] ?? '';
    await page.goto(stand.stack.publicUrl);
    await page.getByRole('link', { name: new RegExp(`Give a new secret.*${datum}`) }).click();
    await page.getByText('Give another secret or certificate').click();
    await page.getByLabel('Client secret, its Value').fill(value);
    await page.getByRole('button', { name: 'Try it, and use it' }).click();
    await page.getByRole('status').getByText('It works, and is used from now on.').waitFor();

    await untilSaid(page, 2, /Collecting|Catching up/);
    expect(await page.content()).not.toContain(value);
  });

  it('takes its licence away: what it leaves out is named, and comes back with it', async () => {
    const page = await stand.newPage();
    await page.goto(pageOf(1));
    await page.getByLabel('Defender XDR', { exact: true }).check();
    await page.getByLabel('How often: Defender XDR').selectOption('Every minute');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('status').getByText('Saved.').waitFor();
    const alerts = page.getByRole('row', { name: /Security alerts/ }).first();
    await page.goto(pageOf(1));
    await alerts.getByText(/Collecting|Catching up/).waitFor();

    await press(`Take the licence away: ${yonder}`);
    await untilSaid(page, 1, /Collecting|Catching up/);
    await alerts.getByText('Not available').waitFor();
    expect(await alerts.textContent()).toMatch(/Not licensed|Not set up/);
    await press(`Give the licence back: ${yonder}`);
    await untilSaid(page, 1, /Collecting|Catching up/);
    await alerts.getByText('Collecting').waitFor();
  });

  it('sees what can be broken', async () => {
    const page = await stand.newPage();
    await page.goto(`${stand.microsoft.signInUrl}/`);
    await page.getByRole('heading', { name: 'Simulated Microsoft 365' }).waitFor();
    await stand.inspect(page, 'simulation');
    await stand.show(page, 'simulation');
  });
});

describe('other ways in', () => {
  it('connects the home tenant by managed identity, with one command and no secret', async () => {
    const page = await stand.newPage();
    await page.goto(`${stand.stack.publicUrl}/invite`);
    await page.getByRole('button', { name: 'Connect your own organisation' }).click();
    await onlyAudit(page);
    expect(await page.getByRole('radio', { name: /sign in as itself/ }).isChecked()).toBe(true);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText(`az ad sp show --id ${home.clientId}`).waitFor();
    await stand.inspect(page, 'managed-identity');
    await stand.show(page, 'managed-identity');
    await press('Run the command for the managed identity: Contoso Security Operations');
    await page.getByRole('button', { name: 'I ran it: connect' }).click();

    await untilConnected(page, 'Contoso Security Operations');
    await page.goto(`${stand.stack.publicUrl}/tenants/${home.tenantId}`);
    await page.getByText('Never expires.').waitFor();
  });

  it('connects an application of their own by certificate, taken from a file', async () => {
    const { tenantId, clientId } = prospect(3);
    const dayMs = 86_400_000;
    const times = { from: new Date(Date.now() - dayMs), to: new Date(Date.now() + 90 * dayMs) };
    const pem = await selfSignedCertificate({ name: 'own', ...times });
    const [body] = /-----BEGIN CERTIFICATE-----[^-]+/.exec(pem) ?? [''];
    stand.microsoft.tenant(tenantId).application.addKey(body.replace(/-----BEGIN CERTIFICATE-----|\s/g, ''), 'own');
    const page = await stand.newPage();
    await page.goto(await stand.link(coho));
    await onlyAudit(page);
    await page.getByRole('radio', { name: /made yourself/ }).check();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByLabel('Tenant ID').fill(tenantId);
    await page.getByLabel('Application (client) ID').fill(clientId);
    await page
      .getByLabel('Take it from a file')
      .setInputFiles({ name: 'own.pem', mimeType: 'text/plain', buffer: Buffer.from(pem) });
    // The page reads the file by itself, a moment later.
    await page.waitForFunction(`document.getElementById('certificate').value !== ''`);
    await expect(page.getByLabel('Or a certificate').inputValue()).resolves.toBe(pem);
    await page.getByRole('button', { name: 'Connect' }).click();

    await untilConnected(page, coho);
    await page.goto(pageOf(3));
    await page.getByText('Certificate', { exact: true }).waitFor();
  });
});

describe('a sign-in that does not work', () => {
  const domain = 'litware.onmicrosoft.com';

  async function atMicrosoft(account: string, way?: RegExp, invitation?: Promise<string>): Promise<Page> {
    const page = await stand.newPage();
    await page.goto(await (invitation ?? stand.link(litware)));
    if (way !== undefined) await page.getByRole('radio', { name: way }).check();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: account }).click();
    return page;
  }

  it.each<[string, string, string, RegExp]>([
    [
      'a role that may not consent',
      `helpdesk@${domain}`,
      'Return to the application without granting consent',
      /may not give consent/,
    ],
    ['consent that is declined', `admin@${domain}`, 'Cancel', /chose not to accept/],
    ['a second factor that is not given', `nophone@${domain}`, '', /second factor/],
    ['a personal account', 'somebody@outlook.example', '', /personal/i],
  ])('says what to do about %s', async (_, account, button, words) => {
    const page = await atMicrosoft(account);
    if (button !== '') await page.getByRole('button', { name: button }).click();

    await page.getByRole('alert').filter({ hasText: words }).waitFor();
    await stand.inspect(page, 'refused');
    await page.getByRole('button', { name: /^Go to Microsoft/ }).waitFor();
  });

  it('says what to check when Microsoft never comes back, as with Conditional Access', async () => {
    const page = await atMicrosoft(`travelling@${domain}`);
    await page.getByText('AADSTS53003').waitFor();
    await stand.show(page, 'never-back');
    await page.goBack();
    await page.goBack();
    await page.getByText('Microsoft showed an error and did not bring you back?').click();

    await page.getByText('May the account consent?').waitFor();
  });

  it('refuses another organisation than the one that was invited', async () => {
    const page = await atMicrosoft(`admin@${domain}`, undefined, stand.link(coho, prospect(3).tenantId));

    await page.getByRole('alert').waitFor();
    await stand.inspect(page, 'other-tenant');
  });
});
