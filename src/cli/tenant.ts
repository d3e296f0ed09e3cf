import { parseArgs } from 'node:util';
import type { ParseArgsOptionsConfig } from 'node:util';
import { diagnose, findings } from '../app/doctor';
import { recordChange } from '../app/audit';
import { invitationDays, invite } from '../app/invitations';
import { sourcesOf } from '../app/schedule';
import { runTenantCommand, tenantCommands } from '../app/tenantCommands';
import type { TenantCommand } from '../app/tenantCommands';
import { listTenants } from '../app/tenantList';
import { addTenant, findTenant, InputError } from '../app/tenants';
import { compose, sources as connectorSources } from '../composition';
import type { Connector } from '../composition';
import { cloudIds } from '../domain/cloud';
import { integrations, isIntegrationId } from '../domain/integration';
import type { ChosenIntegration, Polling, Tenant } from '../domain/tenant';
import { doctorText, findingsJson, showText } from './doctorText';
import { credentialCommand, credentialText, explainedCredential } from './credential';
import { readSecret } from './readSecret';
import { runCommand } from './runCommand';
import type { Output } from './runCommand';
import { whoRuns } from './whoRuns';
import { ago, table, wrap } from './table';

const known = Object.entries(integrations)
  .map(([id, { title, collects }]) => `                           ${id}: ${title}. ${collects}.`)
  .join('\n');

const optionalSources = connectorSources
  .filter(({ optional }) => optional === true)
  .map(({ id, title, integration }) => `                           ${id}: ${title} (${integration})`)
  .join('\n');

const help = `Tenants of the Microsoft 365 security connector.

  npm run tenant -- add --tenant-id ID --client-id ID [options] < secret.txt
  npm run tenant -- invite CUSTOMER    makes a link with which the customer's administrator connects the tenant in a browser
  npm run tenant -- list               all tenants, those that need a person first
  npm run tenant -- show TENANT        what is known about a tenant
  npm run tenant -- doctor TENANT      source by source: does data flow, and if not, why and what to do
  npm run tenant -- pause TENANT       stops collecting; Microsoft keeps content for 7 days
  npm run tenant -- resume TENANT      goes on, and back-fills what Microsoft still holds
  npm run tenant -- sync TENANT        collects now, whatever the polling interval is, and lists the last 24 hours again
  npm run tenant -- test TENANT        sends one marked record through the hubs, to check the pipeline behind them
  npm run tenant -- remove TENANT --yes
  npm run tenant -- credential show TENANT     what it signs in with, when that expires, and what to do
  npm run tenant -- credential rotate TENANT   renews it now, without an interruption
  npm run tenant -- credential set TENANT [--kind KIND] [--expires DAY] < secret.txt
                                       gives another one: a client secret (default), or with --kind a certificate
                                       (PEM with its key), managedIdentity or federatedIdentity (nothing to read)

TENANT is a tenant id or a name. Every command takes --json (the last line is one JSON object) and --help.
Exit code: 0 it worked, 1 Microsoft or Azure refused, 2 what was given cannot be right.
While the local stack runs (npm start), commands speak to it; --data DIR names its folder when it is not .local.

Options of invite:
  --tenant-id ID         only this tenant can come in with the link

Options of add (the same command changes a tenant that is there; what is left out stays as it is):
  --tenant-id ID         the customer's tenant id, or one of its domains
  --client-id ID         the application (client) id. The VALUE of its secret is read from standard input
  --cloud CLOUD          ${cloudIds.join(', ')}; found by itself when left out
  --integrations LIST    what to collect, separated by commas, each with its polling interval if it is to have its own:
                           office365Audit  office365Audit=60s  office365Audit=5m  office365Audit=disabled
                         without it everything. Known:
${known}
  --also LIST            optional sources to collect too, separated by commas (none: --also ""):
${optionalSources}
  --interval INTERVAL    polling interval of the integrations that name none: adaptive (default), 1s to 24h, disabled
  --name NAME            how the tenant is called here
  --description TEXT
  --stamp-name           writes the name on every record
  --no-stamp-name
`;

const options = {
  'tenant-id': { type: 'string' },
  'client-id': { type: 'string' },
  cloud: { type: 'string' },
  integrations: { type: 'string' },
  also: { type: 'string' },
  interval: { type: 'string' },
  name: { type: 'string' },
  description: { type: 'string' },
  'stamp-name': { type: 'boolean' },
  'no-stamp-name': { type: 'boolean' },
  kind: { type: 'string' },
  expires: { type: 'string' },
  yes: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsOptionsConfig;

type Given = ReturnType<typeof read>;

function read(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true });
  } catch (error) {
    throw new InputError(error instanceof Error ? error.message : 'The command cannot be read.', 'See: npm run tenant -- --help');
  }
}

