import { parseArgs } from 'node:util';
import type { ParseArgsOptionsConfig } from 'node:util';
import { diagnose } from '../app/doctor';
import { sourcesOf } from '../app/schedule';
import { addTenant, findTenant, InputError, removeTenant, sendTestRecord, setStatus, syncTenant } from '../app/tenants';
import { compose } from '../composition';
import type { Connector } from '../composition';
import { cloudIds } from '../domain/cloud';
import { integrations, isIntegrationId } from '../domain/integration';
import { stateTitles } from '../domain/sourceState';
import type { ChosenIntegration, Polling, Tenant } from '../domain/tenant';
import { runCommand } from './runCommand';
import type { Output } from './runCommand';
import { ago, table } from './table';

const help = `Tenants of the Microsoft 365 security connector.

  npm run tenant -- add --tenant-id ID --client-id ID [options] < secret.txt
  npm run tenant -- list
  npm run tenant -- show TENANT
  npm run tenant -- doctor TENANT      explains, source by source, whether data flows and what to do if not
  npm run tenant -- pause TENANT | resume TENANT
  npm run tenant -- sync TENANT        collects now, whatever the polling interval is
  npm run tenant -- test TENANT        sends one marked record through the hubs, to check the pipeline behind them
  npm run tenant -- remove TENANT --yes

TENANT is a tenant id or a name. Every command takes --json and --help.

Options of add:
  --tenant-id ID         the customer's tenant id, or one of its domains
  --client-id ID         the application (client) id; its secret VALUE is read from standard input
  --cloud CLOUD          ${cloudIds.join(', ')}; found by itself when left out
  --integrations LIST    what to collect, separated by commas; each may carry its polling interval:
                         office365Audit  office365Audit=60s  office365Audit=5m  office365Audit=disabled
                         (default: all. Known: ${Object.keys(integrations).join(', ')})
  --interval INTERVAL    polling interval of the integrations that name none: adaptive (default), 60s, 5m, 1h, disabled
  --name NAME            how the tenant is called here
  --description TEXT
  --stamp-name           writes the name on every record
`;

const options = {
  'tenant-id': { type: 'string' },
  'client-id': { type: 'string' },
  cloud: { type: 'string' },
  integrations: { type: 'string' },
  interval: { type: 'string' },
  name: { type: 'string' },
  description: { type: 'string' },
  'stamp-name': { type: 'boolean' },
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
  const seconds = match === null ? NaN : Number(match[1]) * { s: 1, m: 60, h: 3_600 }[match[2] === 'm' || match[2] === 'h' ? match[2] : 's'];
  if (!(seconds >= 1 && seconds <= 86_400))
    throw new InputError('The polling interval cannot be read.', 'Give adaptive, disabled, or a time from 1s to 24h, such as 60s, 5m or 1h.');
  return { kind: 'every', seconds };
}

function chosenIntegrations(list: string | undefined, interval: string): readonly ChosenIntegration[] {
  const chosen = new Map<string, ChosenIntegration>();
  for (const part of (list ?? Object.keys(integrations).join(',')).split(',').map((text) => text.trim())) {
    const [id = '', own] = part.split('=');
    if (!isIntegrationId(id))
      throw new InputError('There is no such integration.', `Known are: ${Object.keys(integrations).join(', ')}. Separate several by commas.`);
    if (chosen.has(id)) throw new InputError(`The integration ${id} is named twice.`, 'Name each integration once.');
    chosen.set(id, { id, polling: polling(own ?? interval) });
  }
  return [...chosen.values()];
}

function pollingText(value: Polling): string {
  return value.kind === 'every' ? `every ${value.seconds} s` : value.kind;
}

