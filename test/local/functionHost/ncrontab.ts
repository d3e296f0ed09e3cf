interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly words?: readonly string[];
}

const months = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const fields: readonly Field[] = [
  { name: 'second', from: 0, to: 59 },
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12, words: months },
  { name: 'day of week', from: 0, to: 6, words: weekdays },
];

/** A parsed timer schedule in UTC. */
export interface Schedule {
  /** The first time after the given one. */
  next(after: Date): Date;
}

/**
 * Parses a timer schedule as Azure Functions does: six fields, or five without seconds. Day and day of week must both match, other than in Unix
 * cron: https://github.com/atifaziz/NCrontab
 */
export function parseSchedule(expression: string): Schedule {
  const parts = expression.trim().split(/\s+/);
  if (parts.length === 5) parts.unshift('0');
  if (parts.length !== 6)
    throw new Error(
      `"${expression}" is no schedule: it needs six fields {second} {minute} {hour} {day} {month} {day of week}, in UTC.`,
    );
  const [seconds, minutes, hours, days, monthNumbers, weekdayNumbers] = fields.map((field, index) =>
    parseField(field, parts[index] ?? ''),
  );
  if (!seconds || !minutes || !hours || !days || !monthNumbers || !weekdayNumbers)
    throw new Error(`"${expression}" is no schedule.`);

  const next = (after: Date): Date => {
    const time = new Date(after);
    time.setUTCMilliseconds(0);
    time.setUTCSeconds(time.getUTCSeconds() + 1);
    const limit = after.getTime() + 8 * 366 * 24 * 60 * 60 * 1000;
    while (time.getTime() < limit) {
      if (!monthNumbers.has(time.getUTCMonth() + 1)) {
        time.setUTCMonth(time.getUTCMonth() + 1, 1);
        time.setUTCHours(0, 0, 0);
      } else if (!days.has(time.getUTCDate()) || !weekdayNumbers.has(time.getUTCDay())) {
        time.setUTCHours(24, 0, 0);
      } else if (!hours.has(time.getUTCHours())) {
        time.setUTCMinutes(60, 0);
      } else if (!minutes.has(time.getUTCMinutes())) {
        time.setUTCSeconds(60);
      } else if (!seconds.has(time.getUTCSeconds())) {
        time.setUTCSeconds(time.getUTCSeconds() + 1);
      } else return time;
    }
    throw new Error(`The schedule "${expression}" never comes.`);
  };
  next(new Date());
  return { next };
}

function parseField(field: Field, text: string): ReadonlySet<number> {
  const found = new Set<number>();
  for (const part of text.split(',')) {
    const [range = '', step, ...rest] = part.split('/');
    const every = step === undefined ? 1 : Number(step);
    const [first = '', last, ...more] = range.split('-');
    const from = range === '*' ? field.from : parseNumber(field, first);
    // A step without an end, as in 5/15, runs to the last value of the field.
    const to =
      range === '*' || (last === undefined && step !== undefined)
        ? field.to
        : last === undefined
          ? from
          : parseNumber(field, last);
    const sound =
      rest.length === 0 &&
      more.length === 0 &&
      Number.isInteger(every) &&
      every > 0 &&
      from >= field.from &&
      to <= field.to &&
      from <= to;
    if (!sound) throw new Error(`"${part}" is no ${field.name} in a schedule.`);
    for (let value = from; value <= to; value += every) found.add(value);
  }
  return found;
}

function parseNumber({ words, from }: Field, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  const index = text.length < 3 ? -1 : (words ?? []).findIndex((word) => word.startsWith(text.toLowerCase()));
  return index < 0 ? NaN : index + from;
}
