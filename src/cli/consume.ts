import { parseArgs } from 'node:util';
import { InputError } from '../app/tenants';
import { readHub } from '../composition';
import { ConnectorError } from '../domain/failure';
import { recordsInBody } from '../domain/eventRecords';
import type { SplitRecord } from '../domain/recordSplitter';
import { runCommand } from './runCommand';

const help = `Prints the records of a hub, local or in Azure.

  npm run consume -- --hub m365-audit [--from earliest|latest|TIME] [--count N] [--for SECONDS] [--json]

  --hub NAME             the hub, such as m365-audit or m365-operations
  --from WHERE           earliest (default), latest, or a time such as 2026-11-22T10:00:00Z: when it reached the hub
  --count N              stops after N records
  --for SECONDS          stops after so many seconds; with neither, it follows the hub until Ctrl+C
  --json                 one record a line, byte for byte as in the event; without it, a line per record for reading
  --consumer-group NAME  reads as this consumer group (default $Default)

The namespace is taken from the setting EVENTHUBS (or EVENTHUBS__fullyQualifiedNamespace), or from the local stack while it runs (--data DIR names its
folder when it is not .local). For a namespace in Azure without a key, your identity needs the role Azure Event Hubs Data Receiver.
`;

const options = {
  hub: { type: 'string' },
  from: { type: 'string' },
  count: { type: 'string' },
  for: { type: 'string' },
  'consumer-group': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

function read(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options }).values;
  } catch (error) {
    throw new InputError(
      error instanceof Error ? error.message : 'The command cannot be read.',
      'See: npm run consume -- --help',
    );
  }
}

function position(text: string): 'earliest' | 'latest' | Date {
  if (text === 'earliest' || text === 'latest') return text;
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? new Date(text) : new Date(NaN);
  if (Number.isNaN(at.getTime()))
    throw new InputError('--from is neither earliest, latest nor a time.', 'For example: --from 2026-11-22T10:00:00Z');
  return at;
}

function positive(name: string, text: string | undefined, most: number): number {
  if (text === undefined) return Infinity;
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > most)
    throw new InputError(`--${name} is not a whole number from 1 to ${most}.`, `For example: --${name} 10`);
  return number;
}

const fields = ['time', 'category', 'operationName', 'tenantId', 'id'] as const;

function oneLine(record: SplitRecord): string {
  const [time, category, operation, tenantId, id] = record.fields.map((field) => field ?? '');
  return `${time}  ${category}  ${operation}  tenant ${tenantId}  id ${id}`;
}

/** What Event Hubs refused, in words that fit whoever reads. */
function readingError(error: unknown, hub: string): unknown {
  if (!(error instanceof ConnectorError) || error.failure.kind !== 'hubRefused') return error;
  const { code } = error.failure;
  return code === 'MessagingEntityNotFoundError'
    ? new InputError(
        `There is no hub "${hub}" in this namespace, or no such consumer group. [${code}]`,
        'Check --hub and --consumer-group.',
      )
    : new ConnectorError('reading a hub', {
        kind: 'rejectedRequest',
        code,
        detail: `Event Hubs does not let you read the hub ${hub}: the role Azure Event Hubs Data Receiver, or a key with the right Listen, is needed.`,
      });
}

void runCommand(process.argv.includes('--json'), async (output, signal) => {
  const values = read(process.argv.slice(2));
  if (values.help === true) {
    output.result({ help }, help);
    return;
  }
  const { hub } = values;
  if (hub === undefined || hub === '') throw new InputError('Which hub?', 'Give --hub NAME, for example --hub m365-audit.');
  const most = positive('count', values.count, 1e12);
  const seconds = positive('for', values.for, 1e6);
  const from = position(values.from ?? 'earliest');
  const ends = seconds === Infinity ? signal : AbortSignal.any([signal, AbortSignal.timeout(seconds * 1_000)]);
  let printed = 0;
  try {
    for await (const event of readHub(process.env, { hub, from, consumerGroup: values['consumer-group'] ?? '$Default' }, ends)) {
      for (const record of recordsInBody(event.body, fields)) {
        output.text(values.json === true ? record.json : oneLine(record));
        printed += 1;
        if (printed >= most) return;
      }
    }
  } catch (error) {
    throw readingError(error, hub);
  }
});
