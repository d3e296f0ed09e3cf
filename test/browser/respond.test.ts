import type { Page } from 'playwright-core';
import { startBrowserStand } from '../support/browserStand';
import type { BrowserStand } from '../support/browserStand';
import { tenantNamed } from '../support/simulatedTenant';
import { prospect } from '../support/webStack';

jest.setTimeout(240_000);

const { signal } = new AbortController();
const contoso = prospect(1, { name: 'Contoso', activity: 'none', prospect: false });
let stand: BrowserStand;
beforeAll(async () => {
  stand = await startBrowserStand([contoso], async (stores) => {
    const { tenantId: id, clientId } = contoso;
    const row = { ...tenantNamed('Contoso'), id, clientId, cloud: 'custom', integrations: [] } as const;
    await stores.tenantPorts.tenants.save(row, undefined, signal);
  });
});
afterAll(async () => stand.stop());
afterEach(async () => {
  await stand.closePages();
  expect(stand.troubles.splice(0)).toEqual([]);
});

function objectOf(feed: 'users' | 'defenderMachines', wanted: (object: Readonly<Record<string, unknown>>) => boolean) {
  const { graph } = stand.microsoft;
  const store = graph.store(contoso.tenantId, feed);
  const objects = [...store.statesAt(graph.mark())].map((state) => store.parse(state));
  return objects.slice(feed === 'users' ? 3 : 0).find(wanted) ?? {};
}

async function look(page: Page, name: string, button: 'Find users' | 'Find devices'): Promise<void> {
  await page.goto(`${stand.stack.publicUrl}/tenants/${contoso.tenantId}`);
  await page.getByRole('link', { name: 'Act on a user or device' }).click();
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: button }).click();
}

async function until(page: Page, words: string): Promise<void> {
  await page.locator('main .state').first().getByText(words).waitFor();
}

describe('an operator', () => {
  it('finds a user, sees what would be done, has it done, and watches until it is verified', async () => {
    const page = await stand.newPage();
    const user = objectOf('users', (one) => one['accountEnabled'] === true && one['onPremisesSyncEnabled'] !== true);
    await look(page, String(user['displayName']), 'Find users');
    await stand.inspect(page, 'respond');
    await page.locator(`a[href$="${String(user['id'])}"]`).click();
    await page.getByRole('radio', { name: 'Contain user' }).check();
    await page.getByLabel('Why?').fill('Impossible travel');
    await stand.inspect(page, 'choose-action');
    await page.getByRole('button', { name: 'Say what would be done' }).click();
    await page.getByRole('heading', { name: 'This would be done' }).waitFor();
    expect(stand.microsoft.graph.response.of(contoso.tenantId).users.effects).toEqual([]);
    await page.getByRole('button', { name: 'Do it' }).click();
    await until(page, 'Verified');
    await stand.inspect(page, 'action');
    await stand.show(page, 'action');

    expect(stand.microsoft.graph.response.of(contoso.tenantId).users.isEnabled(String(user['id']))).toBe(false);
  });

  it('isolates a device with a second person, and releases it', async () => {
    const page = await stand.newPage();
    const machine = objectOf('defenderMachines', (one) => one['osPlatform'] === 'Windows11' && one['healthStatus'] === 'Active');
    const isIsolated = () => stand.microsoft.graph.response.of(contoso.tenantId).machines.isIsolated(String(machine['id']));
    await look(page, String(machine['computerDnsName']), 'Find devices');
    await page.locator(`a[href$="${String(machine['id'])}"]`).click();
    await page.getByRole('radio', { name: 'Isolate device (Full)' }).check();
    await page.getByLabel('Why?').fill('Ransomware');
    await page.getByRole('button', { name: 'Do it' }).click();
    await until(page, 'Waiting for approval');
    await stand.inspect(page, 'approval');
    await page.getByRole('button', { name: 'Approve as a second person' }).click();
    await until(page, 'Verified');
    expect(isIsolated()).toBe(true);

    await page.getByRole('link', { name: 'Undo it' }).click();
    await page.getByLabel('Why?').fill('All clear');
    await page.getByRole('button', { name: 'Do it' }).click();
    await until(page, 'Verified');
    expect(isIsolated()).toBe(false);
    await page.getByRole('link', { name: 'Actions', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Actions on users and devices' }).waitFor();
    await stand.inspect(page, 'actions');
  });
});
