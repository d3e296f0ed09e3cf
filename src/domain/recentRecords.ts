const hourMs = 3_600_000;

/** How many records were delivered in the hour that is going on, and in the one before it. */
interface RecentRecords {
  /** Hours since 1970. */
  readonly hour: number;
  readonly present: number;
  readonly before: number;
}

function parse(text: string | undefined): RecentRecords | undefined {
  const [, hour, present, before] = /^(\d{1,15})\|(\d{1,15})\|(\d{1,15})$/.exec(text ?? '') ?? [];
  if (hour === undefined || present === undefined || before === undefined) return undefined;
  return { hour: +hour, present: +present, before: +before };
}

/** As it stands at a moment: what is older than an hour before it does not count any more. */
function at(text: string | undefined, now: Date): RecentRecords {
  const hour = Math.floor(now.getTime() / hourMs);
  const known = parse(text);
  if (known?.hour === hour) return known;
  return { hour, present: 0, before: known?.hour === hour - 1 ? known.present : 0 };
}

/** Counts records that were delivered just now; `hour|present|before`, as `recordsPerHour` reads it. Text that cannot be read counts as none. */
export function countRecent(text: string | undefined, records: number, now: Date): string {
  const { hour, present, before } = at(text, now);
  return [hour, present + records, before].join('|');
}

/** Records of the last sixty minutes, as if those of the hour before were spread over it evenly. */
export function recordsPerHour(text: string | undefined, now: Date): number {
  const { hour, present, before } = at(text, now);
  const over = (now.getTime() - hour * hourMs) / hourMs;
  return Math.round(present + before * (1 - over));
}
