import { cover, emptyCoverage } from '../domain/coverage';
import type { Gap, HourCoverage } from '../domain/coverage';
import { ledgerHour } from '../domain/ledger';
import type { LedgerScope } from '../domain/ledger';
import { hourOf } from '../domain/window';
import type { CollectPorts } from './collectPorts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Finished ledger rows are deleted when their day is older than this; what was counted until then is not counted again. */
const keptDays = 8;

/** The first day whose ledger rows are all still there. */
export function oldestKeptDay(now: Date): string {
  return new Date(now.getTime() - keptDays * dayMs).toISOString().slice(0, 10);
}

/** What the ledger says about these hours now; hours in which nothing was listed are left out. */
export async function countHours(
  ports: Pick<CollectPorts, 'ledger'>,
  scope: LedgerScope,
  hours: Iterable<string>,
  signal: AbortSignal,
): Promise<HourCoverage[]> {
  const wanted = new Set(hours);
  const counted = new Map<string, HourCoverage>();
  for (const [day, ofDay] of Map.groupBy(wanted, (hour) => ledgerDayOf(hour)))
    for (const span of ofDay.length > fewHours ? [day] : ofDay)
      for await (const rows of ports.ledger.hour(scope, span, signal))
        for (const row of rows) {
          const hour = ledgerHour(row.unit);
          if (wanted.has(hour)) counted.set(hour, cover(counted.get(hour) ?? emptyCoverage(scope, hour), row));
        }
  return [...counted.values()].sort((a, b) => a.hour.localeCompare(b.hour));
}

/** Up to so many hours of a day are read one by one, more by reading the day. */
const fewHours = 3;

function ledgerDayOf(hour: string): string {
  return hour.slice(0, 10);
}

/** Every hour of every day the ledger holds completely. */
export async function countableHours(ports: CollectPorts, scope: LedgerScope, signal: AbortSignal): Promise<string[]> {
  const oldest = oldestKeptDay(ports.clock.now());
  const days = (await ports.ledger.days(scope, signal)).filter((day) => day === 'undated' || day >= oldest);
  return days.flatMap((day) =>
    day === 'undated' ? [day] : Array.from({ length: 24 }, (_, hour) => `${day}T${String(hour).padStart(2, '0')}`),
  );
}

/** The coverage of the hours of these days, as it was last written. */
export async function coverageOfDays(
  ports: Pick<CollectPorts, 'coverage'>,
  scope: LedgerScope,
  days: readonly string[],
  signal: AbortSignal,
): Promise<HourCoverage[]> {
  const result: HourCoverage[] = [];
  for (const day of days) result.push(...(await ports.coverage.hours(scope, day, `${day}~`, signal)));
  return result;
}

/** Every hour after `after` up to `to`, those in which nothing was listed included: an empty hour is told as an empty hour. */
export async function denseHours(
  ports: Pick<CollectPorts, 'coverage'>,
  scope: LedgerScope,
  after: string,
  to: string,
  signal: AbortSignal,
): Promise<HourCoverage[]> {
  const from = Date.parse(`${after}:00:00Z`) + hourMs;
  const end = Date.parse(`${to}:00:00Z`) + hourMs;
  const known = new Map(
    (await ports.coverage.hours(scope, hourOf(new Date(from)), hourOf(new Date(end)), signal)).map((hour) => [hour.hour, hour]),
  );
  const result: HourCoverage[] = [];
  for (let at = from; at < end; at += hourMs) {
    const hour = hourOf(new Date(at));
    result.push(known.get(hour) ?? emptyCoverage(scope, hour));
  }
  return result;
}

/** Whether a part of the hour was never listed, so that what was delivered cannot be all there was. */
export function isPartlyLost(hour: HourCoverage, gaps: readonly Gap[], listedSince: Date | undefined): boolean {
  if (hour.hour === 'undated') return false;
  const from = Date.parse(`${hour.hour}:00:00Z`);
  if (listedSince !== undefined && from < listedSince.getTime()) return true;
  return gaps.some((gap) => gap.unitId === undefined && gap.from.getTime() < from + hourMs && gap.to.getTime() > from);
}
