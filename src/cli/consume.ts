import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { InputError } from '../app/tenants';
import { readHub } from '../composition';
import { RecordSplitter } from '../domain/recordSplitter';
import type { SplitRecord } from '../domain/recordSplitter';
import { runCommand } from './runCommand';

const help = `Prints the records of a hub, local or in Azure.

  npm run consume -- --hub m365-audit [--from earliest|latest|TIME] [--count N] [--json] [--consumer-group NAME]

  --hub NAME     the hub, such as m365-audit or m365-operations
  --from WHERE   earliest (default), latest, or a time such as 2026-11-22T10:00:00Z
  --count N      stops after N records; without it, it follows the hub until Ctrl+C
  --for SECONDS  stops after so many seconds
  --json         one record a line, exactly as in the event; without it, a line per record for reading

The namespace is taken from the setting EVENTHUBS (or EVENTHUBS__fullyQualifiedNamespace), or from the local stack while it runs.
`;

function position(text: string): 'earliest' | 'latest' | Date {
  if (text === 'earliest' || text === 'latest') return text;
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw new InputError('--from is neither earliest, latest nor a time.', 'For example: --from 2026-11-22T10:00:00Z');
  return at;
}

function positive(name: string, text: string | undefined): number {
  if (text === undefined) return Infinity;
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new InputError(`--${name} is not a whole number above zero.`, `For example: --${name} 10`);
  return number;
}

const fields = ['time', 'category', 'operationName', 'tenantId', 'id'] as const;

/** The records of an event, cut out of it byte for byte; a body that is one bare record is that record. */
function recordsOf(body: Buffer, encoding: string | undefined): readonly SplitRecord[] {
  const plain = encoding === 'gzip' ? gunzipSync(body) : body;
  const several = plain.subarray(0, 12).equals(Buffer.from('{"records":['));
  const splitter = new RecordSplitter(fields, several ? { kind: 'property', name: 'records' } : { kind: 'array' });
  const records = several ? splitter.push(plain) : splitter.push(Buffer.concat([Buffer.from('['), plain, Buffer.from(']')]));
  splitter.end();
  return records;
}

function oneLine(record: SplitRecord): string {
  const [time, category, operation, tenantId, id] = record.fields.map((field) => field ?? '');
  return `${time}  ${category}  ${operation}  tenant ${tenantId}  id ${id}`;
}

void runCommand(process.argv.includes('--json'), async (output, signal) => {
  const { values } = parseArgs({
    options: {
      hub: { type: 'string' },
      from: { type: 'string' },
      count: { type: 'string' },
      for: { type: 'string' },
      'consumer-group': { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    output.text(help);
    return;
  }
  if (values.hub === undefined) throw new InputError('Which hub?', 'Give --hub NAME, for example --hub m365-audit.');
  const most = positive('count', values.count);
  const seconds = positive('for', values.for);
  const ends = seconds === Infinity ? signal : AbortSignal.any([signal, AbortSignal.timeout(seconds * 1_000)]);
  let printed = 0;
  const events = readHub(process.env, { hub: values.hub, from: position(values.from ?? 'earliest'), consumerGroup: values['consumer-group'] ?? '$Default' }, ends);
  for await (const event of events) {
    for (const record of recordsOf(event.body, event.contentEncoding)) {
      if (printed === most) return;
      output.text(values.json === true ? record.json.toString('utf8') : oneLine(record));
      printed += 1;
    }
    if (printed >= most) return;
  }
});
