import type { Gap, HourCoverage } from '../../src/domain/coverage';
import type { LedgerScope } from '../../src/domain/ledger';
import type { CoverageStore } from '../../src/domain/ports';
import { MemoryRows, refuseAborted } from './memoryRows';

/** Coverage and gaps in memory. */
export class MemoryCoverageStore implements CoverageStore {
  readonly #hours = new MemoryRows<HourCoverage>();
  readonly #gaps = new MemoryRows<{ readonly gap: Gap; readonly sent: boolean }>();

  readonly saveHours: CoverageStore['saveHours'] = async (hours, signal) => {
    refuseAborted('saving coverage', signal);
    for (const hour of hours) this.#hours.write(`${keyOf(hour.scope)}${hour.hour}`, hour, 'any');
    return Promise.resolve();
  };

  readonly hours: CoverageStore['hours'] = async (scope, from, to, signal) => {
    refuseAborted('reading coverage', signal);
    const start = keyOf(scope);
    const keys = this.#hours.keys(start).filter((key) => key.slice(start.length) >= from && key.slice(start.length) < to);
    return Promise.resolve(keys.flatMap((key) => withoutEtag(this.#hours.get(key))));
  };

  readonly recordGap: CoverageStore['recordGap'] = async (gap, signal) => {
    refuseAborted('recording a gap', signal);
    return Promise.resolve(this.#gaps.write(gapKey(gap), { gap, sent: false }, 'new') !== undefined);
  };

  readonly gaps: CoverageStore['gaps'] = async (scope, signal) => {
    refuseAborted('reading gaps', signal);
    return Promise.resolve(this.#gapsOf(scope).map(({ gap }) => gap));
  };

  readonly unsentGaps: CoverageStore['unsentGaps'] = async (scope, signal) => {
    refuseAborted('reading gaps', signal);
    return Promise.resolve(
      this.#gapsOf(scope)
        .filter(({ sent }) => !sent)
        .map(({ gap }) => gap),
    );
  };

  readonly markGapsSent: CoverageStore['markGapsSent'] = async (gaps, signal) => {
    refuseAborted('marking gaps', signal);
    for (const gap of gaps) {
      const present = this.#gaps.get(gapKey(gap));
      if (present !== undefined) this.#gaps.write(gapKey(gap), { gap: present.gap, sent: true }, 'any');
    }
    return Promise.resolve();
  };

  /** Every hour, for checks. */
  allHours(): HourCoverage[] {
    return this.#hours.keys().flatMap((key) => withoutEtag(this.#hours.get(key)));
  }

  /** Every gap, for checks. */
  allGaps(): Gap[] {
    return this.#gaps.keys().flatMap((key) => this.#gaps.get(key)?.gap ?? []);
  }

  #gapsOf(scope: LedgerScope): { readonly gap: Gap; readonly sent: boolean }[] {
    return this.#gaps.keys(keyOf(scope)).flatMap((key) => this.#gaps.get(key) ?? []);
  }
}

function withoutEtag(row: (HourCoverage & { readonly etag: string }) | undefined): HourCoverage[] {
  if (row === undefined) return [];
  const { etag, ...hour } = row;
  return etag === '' ? [] : [hour];
}

function keyOf(scope: LedgerScope): string {
  return `${scope.tenantId}|${scope.sourceId}|`;
}

function gapKey(gap: Gap): string {
  const what = gap.unitId === undefined ? `span|${gap.to.toISOString()}|${gap.cause}` : `unit|${gap.unitId}`;
  return `${keyOf(gap.scope)}${gap.from.toISOString()}_${what}`;
}
