import { readFileSync } from 'node:fs';
import { readSettings, SettingsError } from '../src/settings';
import type { SettingProblem } from '../src/settings';
import { factsOf, settingsTable } from '../src/settingsTable';
import type { SettingName } from '../src/settingsTable';

const provider = '0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9';
const sourceIds = ['activity.exchange', 'activity.general'];
const good = {
  PUBLISHER_TENANT_ID: provider,
  AzureWebJobsStorage__accountName: 'contosom365',
  EVENTHUBS__fullyQualifiedNamespace: 'contoso.servicebus.windows.net',
  KEY_VAULT_URL: 'https://contoso-m365.vault.azure.net',
};

type Environment = Readonly<Record<string, string | undefined>>;

const read = (changes: Environment = {}) => readSettings({ ...good, ...changes }, sourceIds);

function problems(changes: Environment): readonly SettingProblem[] {
  try {
    read(changes);
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.problems;
  }
}

const wrong = (changes: Environment): Record<string, string> =>
  Object.fromEntries(problems(changes).map((problem) => [problem.name, problem.wrong]));

describe('readSettings', () => {
  it('needs four settings; all others have a default', () => {
    expect(read()).toMatchObject({
      publisherId: provider,
      storage: { kind: 'account', queueUrl: 'https://contosom365.queue.core.windows.net' },
      storagePrefix: 'm365',
      eventHubs: { kind: 'namespace', fullyQualifiedNamespace: 'contoso.servicebus.windows.net' },
      azureIdentity: 'managed',
      customCloud: undefined,
      operationsHub: 'm365-operations',
      format: { shape: 'records', compression: 'none', targetBytes: 250_000 },
      requestsPerMinute: 2_000,
      pollShortestSeconds: 60,
      pollLongestSeconds: 900,
      budgetMs: 420_000,
    });
  });

  it('takes an OpenTelemetry collector with a path and headers', () => {
    expect(read().openTelemetry).toBeUndefined();
    expect(
      read({
        OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otel.example.net/otlp/',
        OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic ZmFrZQ==, x-scope=soc',
      }).openTelemetry,
    ).toEqual({ url: 'https://otel.example.net/otlp', headers: { authorization: 'Basic ZmFrZQ==', 'x-scope': 'soc' } });
    expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }).openTelemetry?.url).toBe('http://127.0.0.1:4318');
  });

  it.each([
    ['http://otel.example.net', undefined, 'OTEL_EXPORTER_OTLP_ENDPOINT', 'is not an https URL'],
    ['otel.example.net', undefined, 'OTEL_EXPORTER_OTLP_ENDPOINT', 'is not a URL'],
    [
      'https://fake:fake@otel.example.net',
      undefined,
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'contains more than a host and a path; credentials go into the headers',
    ],
    [
      'https://otel.example.net/?key=fake',
      undefined,
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'contains more than a host and a path; credentials go into the headers',
    ],
    [
      'https://otel.example.net',
      '@Microsoft.KeyVault(VaultName=contoso;SecretName=otlp)',
      'OTEL_EXPORTER_OTLP_HEADERS',
      'is not a list of pairs name=value',
    ],
    [undefined, 'authorization=fake', 'OTEL_EXPORTER_OTLP_HEADERS', 'needs OTEL_EXPORTER_OTLP_ENDPOINT'],
  ])('refuses the collector %s with the headers %s', (endpoint, headers, name, what) => {
    expect(wrong({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: headers })).toEqual({ [name]: what });
  });

  it('says everything that is missing at once, each with an example', () => {
    const missing = Object.fromEntries(Object.keys(good).map((name) => [name, undefined]));

    const found = problems(missing);

    expect(found.map(({ name }) => name)).toEqual(['PUBLISHER_TENANT_ID', 'AzureWebJobsStorage', 'EVENTHUBS', 'KEY_VAULT_URL']);
    expect(found.every((one) => one.wrong === 'is missing' && one.example.length > 5)).toBe(true);
    expect(() => read(missing)).toThrow(
      /^The connector cannot start: 4 settings are wrong\.\n {2}PUBLISHER_TENANT_ID: is missing\. Example: /,
    );
  });

  it.each<[string, string, string, string]>([
    ['empty', 'PUBLISHER_TENANT_ID', '', 'is missing'],
    ['white space', 'PUBLISHER_TENANT_ID', '  ', 'consists of white space'],
    ['padded', 'PUBLISHER_TENANT_ID', `${provider} `, 'begins or ends with white space'],
    ['quoted', 'PUBLISHER_TENANT_ID', `"${provider}"`, 'is in quotation marks; write it without'],
    ['a placeholder', 'PUBLISHER_TENANT_ID', '<tenant>', 'is still a placeholder'],
    ['not a GUID', 'PUBLISHER_TENANT_ID', `{${provider}}`, 'is not a GUID'],
    ['all zeros', 'PUBLISHER_TENANT_ID', '00000000-0000-0000-0000-000000000000', 'is the GUID of zeros'],
    ['a secret instead of an address', 'KEY_VAULT_URL', 'hunter2', 'is not a URL'],
    ['http', 'KEY_VAULT_URL', 'http://contoso-m365.vault.azure.net', 'is not an https URL'],
    ['with a password', 'KEY_VAULT_URL', 'https://u:hunter2@contoso.vault.azure.net', 'contains a user name'],
    ['with a path', 'KEY_VAULT_URL', 'https://contoso.vault.azure.net/secrets/x', 'has a path'],
    ['the portal', 'KEY_VAULT_URL', 'https://portal.azure.com', 'is not the address of such a service'],
    ['a look-alike', 'KEY_VAULT_URL', 'https://contoso.vault.azure.net.evil.example', 'is not the address of such a service'],
    ['no connection string', 'AzureWebJobsStorage', 'hunter2', 'is not a storage connection string'],
    ['a name without a key', 'AzureWebJobsStorage', 'AccountName=a', 'is not a storage connection string'],
    ['http', 'AzureWebJobsStorage', 'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=hunter2', 'asks for http'],
    ['http elsewhere', 'AzureWebJobsStorage', 'AccountName=a;AccountKey=b;BlobEndpoint=http://10.0.0.1/a', 'not https'],
    ['another service', 'EVENTHUBS', 'Endpoint=https://a/;SharedAccessKey=hunter2', 'is not an Event Hubs connection string'],
    ['a single hub', 'EVENTHUBS', 'Endpoint=sb://a/;SharedAccessKeyName=a;SharedAccessKey=b;EntityPath=x', 'names a single hub'],
    ['without a key', 'EVENTHUBS', 'Endpoint=sb://contoso.servicebus.windows.net/', 'has no shared access key'],
    [
      'an emulator elsewhere',
      'EVENTHUBS',
      'Endpoint=sb://10.0.0.1/;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true',
      'on another machine',
    ],
    ['a URL for a host', 'EVENTHUBS__fullyQualifiedNamespace', 'https://contoso.servicebus.windows.net', 'is not a host name'],
    [
      'a URL for a name',
      'AzureWebJobsStorage__accountName',
      'https://a.blob.core.windows.net',
      'is not the name of a storage account',
    ],
    ['too short', 'STORAGE_PREFIX', 'm', 'cannot be part of a table name'],
    ['with a hyphen', 'STORAGE_PREFIX', 'm-365', 'cannot be part of a table name'],
    ['below the range', 'POLL_SHORTEST_SECONDS', '0', 'is not between 1 and 3600'],
    ['above the range', 'POLL_LONGEST_SECONDS', '86401', 'is not between 1 and 86400'],
    ['negative', 'UNITS_IN_FLIGHT', '-1', 'is not a whole number'],
    ['not a number', 'UNITS_IN_FLIGHT', 'NaN', 'is not a whole number'],
    ['with a unit', 'TIME_BUDGET_SECONDS', '5m', 'is not a whole number'],
    ['a fraction', 'REQUESTS_PER_MINUTE', '10.5', 'is not a whole number'],
    ['beyond what a number holds', 'REQUESTS_PER_MINUTE', '9'.repeat(30), 'is not a whole number'],
    ['no choice', 'EVENT_SHAPE', 'Records', 'is none of records, single'],
    ['an address', 'OPERATIONS_HUB', 'https://x', 'cannot be the name of a hub'],
    ['no identity', 'AZURE_IDENTITY', 'me', 'is none of managed, developer'],
    ['misspelt', 'CLOUD_CUSTOM_LOGINS', 'https://login.example.net', 'is not a setting of the connector'],
  ])('refuses a value that is %s: %s', (_, name, value, why) => {
    // What goes with the setting instead of it must not be there too.
    const others = name === 'AzureWebJobsStorage' ? { AzureWebJobsStorage__accountName: undefined } : {};
    const hubs = name === 'EVENTHUBS' ? { EVENTHUBS__fullyQualifiedNamespace: undefined } : {};

    const found = wrong({ ...others, ...hubs, [name]: value });

    expect(found).toEqual({ [name]: expect.stringContaining(why) as string });
  });

  it('never repeats a value', () => {
    const secret = 'hunter2';
    const everything = Object.fromEntries(Object.keys(settingsTable).map((name) => [name, secret]));

    const error = (() => {
      try {
        return readSettings(everything, sourceIds);
      } catch (caught) {
        return caught;
      }
    })();

    expect(error).toBeInstanceOf(SettingsError);
    expect(JSON.stringify(error)).not.toContain(secret);
    expect(String(error)).not.toContain(secret);
    expect((error as SettingsError).problems.length).toBeGreaterThan(20);
  });

  it('takes a GUID in any case, an origin with a slash, and a vault on this machine', () => {
    const settings = read({ PUBLISHER_TENANT_ID: provider.toUpperCase(), KEY_VAULT_URL: 'https://Contoso.vault.azure.net/' });

    expect(settings.publisherId).toBe(provider);
    expect(settings.keyVaultUrl).toBe('https://contoso.vault.azure.net');
    expect(read({ KEY_VAULT_URL: 'http://127.0.0.1:8200' }).keyVaultUrl).toBe('http://127.0.0.1:8200');
  });

  it('takes connection strings: of the namespace, of the emulator, of storage on this machine', () => {
    const hubs = 'Endpoint=sb://localhost:5672;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true;';
    const storage = 'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=b==;BlobEndpoint=http://127.0.0.1:10000/a;';
    const instead = { EVENTHUBS__fullyQualifiedNamespace: undefined, AzureWebJobsStorage__accountName: undefined };

    expect(read({ ...instead, EVENTHUBS: hubs, AzureWebJobsStorage: storage })).toMatchObject({
      eventHubs: { kind: 'connectionString', value: hubs },
      storage: { kind: 'connectionString', value: storage },
    });
    expect(wrong({ ...instead, EVENTHUBS: hubs, AzureWebJobsStorage: 'UseDevelopmentStorage=true' })).toEqual({});
  });

  it('refuses settings that contradict each other', () => {
    const key = 'Endpoint=sb://a/;SharedAccessKeyName=a;SharedAccessKey=b';

    expect(wrong({ EVENTHUBS: key })).toEqual({ EVENTHUBS: expect.stringContaining('together with') as string });
    expect(wrong({ AzureWebJobsStorage: 'AccountName=a;AccountKey=b' })).toEqual({
      AzureWebJobsStorage: expect.stringContaining('together with') as string,
    });
    expect(wrong({ POLL_SHORTEST_SECONDS: '600', POLL_LONGEST_SECONDS: '60' })).toEqual({
      POLL_LONGEST_SECONDS: 'is shorter than POLL_SHORTEST_SECONDS',
    });
    expect(wrong({ AZURE_IDENTITY: 'developer', MANAGED_IDENTITY_CLIENT_ID: provider })).toEqual({
      MANAGED_IDENTITY_CLIENT_ID: expect.stringContaining('not with developer') as string,
    });
  });

  it('wants all three addresses of storage, or its name', () => {
    const addresses = {
      AzureWebJobsStorage__accountName: undefined,
      AzureWebJobsStorage__tableServiceUri: 'https://a.table.core.chinacloudapi.cn',
      AzureWebJobsStorage__queueServiceUri: 'https://a.queue.core.chinacloudapi.cn',
    };

    expect(Object.keys(wrong(addresses))).toEqual(['AzureWebJobsStorage__blobServiceUri']);
    expect(
      read({ ...addresses, AzureWebJobsStorage__blobServiceUri: 'https://a.blob.core.chinacloudapi.cn' }).storage,
    ).toMatchObject({ kind: 'account', blobUrl: 'https://a.blob.core.chinacloudapi.cn' });
  });

  it('wants all four addresses of a cloud of your own, or none', () => {
    const partly = { CLOUD_CUSTOM_LOGIN: 'https://login.example.net', CLOUD_CUSTOM_GRAPH: 'https://graph.example.net/' };
    const wholly = {
      ...partly,
      CLOUD_CUSTOM_MANAGEMENT: 'https://localhost:8444',
      CLOUD_CUSTOM_DEFENDER: 'https://defender.example.net',
    };

    expect(Object.keys(wrong(partly))).toEqual(['CLOUD_CUSTOM_MANAGEMENT', 'CLOUD_CUSTOM_DEFENDER']);
    expect(Object.keys(wrong({ ...wholly, CLOUD_CUSTOM_MANAGEMENT: 'http://localhost:8444' }))).toEqual([
      'CLOUD_CUSTOM_MANAGEMENT',
    ]);
    expect(read(wholly).customCloud).toEqual({
      id: 'custom',
      title: 'Custom',
      login: 'https://login.example.net',
      hosts: {
        management: 'https://localhost:8444',
        graph: 'https://graph.example.net',
        defender: 'https://defender.example.net',
      },
    });
  });

  it.each([
    ['activity.exchange', 'is not a list of pairs'],
    ['activity.exchange=a=b', 'is not a list of pairs'],
    ['activity.exchange=a,', 'is not a list of pairs'],
    ['activity.unknown=a', 'names a source that does not exist; there are activity.exchange, activity.general'],
    ['activity.exchange=a,activity.exchange=b', 'names a source twice'],
    ['activity.exchange=a b', 'names a hub that cannot exist'],
    ['activity.exchange=-a', 'names a hub that cannot exist'],
  ])('refuses the hubs %s', (text, why) => {
    expect(wrong({ HUBS: text })).toEqual({ HUBS: expect.stringContaining(why) as string });
  });

  it('reads other hubs for single sources, with blanks around', () => {
    const { hubs } = read({ HUBS: 'activity.exchange=mail-audit, activity.general = m365-audit' });

    expect([...hubs]).toEqual([
      ['activity.exchange', 'mail-audit'],
      ['activity.general', 'm365-audit'],
    ]);
  });

  it.each([
    '0 * * * * *',
    '* * * * *',
    '*/2 * * * * *',
    '*/10 * * * * *',
    '0 0,30 * * * *',
    '0 5/10 * * * *',
    '30 59 * * JAN-DEC SUN-SAT',
  ])('takes the schedule %s', (schedule) => {
    expect(wrong({ COLLECT_SCHEDULE: schedule })).toEqual({});
  });

  it.each([
    ['hourly', 'six fields'],
    ['00:01:00', 'six fields'],
    ['0 * * * * * *', 'six fields'],
    ['0 60 * * * *', 'minute field'],
    ['0 */0 * * * *', 'minute field'],
    ['0 9-5 * * * *', 'minute field'],
    ['0 * * * FOO *', 'month field'],
    ['0 0 0 31 2 *', 'every hour'],
    ['0 0 9 * * *', 'every hour'],
    ['0 * * * * MON-FRI', 'every hour'],
    ['* * * * * *', 'every second'],
  ])('refuses the schedule %s', (schedule, why) => {
    expect(wrong({ COLLECT_SCHEDULE: schedule })).toEqual({ COLLECT_SCHEDULE: expect.stringContaining(why) as string });
  });

  it.each([
    ['no address', {}],
    ['an address on the internet', { PUBLIC_URL: 'https://m365.example.net' }],
    ['an address that begins like this machine', { PUBLIC_URL: 'https://localhost.example.net' }],
    ['a false address, in Azure', { PUBLIC_URL: 'http://localhost:7071', WEBSITE_HOSTNAME: 'app.azurewebsites.net' }],
  ])('does not open the pages to everybody with %s', (_, settings) => {
    expect(wrong({ ...settings, OPERATOR_ACCESS: 'local' })).toEqual({
      OPERATOR_ACCESS: expect.stringContaining('this machine only') as string,
    });
  });

  it('opens the pages to everybody on this machine', () => {
    expect(wrong({ PUBLIC_URL: 'http://localhost:7071', WEBSITE_HOSTNAME: 'localhost:7071', OPERATOR_ACCESS: 'local' })).toEqual(
      {},
    );
  });

  it('wants the address of the pages once an application of theirs is named', () => {
    expect(wrong({ PROVIDER_CLIENT_ID: '22222222-3333-4444-8555-666666666666' })).toEqual({
      PUBLIC_URL: expect.stringContaining('is missing') as string,
    });
  });

  it('takes the address that App Service gave the app when there is such an application and no address, and not that of this machine', () => {
    const hosted = (host: string, more = {}) => ({
      ...{ OPERATOR_CLIENT_ID: '22222222-3333-4444-8555-666666666666', WEBSITE_HOSTNAME: host },
      ...more,
    });
    const addressOf = (changes: Environment) => read(changes).pages?.publicUrl;

    expect(addressOf(hosted('func-contoso.azurewebsites.net'))).toBe('https://func-contoso.azurewebsites.net');
    expect(addressOf(hosted('x.azurewebsites.net', { PUBLIC_URL: 'https://m365.contoso.example' }))).toBe(
      'https://m365.contoso.example',
    );
    expect(() => addressOf(hosted('localhost:7071'))).toThrow('PUBLIC_URL: is missing');
    expect(() => addressOf(hosted('evil.example/path'))).toThrow('PUBLIC_URL: is missing');
  });

  it.each(Object.keys(settingsTable) as SettingName[])('takes what the table says about %s: default, bounds, choices', (name) => {
    const { otherwise, range, choices } = factsOf(name);
    const bounds = {
      POLL_SHORTEST_SECONDS: { POLL_LONGEST_SECONDS: '86400' },
      POLL_LONGEST_SECONDS: { POLL_SHORTEST_SECONDS: '1' },
      // Everybody may operate on this machine only.
      OPERATOR_ACCESS: { PUBLIC_URL: 'http://localhost:7071' },
    };
    const companion: Environment = (bounds as Readonly<Record<string, Environment>>)[name] ?? {};
    const values = [...(typeof otherwise === 'number' ? [otherwise] : []), ...(range ?? []), ...(choices ?? [])];

    for (const value of values) expect(wrong({ ...companion, [name]: String(value) })).toEqual({});
    if (choices !== undefined) expect(otherwise).toBe(choices[0]);
    for (const beyond of range === undefined ? [] : [range[0] - 1, range[1] + 1])
      expect(Object.keys(wrong({ ...companion, [name]: String(beyond) }))).toEqual([name]);
  });

  it('reads no setting that the table does not have', () => {
    const asked = new Set<string>();
    const environment = new Proxy<Record<string, string>>(
      { ...good },
      {
        get: (target, name) => {
          asked.add(String(name));
          return Reflect.get(target, name) as unknown;
        },
      },
    );

    readSettings(environment, sourceIds);

    expect([...asked].filter((name) => !Object.hasOwn(settingsTable, name))).toEqual([]);
    expect(Object.keys(settingsTable).filter((name) => !asked.has(name))).toEqual([]);
  });

  it('knows every setting of the sample', () => {
    const sample = JSON.parse(readFileSync('local.settings.sample.json', 'utf8')) as { Values: Record<string, string> };

    const unknown = Object.keys(sample.Values).filter((name) => !Object.hasOwn(settingsTable, name));

    expect(unknown).toEqual(['FUNCTIONS_WORKER_RUNTIME']);
  });
});
