import { failureOf } from '../domain/failure';
import type { LedgerScope } from '../domain/ledger';
import type { SentRow } from '../domain/ports';
import { nameOf, packSent, removedState, unpackSent } from '../domain/sentKey';
import type { SentEntry } from '../domain/sentKey';
import type { SourceRecord, Unit } from '../domain/source';
import type { CollectPorts } from './collectPorts';
import type { SourceLease } from './lease';
import { retrying } from './retrying';

/** Where the memory of a source begins that has had no snapshot yet; before the name of any. */
const firstPart = 'snapshot-';
const lastPart = '~';

interface Holder {
  readonly ports: Pick<CollectPorts, 'sent' | 'clock'>;
  readonly scope: LedgerScope;
  readonly lease: SourceLease;
  readonly hard: AbortSignal;
}

/** What a run knows of what was sent of a source before, loaded as it is needed. */
export interface SentRecords {
  /** To be called before a unit is read. */
  readonly begin: (unit: Unit) => void;
  /** Loads what is needed to judge these records. */
  readonly ready: (records: readonly SourceRecord[]) => Promise<void>;
  /** The entry to be remembered once the record is acknowledged; undefined when it was sent before. From now on it counts as sent. */
  readonly claim: (record: SourceRecord) => SentEntry | undefined;
  /** The ids of objects that were there before, and not among those the unit has claimed or repeated. */
  readonly gone: () => readonly string[];
  /** How many objects the snapshot under way has. */
  readonly objectsInSnapshot: () => number;
  /** Makes entries durable. */
  readonly append: (entries: readonly SentEntry[]) => Promise<void>;
}

/** The rows of the memory, numbered on; a row that an overtaken run has added meanwhile is taken note of. */
class SentRows {
  readonly #holder: Holder;
  readonly #next = new Map<string, number>();

  constructor(holder: Holder) {
    this.#holder = holder;
  }

  async load(from: string, to: string): Promise<readonly SentRow[]> {
    const { ports, scope, hard } = this.#holder;
    const rows = await retrying(ports.clock, hard, async () => ports.sent.load(scope, from, to, hard));
    for (const { part, number } of rows) this.#next.set(part, Math.max(this.#next.get(part) ?? 0, number + 1));
    return rows;
  }

  async append(entries: readonly SentEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const { ports, scope, lease, hard } = this.#holder;
    const byPart = Map.groupBy(entries, ({ part }) => part);
    for (;;) {
      const rows = [...byPart].map(([part, ofPart]) => ({
        part,
        number: this.#next.get(part) ?? 0,
        entries: packSent(ofPart),
      }));
      try {
        await retrying(ports.clock, hard, async () => ports.sent.append(scope, rows, ports.clock.now(), hard));
        for (const { part, number } of rows) this.#next.set(part, number + 1);
        return;
      } catch (error) {
        if (failureOf(error)?.kind !== 'conflict') throw error;
        // Ours to go on with only while the lease is ours; what the other run noted down is as true as our own.
        await lease.update((row) => row, hard);
        for (const part of byPart.keys()) await this.load(part, part);
      }
    }
  }
}

/** The memory of a source that reads windows: in parts of an hour of the records' own time. */
export function sentInWindows(holder: Holder): SentRecords {
  const rows = new SentRows(holder);
  const hours = new Map<string, Map<string, string>>();
  const hourOfRecord = ({ sent }: SourceRecord): string => sent?.hour ?? 'undated';

  const load = async (from: string, to: string): Promise<void> => {
    for (const { part, entries } of await rows.load(from, to))
      for (const { object, state } of unpackSent(entries)) statesOf(part).set(object, state);
  };
  const statesOf = (hour: string): Map<string, string> => {
    let states = hours.get(hour);
    if (states === undefined) hours.set(hour, (states = new Map<string, string>()));
    return states;
  };

  return {
    begin: ({ from }) => {
      // Units come one after the other, and mostly onwards: what lies a day behind is loaded again if it is needed.
      const oldest = new Date((from?.getTime() ?? 0) - 86_400_000).toISOString();
      for (const hour of hours.keys()) if (hour < oldest) hours.delete(hour);
    },
    ready: async (records) => {
      const missing = [...new Set(records.map(hourOfRecord))].filter((hour) => !hours.has(hour)).sort();
      for (const span of joined(missing)) {
        for (const hour of span) statesOf(hour);
        await load(span[0] ?? '', span.at(-1) ?? '');
      }
    },
    claim: (record) => {
      const { sent } = record;
      if (sent === undefined) return undefined;
      const part = hourOfRecord(record);
      const states = statesOf(part);
      if (states.get(sent.object) === sent.state) return undefined;
      states.set(sent.object, sent.state);
      return { part, object: sent.object, state: sent.state };
    },
    gone: () => [],
    objectsInSnapshot: () => 0,
    append: async (entries) => rows.append(entries),
  };
}

const hourMs = 3_600_000;

/** Hours cut where one or more are missing in between. */
function joined(hours: readonly string[]): string[][] {
  const spans: string[][] = [];
  for (const hour of hours) {
    const span = spans.at(-1);
    const last = span?.at(-1);
    if (span !== undefined && last !== undefined && startOf(hour) - startOf(last) === hourMs) span.push(hour);
    else spans.push([hour]);
  }
  return spans;
}

function startOf(hour: string): number {
  return Date.parse(`${hour}:00:00Z`);
}

/** The memory of a source that is read as a whole: the last state of every object, in parts that begin with a snapshot. */
export function sentAsWhole(holder: Holder): SentRecords {
  const rows = new SentRows(holder);
  const states = new Map<string, string>();
  const snapshots = new Map<string, Map<string, string>>();
  let loaded = false;
  let newest = firstPart;
  let unit: Unit | undefined;
  let seen = new Set<string>();

  const note = (part: string, object: string, state: string): void => {
    states.set(object, state);
    let ofPart = snapshots.get(part);
    if (ofPart === undefined) snapshots.set(part, (ofPart = new Map<string, string>()));
    ofPart.set(object, state);
  };
  const ofSnapshot = (): ReadonlyMap<string, string> => snapshots.get(unit?.snapshot ?? '') ?? new Map<string, string>();

  return {
    begin: (next) => {
      unit = next;
      seen = new Set();
    },
    ready: async (records) => {
      if (loaded || records.length === 0) return;
      loaded = true;
      for (const { part, entries } of await rows.load('', lastPart)) {
        newest = part > newest ? part : newest;
        for (const { object, state } of unpackSent(entries)) note(part, object, state);
      }
    },
    claim: ({ sent }) => {
      if (sent === undefined) return undefined;
      const { object, state } = sent;
      seen.add(object);
      const part = unit?.snapshot ?? newest;
      const known = unit?.snapshot === undefined ? states : ofSnapshot();
      if (known.get(object) === state) return undefined;
      note(part, object, state);
      newest = part > newest ? part : newest;
      return { part, object, state };
    },
    gone: () => {
      const inSnapshot = ofSnapshot();
      const lost = [...states].filter(
        ([object, state]) => state !== removedState && !seen.has(object) && !inSnapshot.has(object),
      );
      return lost.flatMap(([object]) => nameOf(object) ?? []);
    },
    objectsInSnapshot: () =>
      [...ofSnapshot()].filter(([object, state]) => state !== removedState && !object.startsWith(markOf(''))).length,
    append: async (entries) => rows.append(entries),
  };
}

/** The key of a record that the connector adds to a snapshot; no object has such a one. */
export function markOf(name: string): string {
  return `m${name}`;
}
