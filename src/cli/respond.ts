import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ActPorts } from '../app/actPorts';
import { findAction, lookFor, viewAction, viewKinds } from '../app/actionView';
import { decideAction, decisions } from '../app/decideAction';
import type { Decision } from '../app/decideAction';
import { approvalTexts, targetText, warningTexts } from '../app/describeAction';
import { requestAction } from '../app/requestAction';
import type { RequestedAction } from '../app/requestAction';
import { findTenant, InputError } from '../app/tenants';
import { compose } from '../composition';
import type { Connector } from '../composition';
import { hasWork } from '../domain/actionRow';
import type { ActionRow } from '../domain/actionRow';
import type { Operator } from '../domain/operator';
import type { Tenant } from '../domain/tenant';
import { runCommand } from './runCommand';
import type { Output } from './runCommand';
import { table, wrap } from './table';
import { whoRuns } from './whoRuns';

const help = `Actions on users and devices of tenants.

  npm run respond -- kinds TENANT                  what can be done, and what is missing
  npm run respond -- find TENANT NAME [--device]   users (or devices) by the beginning of their name, with their alerts
  npm run respond -- do TENANT ACTION TARGET --reason TEXT [--choice CHOICE] [--key KEY] [--yes]
                                                   says what would be done; with --yes it is done
  npm run respond -- list [TENANT]                 actions, newest first
  npm run respond -- show TENANT ID                an action with its whole story
  npm run respond -- decline TENANT ID
  npm run respond -- cancel TENANT ID
  npm run respond -- retry TENANT ID               tries the step that failed again; what is done stays done

Approving is for the page and the API, where who it is has been proven.
TENANT is a tenant id or a name; TARGET is the id that find shows. The same --key is the same request, however often it is sent.
  --watch     stays until the action has ended, or waits for somebody
  --json      the last line is one JSON object
Exit code: 0 it worked, 1 Microsoft or Azure refused, 2 what was given cannot be right.
While the local stack runs (npm start), the command speaks to it; --data DIR names its folder when it is not .local.
`;

const options = {
  reason: { type: 'string' },
  choice: { type: 'string' },
  key: { type: 'string' },
  device: { type: 'boolean' },
  yes: { type: 'boolean' },
  watch: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof read>['values'];

const helpHint = 'See: npm run respond -- --help';
const width = 100;
const watchMs = 1_000;
const listed = 50;

function read(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true });
  } catch (error) {
    throw new InputError(error instanceof Error ? error.message : 'The command cannot be read.', helpHint);
  }
}

interface Call {
  readonly connector: Connector;
  readonly words: readonly string[];
  readonly values: Values;
  readonly output: Output;
  readonly signal: AbortSignal;
}

const given = (words: readonly string[], index: number, what: string): string => {
  const word = words[index];
  if (word === undefined || word === '') throw new InputError(`Which ${what}?`, helpHint);
  return word;
};

/** Whoever may use the command line may ask; approving takes a person whose sign-in was proven. */
const operator = (): Operator => ({ who: whoRuns(), roles: ['Responder'] });

async function tenantOf({ connector, words, signal }: Call): Promise<Tenant> {
  return (await findTenant(connector.tenantPorts, given(words, 0, 'tenant'), signal)).tenant;
}

const commands: Readonly<Record<string, (call: Call) => Promise<void>>> = {
  kinds: async (call) => {
    const tenant = await tenantOf(call);
    const kinds = await viewKinds(call.connector.actPorts, tenant, call.signal);
    const rows = kinds.map(({ id, title, targetKind, choices, unavailable }) => [
      ...[id, title, targetKind, choices.join(', ')],
      unavailable === undefined ? 'available' : unavailable.title,
    ]);
    const next = kinds.find(({ unavailable }) => unavailable !== undefined)?.unavailable?.nextStep;
    const text = table(['Action', 'Title', 'On', 'Choices', 'State'], rows);
    call.output.result({ actions: kinds }, next === undefined ? text : `${text}\n\n${wrap(next, width)}`);
  },
  find: async (call) => {
    const tenant = await tenantOf(call);
    const kind = call.values.device === true ? 'device' : 'user';
    const targets = await lookFor(call.connector.actPorts, tenant, kind, given(call.words, 1, 'name'), call.signal);
    const rows = targets.map(({ id, name, detail, alerts }) => [id, name, detail, alerts.map(({ title }) => title).join('; ')]);
    call.output.result({ targets }, rows.length === 0 ? 'Nothing was found.' : table(['Id', 'Name', 'State', 'Alerts'], rows));
  },
  do: ask,
  list: async ({ connector, words, output, signal }) => {
    const { actPorts, tenantPorts } = connector;
    const tenant = words[0] === undefined ? undefined : (await findTenant(tenantPorts, words[0], signal)).tenant;
    const rows = await actPorts.actions.newest(tenant?.id, listed, signal);
    const cells = rows.map((row) => {
      const { id, tenantId, action, target, stateTitle, requestedAt } = viewAction(row);
      return [id, action, target.name, stateTitle, requestedAt.slice(0, 16), tenantId];
    });
    const text =
      cells.length === 0 ? 'Nothing was done yet.' : table(['Id', 'Action', 'On', 'State', 'Asked for', 'Tenant'], cells);
    output.result({ actions: rows.map(viewAction) }, text);
  },
  show: async (call) => {
    const tenant = await tenantOf(call);
    await shown(call, await findAction(call.connector.actPorts, tenant, given(call.words, 1, 'action'), call.signal));
  },
  ...Object.fromEntries(decisions.map((decision) => [decision, async (call: Call) => decide(call, decision)])),
};

