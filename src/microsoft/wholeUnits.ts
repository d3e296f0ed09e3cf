import type { Listing, Run, SourceMemory, Unit } from '../domain/source';
import type { Window } from '../domain/window';

const weekMs = 7 * 86_400_000;
const dayMs = 86_400_000;

/**
 * What there is to read of a source that is read as a whole: a snapshot, when one is due, else what changed. The `ref` of a unit is the delta link
 * it begins at, or empty when it begins at the start.
 */
export async function* listWhole(
  run: Run,
  windows: readonly Window[],
  memory: SourceMemory,
  facts: { readonly snapshotEverySeconds: number },
): AsyncGenerator<Listing> {
  for (const window of windows) {
    const isDue = snapshotIsDue(memory, run.now(), facts.snapshotEverySeconds);
    yield await Promise.resolve({ units: [isDue ? snapshotUnit(run.now()) : changesUnit(run.now(), memory)], completes: window });
  }
}

function snapshotIsDue({ snapshotAt }: SourceMemory, now: Date, everySeconds: number): boolean {
  const at = snapshotAt === undefined ? NaN : Date.parse(snapshotAt);
  return Number.isNaN(at) || at > now.getTime() + dayMs || now.getTime() - at >= everySeconds * 1_000;
}

function snapshotUnit(now: Date): Unit {
  const snapshot = `snapshot-${now.toISOString().replace(/[-:.]/g, '')}`;
  return { ...unitAt(now), id: snapshot, ref: '', snapshot };
}

function changesUnit(now: Date, { link = '' }: SourceMemory): Unit {
  return { ...unitAt(now), id: `changes/${now.toISOString()}`, ref: link };
}

function unitAt(now: Date): Pick<Unit, 'at' | 'expires'> {
  return { at: now, expires: new Date(now.getTime() + weekMs) };
}
