import type { Locator, Page } from 'playwright-core';
import { homeTenant } from '../local/provider';
import { startBrowserStand } from '../support/browserStand';
import type { BrowserStand } from '../support/browserStand';
import { prospect } from '../support/webStack';

jest.setTimeout(240_000);

const names = ['Blue Yonder Airlines', 'Datum Corporation', 'Coho Vineyard'] as const;
const mostStops = 80;
let stand: BrowserStand;
beforeAll(async () => {
  const prospects = names.map((name, index) => prospect(index + 1, { name, activity: 'steady' }));
  stand = await startBrowserStand([...prospects, { ...homeTenant, activity: 'steady' }]);
});
afterAll(async () => stand.stop());
afterEach(async () => stand.closePages());

/** Goes forward from where the focus is, as a person does, until something has it and shows that it has. */
async function reach(page: Page, wanted: Locator): Promise<void> {
  await wanted.waitFor();
  for (let stop = 0; stop < mostStops; stop += 1) {
    await page.keyboard.press('Tab');
    if ((await wanted.and(page.locator(':focus-visible')).count()) === 1) return;
  }
  throw new Error(`${String(wanted)} cannot be reached with the Tab key.`);
}

async function press(page: Page, button: string | RegExp): Promise<void> {
  await reach(page, page.getByRole('button', { name: button }).first());
  await page.keyboard.press('Enter');
}

async function type(page: Page, label: string, text: string): Promise<void> {
  await reach(page, page.getByLabel(label));
  await page.keyboard.type(text);
}

/** Unticks everything but the audit log: what is not of interest need not be collected. */
async function onlyAudit(page: Page): Promise<void> {
  const boxes = page.locator('input[name=integration]:not([value=office365Audit])');
  for (const box of await boxes.all()) {
    await reach(page, box);
    await page.keyboard.press('Space');
    expect(await box.isChecked()).toBe(false);
  }
}

/** Chooses a way in by the arrows, from the one that is chosen. */
async function choose(page: Page, way: RegExp): Promise<void> {
  const wanted = page.getByRole('radio', { name: way });
  await reach(page, page.locator('input[name=way]:checked'));
  for (let turn = 0; turn < 4 && !(await wanted.isChecked()); turn += 1) await page.keyboard.press('ArrowDown');
  expect(await wanted.isChecked()).toBe(true);
}

/** What there is to do after "Continue". */
type Rest = (page: Page) => Promise<void>;

const consent =
  (account: RegExp): Rest =>
  async (page) => {
    await press(page, account);
    await press(page, 'Accept');
  };

const giveApplication: Rest = async (page) => {
  const { tenantId, clientId, secret } = prospect(3);
  await type(page, 'Tenant ID', tenantId);
  await type(page, 'Application (client) ID', clientId);
  await type(page, 'Client secret, its Value', secret);
  await press(page, 'Connect');
};

const runCommand: Rest = async (page) => {
  const simulation = await stand.newPage();
  await simulation.goto(`${stand.microsoft.signInUrl}/`);
  await press(simulation, `Run the command for the managed identity: ${homeTenant.name}`);
  await simulation.getByRole('status').waitFor();
  await press(page, 'I ran it: connect');
};

describe('with the keyboard alone', () => {
  it.each<[string, string, RegExp, Rest]>([
    ['consents to the application of the provider', names[0], /^Consent to the application/, consent(/^admin@blueyonder/)],
    ['has an application made', names[1], /made in your own tenant/, consent(/^admin@datumcorporation/)],
    ['gives an application of their own', names[2], /made yourself/, giveApplication],
    ['lets the connector sign in as itself', homeTenant.name, /sign in as itself/, runCommand],
  ])('an administrator %s, and sees records arrive', async (_, customer, way, rest) => {
    const page = await stand.newPage();
    if (customer === homeTenant.name) {
      await page.goto(`${stand.stack.publicUrl}/invite`);
      await press(page, 'Connect your own organisation');
    } else {
      await page.goto(await stand.link(customer));
    }
    await page.getByRole('heading', { level: 1, name: `Connect ${customer}` }).waitFor();
    await onlyAudit(page);
    await choose(page, way);
    await press(page, 'Continue');
    await rest(page);

    await page.getByRole('heading', { level: 1, name: `${customer} is connected` }).waitFor({ timeout: 90_000 });
    await page.getByText(/records have arrived so far/).waitFor({ timeout: 60_000 });
    expect(stand.troubles.splice(0)).toEqual([]);
  });
});