async function ask(call: Call): Promise<void> {
  const { connector, words, values, output, signal } = call;
  const tenant = await tenantOf(call);
  const { reason = '', choice, yes, key = `command-${randomUUID()}` } = values;
  const body = {
    ...{ action: given(words, 1, 'action'), target: given(words, 2, 'target'), reason, dryRun: yes !== true },
    ...(choice === undefined ? {} : { choice }),
  };
  const asked = await requestAction(connector.actPorts, operator(), { tenantId: tenant.id, key, body }, signal);
  if (asked.dryRun) output.result(dryRunJson(asked), dryRunText(asked));
  else await shown(call, asked.row);
}

function dryRunJson({ action, report, steps, approval }: Extract<RequestedAction, { dryRun: true }>) {
  return { dryRun: true, action, target: report.target, state: report.state, warnings: report.warnings, steps, approval };
}

function dryRunText({ report, steps, approval }: Extract<RequestedAction, { dryRun: true }>): string {
  const causes = approval.map((cause) => approvalTexts[cause]);
  return [
    targetText(report),
    `Would be done: ${steps.join(', then ')}.`,
    ...report.warnings.map((warning) => warningTexts[warning]),
    ...(causes.length === 0 ? [] : [`Another person has to approve it, because ${causes.join(', and ')}.`]),
    'Nothing was sent. Add --yes to have it done.',
  ]
    .map((sentence) => wrap(sentence, width))
    .join('\n');
}

async function decide(call: Call, decision: Decision): Promise<void> {
  const tenant = await tenantOf(call);
  const of = { tenantId: tenant.id, id: given(call.words, 1, 'action'), decision };
  await shown(call, await decideAction(call.connector.actPorts, operator(), of, call.signal));
}

/** Shows an action, at its end when that is waited for: the connector does it, this command only looks. */
async function shown({ connector, values, output, signal }: Call, row: ActionRow): Promise<void> {
  const last = values.watch === true ? await watched(connector.actPorts, row, output, signal) : row;
  const { story, ...rest } = viewAction(last);
  const lines = story.map(({ at, text, who }) =>
    wrap(`${at.slice(11, 19)} ${text}${who === undefined ? '' : ` — ${who}`}`, width, '  '),
  );
  const head = `${rest.action} on ${rest.target.name}: ${rest.stateTitle} (${rest.id})`;
  output.result({ action: { ...rest, story } }, [head, wrap(rest.nextStep, width), ...lines].join('\n'));
}

async function watched(ports: ActPorts, row: ActionRow, output: Output, signal: AbortSignal): Promise<ActionRow> {
  let last = row;
  for (let told = 0; ;) {
    const lines = viewAction(last).story.slice(told);
    for (const { text } of lines) output.progress(text);
    told = last.story.length;
    if (last.state === 'approval' || !hasWork(last)) return last;
    await wait(watchMs, undefined, { signal });
    last = (await ports.actions.find(row.id, signal))?.row ?? last;
  }
}

void runCommand(process.argv.slice(2).includes('--json'), async (output, signal) => {
  const { values, positionals } = read(process.argv.slice(2));
  const [name, ...words] = positionals;
  if (values.help === true || name === undefined) {
    output.result({ help }, help);
    return;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new InputError(`There is no command "${name}".`, helpHint);
  const connector = compose(process.env, { log: output.progressLine });
  try {
    await command({ connector, words, values, output, signal });
  } finally {
    await connector.stop();
  }
});
