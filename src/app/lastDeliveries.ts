import { failureOf } from '../domain/failure';
import type { HourCoverage } from '../domain/coverage';
import type { Ledger } from '../domain/ports';
import type { LedgerRow } from '../domain/ledger';
import type { CoverageRow } from './heatMap';

/** One unit that Event Hubs has acknowledged. Times are ISO texts. */
export interface LastDelivery {
  readonly at: string;
  readonly source: string;
  readonly title: string;
  readonly unit: string;
  /** When Microsoft made it available. */
  readonly availableAt: string;
  readonly records: number;
  readonly bytes: number;
}

const hoursRead = 6;
const partsRead = 24;

/**
 * What was delivered last, newest first, from the ledger: the connector may write to the hubs and not read them. Only units of the last hours are looked
 * at, and of those hours only some when there are many.
 */
export async function lastDeliveries(
  ledger: Pick<Ledger, 'hour'>,
  { hours, rows }: { readonly hours: readonly string[]; readonly rows: readonly CoverageRow[] },
  most: number,
  signal: AbortSignal,
): Promise<readonly LastDelivery[]> {
  const wanted = hours
    .slice(-hoursRead)
    .toReversed()
    .flatMap((hour) => rows.map((row) => ({ hour, row, seen: row.hours.get(hour) })))
    .filter((each): each is typeof each & { readonly seen: HourCoverage } => (each.seen?.delivered ?? 0) > 0)
    .slice(0, partsRead);
  const found = await Promise.all(
    wanted.map(async ({ hour, row: { source, title }, seen }) => {
      const units: LedgerRow[] = [];
      try {
        for await (const some of ledger.hour(seen.scope, hour, signal)) units.push(...some);
      } catch (error) {
        // The rest of the page is worth more than this list.
        if (failureOf(error)?.kind !== 'storeUnavailable') throw error;
      }
      return units.flatMap(({ state, unit, finishedAt, delivered: { records, bytes } }) =>
        state !== 'done' || finishedAt === undefined || records === 0
          ? []
          : [{ at: finishedAt.toISOString(), source, title, unit: unit.id, availableAt: unit.at.toISOString(), records, bytes }],
      );
    }),
  );
  return found
    .flat()
    .sort((a, b) => b.at.localeCompare(a.at))
    .slice(0, most);
}
