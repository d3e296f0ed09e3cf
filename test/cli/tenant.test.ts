import { recordsInBody } from '../../src/domain/eventRecords';
import type { ContentType, SimulatedTenant } from '../local/microsoft365/tenant';
import { runCommand, startCommandStack } from './commandStack';
import type { CommandStack, Ran } from './commandStack';

const id = (digit: number): string => `${String(digit).repeat(8)}-1111-4111-8111-111111111111`;

function simulated(digit: number, name: string, changes: Partial<SimulatedTenant> = {}): SimulatedTenant {
  const secret = `fake-secret-${name}~123`;
  return { tenantId: id(digit), name, clientId: id(9), secret, mood: 'steady', activity: 'none', ...changes };
}

const contoso = simulated(1, 'Contoso');
const fabrikam = simulated(2, 'Fabrikam');
const expired = simulated(3, 'Expired', { mood: 'secretExpired' });
const unprivileged = simulated(4, 'Unprivileged', { mood: 'noPermission' });
const litware = simulated(5, 'Litware');

let stack: CommandStack;
beforeAll(async () => {
  stack = await startCommandStack([contoso, fabrikam, expired, unprivileged, litware]);
});
afterAll(async () => stack.stop());

const addWords = (tenant: SimulatedTenant, ...more: readonly string[]): string[] => [
  ...['add', '--tenant-id', tenant.tenantId, '--client-id', tenant.clientId, ...more],
];

/** Adds a tenant with the audit log alone unless told otherwise: its records are what these tests publish. */
async function add(tenant: SimulatedTenant, ...more: readonly string[]): Promise<Ran> {
  const chosen = more.includes('--integrations') ? [] : ['--integrations', 'office365Audit'];
  return stack.tenant(addWords(tenant, '--name', tenant.name, '--json', ...chosen, ...more), { input: `${tenant.secret}\n` });
}

async function namesOf(): Promise<unknown[]> {
  const { tenants } = (await stack.tenant(['list', '--json'])).json() as {
    readonly tenants: readonly { readonly name: unknown }[];
  };
  return tenants.map(({ name }) => name);
}

/** Makes one record available, a minute ago: the second that is going on is not listed yet. */
function publish({ tenantId }: SimulatedTenant, contentType: ContentType, id: string): void {
  const record = `{"Id":"${id}","CreationTime":"2026-11-22T10:00:00","Operation":"Send"}`;
  stack.stack.microsoft365?.publish(tenantId, contentType, [record], { contentCreated: new Date(Date.now() - 60_000) });
}

/** The records of a hub. */
function recordsOf(hub: string): Readonly<Record<string, unknown>>[] {
  return [...stack.stack.hubs.read(hub)].flatMap(({ body }) =>
    recordsInBody(body, []).map(({ json }) => JSON.parse(json.toString()) as Readonly<Record<string, unknown>>),
  );
}

