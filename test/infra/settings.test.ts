import { readFileSync, readdirSync } from 'node:fs';
import { SettingsError, readSettings } from '../../src/settings';
import { sources } from '../../src/sources';
import { appSettingsOf, builtTemplate, ofType, parameterFiles, resourcesOf } from './bicepFiles';
import type { Loose } from './bicepFiles';

// What the platform reads: https://learn.microsoft.com/azure/azure-functions/functions-app-settings.
const platformSettings = [
  'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
  'APPLICATIONINSIGHTS_CONNECTION_STRING',
  'AzureWebJobsDisableHomepage',
  'AzureWebJobsStorage__clientId',
  'AzureWebJobsStorage__credential',
  'FUNCTIONS_EXTENSION_VERSION',
  'FUNCTIONS_WORKER_RUNTIME',
  // https://learn.microsoft.com/azure/app-service/configure-authentication-provider-aad#use-a-managed-identity-instead-of-a-secret
  'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID',
  'WEBSITE_RUN_FROM_PACKAGE',
  'WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID',
];
// A server that stands in for Microsoft's belongs to the local stack; connection strings and the developer's own identity too.
const onlyElsewhere = [
  'AZURE_IDENTITY',
  'AzureWebJobsStorage',
  'CLOUD_CUSTOM_DEFENDER',
  'CLOUD_CUSTOM_GRAPH',
  'CLOUD_CUSTOM_LOGIN',
  'CLOUD_CUSTOM_MANAGEMENT',
  'CLOUD_CUSTOM_SIGN_IN',
  'EVENTHUBS',
  'OPERATOR_ACCESS',
];
const sourceIds = sources.map(({ id }) => id);
const settingsType = builtTemplate()['definitions']?.['connectorSettings']?.['properties'] ?? {};

/** Settings as the app sees them: what only Azure can work out is filled in. */
function asDeployed(parameters: string): Readonly<Record<string, string>> {
  const set = Object.fromEntries(
    [...appSettingsOf(resourcesOf(parameters))].map(([name, value]) => {
      if (/clientid$/i.test(name) || name.endsWith('_CLIENT_ID')) return [name, '88888888-8888-8888-8888-888888888888'];
      return [name, withSuffixes(value)];
    }),
  );
  // App Service adds what it calls the app.
  return { ...set, WEBSITE_HOSTNAME: 'func-contoso.azurewebsites.net' };
}

function withSuffixes(value: string): string {
  if (value.startsWith('@Microsoft.KeyVault(')) return 'name=fake';
  const format = /^\[format\('([^']*)', (.*)\)\]$/.exec(value);
  if (format === null) return value;
  const suffix = format[2]?.includes('keyvaultDns') ? '.vault.azure.net' : 'core.windows.net';
  const host = format[2]?.includes('replace(') ? 'windows.net' : suffix;
  return (format[1] ?? '').replaceAll(/\{\d\}/g, host);
}

/** The names of the settings that the code asks for, and those that the triggers name between percent signs. */
function namesRead(): readonly string[] {
  const read = new Set<string>();
  const watch = (given: Readonly<Record<string, string>>) =>
    new Proxy(given, {
      get: (target, name) => {
        read.add(String(name));
        return target[String(name)];
      },
    });
  readSettings(watch(asDeployed('default')), sourceIds);
  expect(() => readSettings(watch({ CLOUD_CUSTOM_LOGIN: 'https://login.example.net' }), sourceIds)).toThrow(SettingsError);
  for (const file of readdirSync('functions'))
    for (const [, name] of readFileSync(`functions/${file}`, 'utf8').matchAll(/%(\w+)%/g)) read.add(name ?? '');
  return [...read].toSorted();
}

describe('the settings of the template', () => {
  it.each(parameterFiles('parameters'))('start the connector with %s', (parameters) => {
    const settings = readSettings(asDeployed(parameters), sourceIds);

    expect(settings.azureIdentity).toBe('managed');
    expect(settings.managedIdentityClientId).toBeDefined();
    expect(settings.storage.kind).toBe('account');
    expect(settings.eventHubs.kind).toBe('namespace');
  });

  it('open the page to those who sign in, at the address of the app, where there is an application for them', () => {
    expect(readSettings(asDeployed('default'), sourceIds).pages).toBeUndefined();
    expect(readSettings(asDeployed('maximal'), sourceIds).pages).toMatchObject({
      publicUrl: 'https://func-contoso.azurewebsites.net',
      operators: { kind: 'signedIn' },
    });
  });

  it('are read by the code or by the platform, all of them', () => {
    const known = new Set([...namesRead(), ...platformSettings]);
    const set = new Set(parameterFiles('parameters').flatMap((parameters) => [...appSettingsOf(resourcesOf(parameters)).keys()]));

    expect([...set].filter((name) => !known.has(name))).toEqual([]);
  });

  it('are all that the code reads, but for those of the local stack', () => {
    const set = new Set([
      ...parameterFiles('parameters').flatMap((parameters) => [...appSettingsOf(resourcesOf(parameters)).keys()]),
      ...Object.keys(settingsType),
    ]);

    expect(namesRead().filter((name) => !set.has(name))).toEqual(onlyElsewhere);
  });

  it('have the bounds and choices that the code checks', () => {
    for (const [name, type] of Object.entries(settingsType)) {
      const problem = problemOf(name, '1.5');
      const bounds = /a whole number from (\d+) to (\d+)/.exec(problem?.example ?? '');
      if (bounds === null) {
        const choices = /is none of (.*)/.exec(problem?.wrong ?? '')?.[1]?.split(', ') ?? [];
        expect(choicesOf(type)).toEqual(choices.toSorted());
        continue;
      }
      expect(type).toMatchObject({ type: 'int', minValue: Number(bounds[1]) });
      // The host ends a function after ten minutes (host.json), which the template knows and a laptop does not.
      expect(type?.['maxValue']).toBe(name === 'TIME_BUDGET_SECONDS' ? 570 : Number(bounds[2]));
    }
  });

  it('leave the host time to end a run', () => {
    const host = JSON.parse(readFileSync('host.json', 'utf8')) as { readonly functionTimeout: string };
    const [hours = 0, minutes = 0, seconds = 0] = host.functionTimeout.split(':').map(Number);

    expect(Number(settingsType['TIME_BUDGET_SECONDS']?.['maxValue'])).toBeLessThanOrEqual(
      hours * 3600 + minutes * 60 + seconds - 30,
    );
  });
});

describe('the hubs of the template', () => {
  it('are those that the sources and the connector itself write to', () => {
    const settings = readSettings(asDeployed('default'), sourceIds);
    const written = new Set([...sources.map(({ hub }) => hub), settings.operationsHub]);
    const made = ofType(resourcesOf('default'), 'Microsoft.EventHub/namespaces/eventhubs').map(({ name }) => name.split('/')[1]);

    expect(made.toSorted()).toEqual([...written].toSorted());
  });
});

function problemOf(name: string, value: string) {
  try {
    readSettings({ ...asDeployed('default'), [name]: value }, sourceIds);
    return undefined;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.problems.find((problem) => problem.name === name);
  }
}

function choicesOf(type: Loose | undefined): readonly string[] {
  return (type?.['allowedValues'] as unknown as readonly string[] | undefined)?.toSorted() ?? [];
}