function polling(text: string): Polling {
  if (text === 'adaptive') return { kind: 'adaptive' };
  if (text === 'disabled') return { kind: 'disabled' };
  const match = /^(\d{1,5})(s|m|h)?$/.exec(text);
  const seconds =
    match === null ? NaN : Number(match[1]) * { s: 1, m: 60, h: 3_600 }[match[2] === 'm' || match[2] === 'h' ? match[2] : 's'];
  if (!(seconds >= 1 && seconds <= 86_400))
    throw new InputError(
      'The polling interval cannot be read.',
      'Give adaptive, disabled, or a time from 1s to 24h, such as 60s, 5m or 1h.',
    );
  return { kind: 'every', seconds };
}

/** What was chosen; undefined when nothing was said about it. */
function chosenIntegrations(list: string | undefined, given: string | undefined): readonly ChosenIntegration[] | undefined {
  if (list === undefined && given === undefined) return undefined;
  const interval = given ?? 'adaptive';
  const chosen = new Map<string, ChosenIntegration>();
  for (const part of (list ?? Object.keys(integrations).join(',')).split(',').map((text) => text.trim())) {
    const [id = '', own, ...more] = part.split('=');
    if (!isIntegrationId(id) || more.length > 0)
      throw new InputError(
        'There is no such integration.',
        `Known are: ${Object.keys(integrations).join(', ')}. Separate several by commas.`,
      );
    if (chosen.has(id)) throw new InputError(`The integration ${id} is named twice.`, 'Name each integration once.');
    chosen.set(id, { id, polling: polling(own ?? interval) });
  }
  return [...chosen.values()];
}

function pollingText(value: Polling): string {
  return value.kind === 'every' ? `every ${value.seconds} s` : value.kind;
}

function tenantJson(tenant: Tenant): Readonly<Record<string, unknown>> {
  const { id, name, description, cloud, clientId, status, statusSince, stampName, addedAt } = tenant;
  const chosen = tenant.integrations.map((one) => ({ id: one.id, polling: pollingText(one.polling) }));
  const also = tenant.also ?? [];
  // No secret, not even its name.
  return {
    tenantId: id,
    name,
    description,
    cloud,
    clientId,
    status,
    statusSince,
    stampName,
    addedAt,
    integrations: chosen,
    also,
  };
}

type Command = (connector: Connector, given: Given, output: Output, signal: AbortSignal) => Promise<void>;

function theTenant(given: Given): string {
  const text = given.positionals[1];
  if (text === undefined) throw new InputError('Which tenant?', 'Give its id or name. List the tenants: npm run tenant -- list');
  return text;
}

const add: Command = async (connector, { values }, output, signal) => {
  const tenant = values['tenant-id'];
  const clientId = values['client-id'];
  if (tenant === undefined || clientId === undefined)
    throw new InputError(`--${tenant === undefined ? 'tenant-id' : 'client-id'} is missing.`, 'See: npm run tenant -- --help');
  const cloud = cloudIds.find((id) => id === values.cloud);
  if (values.cloud !== undefined && cloud === undefined)
    throw new InputError('There is no such cloud.', `Known are: ${cloudIds.join(', ')}. Leave --cloud out to have it found.`);
  const chosen = chosenIntegrations(values.integrations, values.interval);
  if (values['stamp-name'] === true && values['no-stamp-name'] === true)
    throw new InputError('--stamp-name and --no-stamp-name contradict each other.', 'Give one of them.');
  const added = await addTenant(
    connector.tenantPorts,
    {
      tenant,
      clientId,
      secret: await readSecret(signal),
      cloud,
      integrations: chosen,
      also: values.also
        ?.split(',')
        .map((id) => id.trim())
        .filter((id) => id !== ''),
      name: values.name,
      description: values.description,
      stampName: values['no-stamp-name'] === true ? false : values['stamp-name'],
    },
    output.progress,
    signal,
  );
  const what = added.isNew ? 'onboarded' : tenantCommands.change.what;
  const change = {
    at: connector.clock.now().toISOString(),
    who: whoRuns(),
    what,
    tenantId: added.tenant.id,
    outcome: 'done',
  } as const;
  await recordChange(connector.onboardPorts, change, added.tenant, signal);
  output.result(
    { ...tenantJson(added.tenant), added: added.isNew, missingPermissions: added.missingPermissions },
    [
      `${added.tenant.name} was ${added.isNew ? 'added' : 'changed'} (${added.tenant.cloud}, ${added.tenant.id}).`,
      ...(added.missingPermissions.length === 0
        ? ['Collecting starts within a minute.']
        : [
            `The application still lacks: ${added.missingPermissions.join(', ')}.`,
            'Grant it as an application permission with admin consent; collecting then starts by itself.',
          ]),
      `See how it comes alive: npm run tenant -- doctor ${added.tenant.id}`,
    ].join('\n'),
  );
};