describe('tenant', () => {
  it('lists nothing at first, and says how to begin', async () => {
    const json = await stack.tenant(['list', '--json']);
    const text = await stack.tenant(['list']);

    expect([json.code, json.json()]).toEqual([0, { ok: true, tenants: [] }]);
    expect([text.code, text.stdout]).toEqual([0, 'No tenants yet. Add one: npm run tenant -- add --help\n']);
  });

  it('makes a link for a customer, and asks whose it is to be', async () => {
    const made = (await stack.tenant(['invite', 'Wide World Importers', '--json'])).json();
    const nobody = await stack.tenant(['invite', '--json']);

    expect(made).toMatchObject({ ok: true, customer: 'Wide World Importers' });
    expect(made['link']).toMatch(new RegExp(`^${stack.stack.publicUrl}/onboard/[0-9a-f]{64}$`));
    expect([nobody.code, nobody.json()]).toEqual([2, expect.objectContaining({ ok: false, error: 'Whose link is it to be?' })]);
  });

  it('adds a tenant without a terminal, finds its cloud, collects it and explains how it is', async () => {
    publish(contoso, 'Audit.Exchange', 'a');

    const added = await add(contoso, '--description', 'The first', '--integrations', 'office365Audit=60s');
    await stack.collect();
    const list = (await stack.tenant(['list', '--json'])).json();
    const show = await stack.tenant(['show', 'contoso']);
    const doctor = await stack.tenant(['doctor', 'CONTOSO', '--json']);
    const words = await stack.tenant(['doctor', contoso.tenantId.toUpperCase()]);

    expect(added.code).toBe(0);
    expect(added.json()).toMatchObject({
      ...{ ok: true, tenantId: contoso.tenantId, name: 'Contoso', cloud: 'custom', added: true, missingPermissions: [] },
      integrations: [{ id: 'office365Audit', polling: 'every 60 s' }],
    });
    expect(added.stderr).toContain('Signing in as the application …');
    expect(list).toMatchObject({ tenants: [{ name: 'Contoso', state: 'Collecting', records: 1, gaps: 0 }] });
    expect(show.stdout).toMatch(/Description +The first\n/);
    expect(doctor.json()).toMatchObject({ ok: true });
    const exchange = (doctor.json()['sources'] as readonly Readonly<Record<string, unknown>>[]).find(
      ({ source }) => source === 'activity.exchange',
    );
    expect(exchange).toMatchObject({ state: 'collecting', lastDay: { units: 1, delivered: 1, lost: 0, records: 1 } });
    expect(words.stdout).toContain('1 of 1 content blobs of the last 24 hours delivered, 1 records. Nothing missing.');
    for (const line of words.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    for (const { stdout, stderr } of [added, show, doctor, words]) expect(stdout + stderr).not.toContain(contoso.secret);
  });

  it('takes a tenant by its domain, and knows it again by its id in upper case', async () => {
    const first = await stack.tenant(
      ['add', '--tenant-id', 'fabrikam.onmicrosoft.com', '--client-id', fabrikam.clientId, '--json'],
      {
        input: fabrikam.secret,
      },
    );
    const again = await stack.tenant(
      ['add', '--tenant-id', fabrikam.tenantId.toUpperCase(), '--client-id', fabrikam.clientId, '--name', 'Fabrikam', '--json'],
      { input: fabrikam.secret },
    );

    expect(first.json()).toMatchObject({ tenantId: fabrikam.tenantId, added: true, name: 'fabrikam.onmicrosoft.com' });
    expect(again.json()).toMatchObject({ tenantId: fabrikam.tenantId, added: false, name: 'Fabrikam' });
    expect((await namesOf()).filter((name) => name === 'Fabrikam')).toHaveLength(1);
  });

  it('stamps the name on every record when asked', async () => {
    await add(fabrikam, '--stamp-name');
    publish(fabrikam, 'Audit.General', 'stamped');
    await stack.collect();

    const records = recordsOf('m365-audit');

    expect(records.find((record) => record['id'] === 'stamped')).toMatchObject({
      tenantId: fabrikam.tenantId,
      tenantName: 'Fabrikam',
    });
    expect(records.find((record) => record['id'] === 'a')).not.toHaveProperty('tenantName');
  });

  it('adds a tenant whose application lacks a permission, and says which', async () => {
    const json = await add(unprivileged);
    const text = await stack.tenant(addWords(unprivileged), { input: unprivileged.secret });
    await stack.collect();
    const doctor = await stack.tenant(['doctor', 'Unprivileged']);

    expect([json.code, json.json()['missingPermissions']]).toEqual([0, ['ActivityFeed.Read']]);
    expect(text.stdout).toContain('The application still lacks: ActivityFeed.Read.');
    expect(doctor.stdout).toMatch(/activity\.exchange +Needs attention/);
    expect(doctor.stdout).toContain('lacks the permission ActivityFeed.Read');
  });

  it('says what Microsoft says about an expired secret, with exit code 1, and adds nothing', async () => {
    const ran = await add(expired);

    expect(ran.code).toBe(1);
    expect(ran.json()).toEqual({
      ok: false,
      error: 'Microsoft refuses the client secret: it has expired. [AADSTS7000222]',
      nextStep: expect.stringContaining('Create a new client secret') as string,
    });
    expect(await namesOf()).not.toContain('Expired');
  });

  it('waits for a secret that was made a moment ago, and says so', async () => {
    stack.stack.microsoft365?.tenant(litware.tenantId).setSecret(litware.secret, { acceptedAfterMs: 2_000 });

    const ran = await add(litware);

    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain('Microsoft does not accept the secret yet.');
  });

  it.each<[string, readonly string[], string, string]>([
    ["a secret's id", addWords(contoso), id(7), "You pasted the secret's ID."],
    ['an empty standard input', addWords(contoso), '', 'No secret was given.'],
    ['two lines', addWords(contoso), 'one\ntwo\n', 'several lines'],
    ['personal accounts', addWords({ ...contoso, tenantId: '9188040d-6c67-4c5b-b112-36a304b66dad' }), 'x', 'not an organisation'],
    ['an unknown cloud', addWords(contoso, '--cloud', 'mars'), 'x', 'There is no such cloud.'],
    ['an unknown integration', addWords(contoso, '--integrations', 'office365Audit,nothing'), 'x', 'no such integration'],
    ['a doubled integration', addWords(contoso, '--integrations', 'office365Audit,office365Audit=60s'), 'x', 'named twice'],
    ['no interval', addWords(contoso, '--integrations', 'office365Audit='), 'x', 'polling interval'],
    ['an interval below 1 s', addWords(contoso, '--interval', '0s'), 'x', 'polling interval'],
    ['an interval above 24 h', addWords(contoso, '--interval', '25h'), 'x', 'polling interval'],
    ['an interval that is none', addWords(contoso, '--interval', 'often'), 'x', 'polling interval'],
    ['contradictory options', addWords(contoso, '--stamp-name', '--no-stamp-name'), 'x', 'contradict'],
    ['no client id', ['add', '--tenant-id', contoso.tenantId], 'x', '--client-id is missing.'],
    ['no tenant id', ['add', '--client-id', contoso.clientId], 'x', '--tenant-id is missing.'],
    ['an unknown option', ['list', '--nonsense'], '', '--nonsense'],
    ['an option of another command', ['list', '--yes'], '', '--yes is not an option of list.'],
    ['an unknown command', ['constructor'], '', 'There is no command "constructor".'],
    ['a word too many', ['pause', 'Contoso', 'Fabrikam'], '', '"Fabrikam" is one word too many.'],
    ['no tenant', ['doctor'], '', 'Which tenant?'],
    ['a tenant nobody knows', ['show', 'Nobody'], '', 'There is no tenant "Nobody".'],
    ['removing without --yes', ['remove', 'Contoso'], '', 'deletes its secret'],
  ])('refuses %s in words and in JSON, with exit code 2', async (_, words, input, error) => {
    const [json, text] = await Promise.all([stack.tenant([...words, '--json'], { input }), stack.tenant(words, { input })]);

    expect([json.code, text.code]).toEqual([2, 2]);
    expect(json.json()).toMatchObject({ ok: false, error: expect.stringContaining(error) as string });
    expect(String(json.json()['nextStep']).length).toBeGreaterThan(5);
    expect(text.stdout).toBe('');
    expect(text.stderr).toContain(error);
    expect(text.stderr).not.toContain('    at ');
  });

  it('keeps the interval between 1 s and 24 h, or off', async () => {
    const intervals = ['1s', '24h', '90', '5m', 'disabled', 'adaptive'];

    const added = await Promise.all(intervals.map(async (interval) => add({ ...contoso }, '--interval', interval)));

    expect(
      added.map((ran) => (ran.json()['integrations'] as readonly { readonly polling: string }[])[0]?.polling).sort(),
    ).toEqual(['every 1 s', 'every 86400 s', 'every 90 s', 'every 300 s', 'disabled', 'adaptive'].sort());
  });

  it('collects a tenant whose polling is disabled only when it is told to', async () => {
    await add(contoso, '--interval', 'disabled');
    // What was due before is still done.
    await stack.collect();
    publish(contoso, 'Audit.Exchange', 'onRequest');
    await stack.collect();
    const before = recordsOf('m365-audit').some((record) => record['id'] === 'onRequest');

    const synced = await stack.tenant(['sync', 'Contoso', '--json']);
    await stack.collect();

    expect(before).toBe(false);
    expect(synced.json()).toMatchObject({ ok: true, sources: 5 });
    expect(recordsOf('m365-audit').filter((record) => record['id'] === 'onRequest')).toHaveLength(1);
    expect((await stack.tenant(['list'])).stdout).toMatch(/Contoso +Disabled/);
  });

  it('pauses, refuses to sync meanwhile, and back-fills when it is resumed', async () => {
    await add(contoso, '--interval', '1s');
    const paused = await stack.tenant(['pause', 'Contoso', '--json']);
    publish(contoso, 'DLP.All', 'meanwhile');
    await stack.collect();
    const refused = await stack.tenant(['sync', 'Contoso', '--json']);
    const before = recordsOf('m365-audit').some((record) => record['id'] === 'meanwhile');

    const resumed = await stack.tenant(['resume', 'Contoso', '--json']);
    await stack.collect();

    expect([paused.json()['status'], resumed.json()['status'], before]).toEqual(['paused', 'active', false]);
    expect([refused.code, refused.json()['error']]).toEqual([2, 'Contoso is paused.']);
    expect(recordsOf('m365-audit').filter((record) => record['id'] === 'meanwhile')).toHaveLength(1);
  });

  it('sends a test record that is easy to find, once in every hub of the tenant', async () => {
    const json = (await stack.tenant(['test', 'Contoso', '--json'])).json();
    const text = await stack.tenant(['test', 'Contoso']);

    expect(json).toMatchObject({ ok: true, category: 'M365Connector.Test', hubs: ['m365-audit', 'm365-operations'] });
    for (const hub of json['hubs'] as readonly string[])
      expect(recordsOf(hub).filter((record) => record['id'] === json['id'])).toEqual([
        expect.objectContaining({
          ...{ category: 'M365Connector.Test', tenantId: contoso.tenantId },
          properties: expect.objectContaining({ test: true }) as object,
        }),
      ]);
    expect(text.stdout).toMatch(/Look for it in your SOC by its id: m365c-test-\d{8}T\d{9}Z\n/);
  });

  it('asks for the id when a name is not unique', async () => {
    await add(fabrikam);
    await add(litware, '--name', 'fabrikam');

    const ran = await stack.tenant(['show', 'Fabrikam', '--json']);

    expect([ran.code, ran.json()['error']]).toEqual([2, '2 tenants are named "Fabrikam".']);
    for (const { tenantId } of [fabrikam, litware]) expect(ran.json()['nextStep']).toContain(tenantId);
  });

  it('removes a tenant and its secret when it is meant', async () => {
    const ran = await stack.tenant(['remove', litware.tenantId, '--yes', '--json']);

    expect([ran.code, ran.json()['ok']]).toEqual([0, true]);
    expect((await stack.tenant(['show', litware.tenantId, '--json'])).code).toBe(2);
    const { secrets } = stack.connector.tenantPorts;
    expect(
      await secrets.read(`tenant-${litware.tenantId}-${litware.clientId.slice(0, 8)}`, new AbortController().signal),
    ).toBeUndefined();
  });

  it('explains itself, also as JSON', async () => {
    const helps = await Promise.all([stack.tenant([]), stack.tenant(['add', '--help']), stack.tenant(['--help', '--json'])]);

    expect(helps.map(({ code }) => code)).toEqual([0, 0, 0]);
    for (const command of ['add', 'list', 'show', 'doctor', 'pause', 'resume', 'sync', 'test', 'remove'])
      expect(helps[0].stdout).toContain(`npm run tenant -- ${command}`);
    expect(helps[2].json()).toMatchObject({ ok: true });
  });

  it('names every setting that is wrong, never its value, with exit code 2', async () => {
    const environment = { ...stack.stack.environment, KEY_VAULT_URL: 'hunter2', STORAGE_PREFIX: 'HUNTER2' };

    const json = await stack.tenant(['list', '--json'], { environment });
    const nothing = await stack.tenant(['list'], { environment: {} });

    expect([json.code, nothing.code]).toEqual([2, 2]);
    expect((json.json()['problems'] as readonly { readonly name: string }[]).map(({ name }) => name)).toEqual([
      'KEY_VAULT_URL',
      'STORAGE_PREFIX',
    ]);
    expect(json.stdout.toLowerCase()).not.toContain('hunter2');
    expect(nothing.stderr).toContain('PUBLISHER_TENANT_ID: is missing');
    expect(nothing.stderr).toContain('npm start');
  });

  it('says when Azure does not answer, with exit code 1', async () => {
    const gone = (stack.stack.environment['AzureWebJobsStorage'] ?? '').replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:9');

    const ran = await stack.tenant(['list', '--json'], {
      environment: { ...stack.stack.environment, AzureWebJobsStorage: gone },
    });

    expect(ran.code).toBe(1);
    expect(ran.json()).toMatchObject({
      ok: false,
      error: expect.stringContaining('storage of the connector does not answer') as string,
    });
  });
});

describe('the wrapper of the commands', () => {
  it('finds the local stack of a folder, and says when none runs there', async () => {
    const environment = { npm_config_offline: 'true' };

    const ran = await runCommand('.ci/run-with-dependencies.mjs', ['tenant', 'list', '--data', '/no/such/folder'], {
      environment,
    });

    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('No local stack runs in /no/such/folder. Start one: npm start -- --data /no/such/folder');
  });
});
