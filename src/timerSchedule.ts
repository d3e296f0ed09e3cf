interface Field {
  readonly from: number;
  readonly to: number;
  readonly names?: readonly string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const fields: readonly Field[] = [
  { from: 0, to: 59 },
  { from: 0, to: 59 },
  { from: 0, to: 23 },
  { from: 1, to: 31 },
  { from: 1, to: 12, names: months },
  { from: 0, to: 6, names: weekdays },
];

/**
 * What is wrong with the schedule of the collecting timer; undefined when nothing is. It is a schedule of the Functions host, which checks it too, but only
 * for its form: https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions
 */
export function wrongWithSchedule(text: string): string | undefined {
  const parts = text.split(/\s+/);
  if (parts.length === 5) parts.unshift('0');
  if (parts.length !== 6) return 'does not have the six fields second, minute, hour, day, month and day of week';
  const values = parts.map((part, index) => valuesOf(part, fields[index] ?? { from: 0, to: 0 }));
  const wrong = values.findIndex((found) => found === undefined);
  if (wrong >= 0)
    return `cannot be read at its ${['second', 'minute', 'hour', 'day', 'month', 'day of week'][wrong] ?? ''} field`;
  const [seconds, , ...rest] = values;
  if (rest.some((found, index) => found !== undefined && found.size < sizeOf(fields[index + 2])))
    return 'leaves out hours or days; what Microsoft keeps for 7 days must be looked at every hour';
  if ((seconds?.size ?? 0) > 30) return 'fires every second, faster than a tick takes';
  return undefined;
}

function sizeOf(field: Field | undefined): number {
  return field === undefined ? 0 : field.to - field.from + 1;
}

/** The values that a field names; undefined when it cannot be read. */
function valuesOf(text: string, field: Field): ReadonlySet<number> | undefined {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(?:\*|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(part);
    if (match === null) return undefined;
    const [, first, last, step] = match;
    const from = first === undefined ? field.from : valueOf(first, field);
    // A step without an end, as in 5/15, runs to the last value of the field.
    const to = last !== undefined ? valueOf(last, field) : first === undefined || step !== undefined ? field.to : from;
    const every = step === undefined ? 1 : Number(step);
    if (from === undefined || to === undefined || from > to || every < 1) return undefined;
    for (let value = from; value <= to; value += every) values.add(value);
  }
  return values;
}

function valueOf(text: string, { from, to, names = [] }: Field): number | undefined {
  const named = names.indexOf(text.slice(0, 3).toLowerCase());
  const value = /^\d{1,2}$/.test(text) ? Number(text) : named < 0 ? NaN : named + from;
  return value >= from && value <= to ? value : undefined;
}