const invitation: Command = async (connector, given, output, signal) => {
  const customer = given.positionals[1];
  if (customer === undefined)
    throw new InputError('Whose link is it to be?', 'Give the name of the customer: npm run tenant -- invite "Contoso"');
  const { publicUrl } = connector;
  if (publicUrl === undefined)
    throw new InputError('This connector has no pages.', 'Set PUBLIC_URL, and PROVIDER_CLIENT_ID: see docs/onboarding.md.');
  const tenantId = given.values['tenant-id'];
  const wanted = { customer, createdBy: whoRuns(), ...(tenantId === undefined ? {} : { tenantId }) };
  const { invitation: made, token } = await invite(connector.onboardPorts, wanted, signal);
  const link = `${publicUrl}/onboard/${token}`;
  output.result(
    { customer: made.customer, link, expiresAt: made.expiresAt },
    [
      `Send this link to an administrator of ${made.customer}. It works once, for ${invitationDays} days, and is not shown again:`,
      link,
    ].join('\n'),
  );
};

const list: Command = async (connector, _given, output, signal) => {
  const now = connector.clock.now();
  const found = await listTenants(connector.tenantPorts, signal);
  const rows = found.map(({ tenant, stateTitle, records, lastRecordAt, gaps }) => {
    const last = lastRecordAt === undefined ? 'never' : ago(lastRecordAt, now);
    return [tenant.name, stateTitle, count(records), last, count(gaps), tenant.cloud, tenant.id];
  });
  const heads = ['Name', 'State', 'Records', 'Last record', 'Gaps', 'Cloud', 'Tenant id'];
  const none = 'No tenants yet. Add one: npm run tenant -- add --help';
  const tenants = found.map(({ tenant, stateTitle: state, since, why, nextStep, records, gaps, lastRecordAt }) => ({
    ...tenantJson(tenant),
    ...{ state, since, why, nextStep, records, gaps, lastRecordAt },
  }));
  output.result({ tenants }, found.length === 0 ? none : table(heads, rows, [2, 4]));
};

const show: Command = async (connector, given, output, signal) => {
  const { tenant } = await findTenant(connector.tenantPorts, theTenant(given), signal);
  const sources = sourcesOf(tenant, connector.tenantPorts.sources.values()).map(({ id }) => id);
  const found = await findings(connector.collectPorts, tenant, signal);
  const chosen = tenant.integrations.map(({ id, polling: how }) => `${integrations[id].title} (${id}), ${pollingText(how)}`);
  const also = tenant.also ?? [];
  const lines: readonly (readonly [string, string])[] = [
    ['Name', tenant.name],
    ['Tenant id', tenant.id],
    ['Description', tenant.description],
    ['Cloud', tenant.cloud],
    ['Application', tenant.clientId],
    ['Status', `${tenant.status} since ${tenant.statusSince}`],
    ['Added', tenant.addedAt],
    ['Name on records', tenant.stampName ? 'yes' : 'no'],
    ['Integrations', chosen.join('; ')],
    ['Also', also.length === 0 ? 'no optional sources' : also.join(', ')],
    ['Sources', sources.join(', ')],
  ];
  const text = lines.map(([name, value]) => `${name.padEnd(16)} ${value}`.trimEnd()).join('\n');
  output.result(
    { ...tenantJson(tenant), sources, ...findingsJson(found) },
    showText(text, sources, found, connector.clock.now()),
  );
};

const doctor: Command = async (connector, given, output, signal) => {
  const { tenant } = await findTenant(connector.tenantPorts, theTenant(given), signal);
  const diagnoses = await diagnose(connector.collectPorts, tenant, signal);
  const found = await findings(connector.collectPorts, tenant, signal);
  const now = connector.clock.now();
  const credential = await explainedCredential(connector, tenant, signal);
  const words = credential === undefined ? '' : `\n\nCredential\n${wrapped(credentialText(credential))}`;
  output.result(
    { ...tenantJson(tenant), sources: diagnoses, ...findingsJson(found), credential },
    `${doctorText(tenant, diagnoses, found, now)}${words}`,
  );
};

const wrapped = (text: string): string =>
  text
    .split('\n')
    .map((line) => wrap(line, 100, '  '))
    .join('\n');

const count = (number: number): string => number.toLocaleString('en-US');