async function readStandardInput(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Paste the secret value, then press Enter and Ctrl+D:\n');
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

function tenantJson(tenant: Tenant): Readonly<Record<string, unknown>> {
  const { id, name, description, cloud, clientId, status, statusSince, stampName, addedAt } = tenant;
  const chosen = tenant.integrations.map((one) => ({ id: one.id, polling: pollingText(one.polling) }));
  return { tenantId: id, name, description, cloud, clientId, status, statusSince, stampName, addedAt, integrations: chosen };
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
  const chosen = chosenIntegrations(values.integrations, values.interval ?? 'adaptive');
  const added = await addTenant(
    connector.tenantPorts,
    {
      tenant,
      clientId,
      secret: await readStandardInput(),
      cloud,
      integrations: chosen,
      name: values.name,
      description: values.description ?? '',
      stampName: values['stamp-name'] ?? false,
    },
    output.progress,
    signal,
  );
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

const list: Command = async (connector, _given, output, signal) => {
  const now = connector.clock.now();
  const rows: { readonly json: Readonly<Record<string, unknown>>; readonly cells: readonly string[] }[] = [];
  for await (const tenant of connector.tenantPorts.tenants.all(signal)) {
    const sources = await connector.tenantPorts.sourceRows.ofTenant(tenant.id, signal);
    const worst = (['needsAttention', 'degraded', 'catchingUp', 'waiting', 'collecting'] as const).find((name) => sources.some(({ state }) => state.name === name));
    const state = tenant.status === 'paused' ? stateTitles.paused : worst === undefined ? 'Not run yet' : stateTitles[worst];
    const last = sources.map(({ lastRecordAt }) => lastRecordAt ?? '').sort().at(-1);
    const records = sources.reduce((sum, { recordsTotal }) => sum + recordsTotal, 0);
    rows.push({
      json: { ...tenantJson(tenant), state, records, lastRecordAt: last === '' ? undefined : last },
      cells: [tenant.name, tenant.id, tenant.cloud, state, String(records), last === undefined || last === '' ? 'never' : ago(last, now)],
    });
  }
  const text = rows.length === 0 ? 'No tenants yet. Add one: npm run tenant -- add --help' : table(['Name', 'Tenant id', 'Cloud', 'State', 'Records', 'Last record'], rows.map(({ cells }) => cells), [4]);
  output.result({ tenants: rows.map(({ json }) => json) }, text);
};

const show: Command = async (connector, given, output, signal) => {
  const { tenant } = await findTenant(connector.tenantPorts, theTenant(given), signal);
  const sources = sourcesOf(tenant, connector.tenantPorts.sources.values()).map(({ id }) => id);
  const facts = tenantJson(tenant);
  const lines = Object.entries(facts).map(([name, value]) => `${name.padEnd(14)} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  output.result({ ...facts, sources }, [...lines, `${'sources'.padEnd(14)} ${sources.join(', ')}`].join('\n'));
};

const doctor: Command = async (connector, given, output, signal) => {
  const { tenant } = await findTenant(connector.tenantPorts, theTenant(given), signal);
  const diagnoses = await diagnose(connector.collectPorts, tenant, signal);
  const now = connector.clock.now();
  const rows = diagnoses.map(({ source, stateTitle, since, lastRecordAt, lastDay }) => [
    source,
    stateTitle,
    since === undefined ? '' : ago(since, now),
    lastRecordAt === undefined ? 'never' : ago(lastRecordAt, now),
    `${lastDay.delivered} of ${lastDay.units}`,
    String(lastDay.records),
    String(lastDay.pending),
    String(lastDay.lost),
  ]);
  const heads = ['Source', 'State', 'Since', 'Last record', 'Blobs, 24 h', 'Records, 24 h', 'Pending', 'Lost'];
  const same = Map.groupBy(diagnoses, ({ why, nextStep }) => `  ${why}\n  Next: ${nextStep}`);
  const words = [...same].map(([text, those]) => `${those.map(({ source }) => source).join(', ')}\n${text}`);
  const lost = diagnoses.flatMap(({ source, gaps }) => gaps.map((gap) => `Lost: ${source}, ${gap.from.toISOString()} to ${gap.to.toISOString()}. ${gap.explanation} [${gap.cause}]`));
  output.result(
    { ...tenantJson(tenant), sources: diagnoses },
    [`${tenant.name} (${tenant.cloud}, ${tenant.id})`, '', table(heads, rows, [4, 5, 6, 7]), '', words.join('\n\n'), ...(lost.length === 0 ? [] : ['', ...lost])].join('\n'),
  );
};

const pause: Command = async (connector, given, output, signal) => {
  const tenant = await setStatus(connector.tenantPorts, theTenant(given), 'paused', signal);
  output.result(tenantJson(tenant), `${tenant.name} is paused. Microsoft keeps its content for 7 days: resume before then and nothing is lost.`);
};

const resume: Command = async (connector, given, output, signal) => {
  const tenant = await setStatus(connector.tenantPorts, theTenant(given), 'active', signal);
  output.result(tenantJson(tenant), `${tenant.name} is collected again; what came meanwhile is back-filled.`);
};

const sync: Command = async (connector, given, output, signal) => {
  const { tenant, sources } = await syncTenant(connector.tenantPorts, theTenant(given), signal);
  output.result({ tenantId: tenant.id, sources }, `${sources} sources of ${tenant.name} are collected now.`);
};

const test: Command = async (connector, given, output, signal) => {
  const { id, hubs } = await sendTestRecord(connector.tenantPorts, theTenant(given), signal);
  output.result({ id, hubs }, `Sent a test record with id ${id} to ${hubs.join(', ')}. Look for it in your SOC.`);
};

const remove: Command = async (connector, given, output, signal) => {
  const text = theTenant(given);
  if (given.values.yes !== true)
    throw new InputError(
      'Removing a tenant stops collecting it and deletes its secret and its position; a tenant added again starts with what Microsoft still holds.',
      `If you mean it: npm run tenant -- remove "${text}" --yes`,
    );
  const tenant = await removeTenant(connector.tenantPorts, text, signal);
  output.result(tenantJson(tenant), `${tenant.name} was removed. What was delivered stays in Event Hubs; coverage and gaps stay as proof.`);
};

const commands: Readonly<Record<string, Command>> = { add, list, show, doctor, pause, resume, sync, test, remove };

void runCommand(process.argv.slice(2).includes('--json'), async (output, signal) => {
  const given = read(process.argv.slice(2));
  const name = given.positionals[0];
  if (given.values.help === true || name === undefined) {
    output.text(help);
    return;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new InputError(`There is no command "${name}".`, 'See: npm run tenant -- --help');
  const connector = compose(process.env, { log: output.progressLine });
  try {
    await command(connector, given, output, signal);
  } finally {
    await connector.stop();
  }
});