/** Does a command on a tenant; who may use the command line may do everything. */
async function done<Input, Result>(
  { onboardPorts: ports }: Connector,
  command: TenantCommand<Input, Result>,
  tenant: Tenant,
  input: Input,
  signal: AbortSignal,
): Promise<Result> {
  return runTenantCommand(command, { ports, tenant, input, by: { who: whoRuns() }, signal });
}

const pause: Command = async (connector, given, output, signal) => {
  const { tenant: found } = await findTenant(connector.tenantPorts, theTenant(given), signal);
  const tenant = await done(connector, tenantCommands.pause, found, undefined, signal);
  output.result(
    tenantJson(tenant),
    `${tenant.name} is paused. Microsoft keeps its content for 7 days: resume before then and nothing is lost.`,
  );
};

const resume: Command = async (connector, given, output, signal) => {
  const { tenant: found } = await findTenant(connector.tenantPorts, theTenant(given), signal);
  const tenant = await done(connector, tenantCommands.resume, found, undefined, signal);
  output.result(tenantJson(tenant), `${tenant.name} is collected again; what came meanwhile is back-filled.`);
};

const sync: Command = async (connector, given, output, signal) => {
  const { tenant } = await findTenant(connector.tenantPorts, theTenant(given), signal);
  const { sources } = await done(connector, tenantCommands.sync, tenant, undefined, signal);
  output.result(
    { tenantId: tenant.id, sources },
    `${sources} sources of ${tenant.name} are collected now. See how it goes: npm run tenant -- doctor ${tenant.id}`,
  );
};

const test: Command = async (connector, given, output, signal) => {
  const { tenant } = await findTenant(connector.tenantPorts, theTenant(given), signal);
  const { id, hubs } = await done(connector, tenantCommands.test, tenant, undefined, signal);
  output.result(
    { id, category: 'M365Connector.Test', hubs },
    [
      `Sent one test record to ${hubs.join(', ')}.`,
      `Look for it in your SOC by its id: ${id}`,
      'Its category is M365Connector.Test, and its properties say "test": true.',
    ].join('\n'),
  );
};

const remove: Command = async (connector, given, output, signal) => {
  const text = theTenant(given);
  if (given.values.yes !== true)
    throw new InputError(
      'Removing a tenant stops collecting it and deletes its secret and its position; a tenant added again starts with what Microsoft still holds.',
      `If you mean it: npm run tenant -- remove "${text}" --yes`,
    );
  const { tenant: found } = await findTenant(connector.tenantPorts, text, signal);
  const tenant = await done(connector, tenantCommands.remove, found, { confirm: found.name }, signal);
  output.result(
    tenantJson(tenant),
    `${tenant.name} was removed. What was delivered stays in Event Hubs; coverage and gaps stay as proof.`,
  );
};

const credential: Command = async (connector, { positionals, values }, output, signal) =>
  credentialCommand(connector, positionals.slice(1), { kind: values.kind, expires: values.expires }, output, signal);

const commands: Readonly<Record<string, Command>> = {
  add,
  invite: invitation,
  list,
  show,
  doctor,
  pause,
  resume,
  sync,
  test,
  remove,
  credential,
};

const general: readonly string[] = ['json', 'help'];
const ofAdd = [
  'tenant-id',
  'client-id',
  'cloud',
  'integrations',
  'also',
  'interval',
  'name',
  'description',
  'stamp-name',
  'no-stamp-name',
];
const own: Readonly<Record<string, readonly string[]>> = {
  add: ofAdd,
  invite: ['tenant-id'],
  remove: ['yes'],
  credential: ['kind', 'expires'],
};

/** Refuses what a command would have to ignore: a second tenant, an option of another command. */
function refuseSuperfluous(name: string, { positionals, values }: Given): void {
  const most = ['add', 'list'].includes(name) ? 1 : name === 'credential' ? 3 : 2;
  if (positionals.length > most)
    throw new InputError(
      `"${positionals.slice(most).join(' ')}" is one word too many.`,
      'A name with blanks goes in quotation marks. See: npm run tenant -- --help',
    );
  const strange = Object.keys(values).find((option) => !general.includes(option) && own[name]?.includes(option) !== true);
  if (strange !== undefined) throw new InputError(`--${strange} is not an option of ${name}.`, 'See: npm run tenant -- --help');
}

void runCommand(process.argv.slice(2).includes('--json'), async (output, signal) => {
  const given = read(process.argv.slice(2));
  const name = given.positionals[0];
  if (given.values.help === true || name === undefined) {
    output.result({ help }, help);
    return;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new InputError(`There is no command "${name}".`, 'See: npm run tenant -- --help');
  refuseSuperfluous(name, given);
  const connector = compose(process.env, { log: output.progressLine });
  try {
    await command(connector, given, output, signal);
  } finally {
    await connector.stop();
  }
});
