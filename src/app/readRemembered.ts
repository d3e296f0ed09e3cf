import type { EventPacker, Piece } from '../domain/event';
import { ConnectorError } from '../domain/failure';
import type { LedgerRow } from '../domain/ledger';
import { namedObject, removedState, stateOf } from '../domain/sentKey';
import type { SentEntry } from '../domain/sentKey';
import type { Page, SourceRecord } from '../domain/source';
import type { Outbox, Parcel } from './outbox';
import type { RunContext } from './runContext';
import { markOf } from './sentRecords';
import type { SentRecords } from './sentRecords';
import { tellNote } from './tellNote';
import { shortened, UnitPacking } from './unitPacking';

/** So many pages without anything new may have to be read again after an interruption. */
const pagesUntilNoted = 5;

/**
 * Reads a unit of a source that remembers what it sent, and hands over what is new or changed. What was acknowledged of it before is known from that
 * memory, so that it may read differently each time, and be read on from the last page that was acknowledged.
 */
export async function readRemembered(
  context: RunContext,
  sent: SentRecords,
  row: LedgerRow,
  outbox: Outbox,
  hub: string,
  limitBytes: number,
): Promise<void> {
  await new RememberingReader(context, sent, row, outbox, new UnitPacking(context, row, hub, limitBytes)).read();
}

class RememberingReader {
  readonly #context: RunContext;
  readonly #sent: SentRecords;
  readonly #row: LedgerRow;
  readonly #outbox: Outbox;
  readonly #packing: UnitPacking;
  #packer: EventPacker;
  #category: string | undefined;
  /** What the records that are packed, but not handed over, are remembered by. */
  #entries: SentEntry[] = [];
  #resumeAt: string | undefined;
  #quietPages = 0;
  #next: string | undefined;
  #isWhole = false;
  #hasLost = false;

  constructor(context: RunContext, sent: SentRecords, row: LedgerRow, outbox: Outbox, packing: UnitPacking) {
    this.#context = context;
    this.#sent = sent;
    this.#row = row;
    this.#outbox = outbox;
    this.#packing = packing;
    this.#packer = packing.packer(row.delivered);
    this.#resumeAt = row.delivered.resumeAt;
  }

  async read(): Promise<void> {
    const { unit, attempts, delivered } = this.#row;
    const { source, run, soft } = this.#context;
    this.#sent.begin(unit);
    if (unit.snapshot !== undefined) await this.#add([this.#mark('SnapshotBegun', { source: source.id })]);
    const again = { attempts, ...(delivered.resumeAt === undefined ? {} : { resumeAt: delivered.resumeAt }) };
    try {
      for await (const page of source.read({ ...run, signal: soft }, unit, again)) await this.#takePage(page);
    } catch (error) {
      // What was claimed has to be sent before any other unit is judged by it.
      if (!soft.aborted) await this.#flush();
      throw error;
    }
    await this.#end();
  }

  async #takePage(page: Page): Promise<void> {
    const { ports, tenant, source } = this.#context;
    await this.#add(page.records);
    for (const note of page.notes ?? []) tellNote(ports.telemetry, note, { tenant: tenant.id, source: source.id });
    this.#next = page.next ?? this.#next;
    this.#isWhole ||= page.isWhole === true;
    if (page.lost !== undefined) {
      this.#hasLost = true;
      await this.#flush({ lost: page.lost });
    }
    if (page.resumeAt === undefined) return;
    this.#resumeAt = page.resumeAt;
    this.#quietPages += 1;
    if (this.#quietPages >= pagesUntilNoted) await this.#flush();
  }

  async #add(records: readonly SourceRecord[]): Promise<void> {
    await this.#sent.ready(records);
    for (const record of records) {
      const entry = this.#sent.claim(record);
      if (entry === undefined) continue;
      if (record.category !== this.#category) {
        await this.#flush();
        this.#category = record.category;
        this.#packer = this.#packing.packer(this.#packer.reached, record.category);
      }
      const fitting = this.#packing.fits(record) ? shortened(record) : await this.#packing.pointerTo(record);
      const piece = this.#packer.add(fitting, record.json);
      if (piece !== undefined) await this.#hand(piece);
      this.#entries.push(entry);
    }
  }

  /** Hands over a piece; the record that did not fit into it is not among its entries yet. */
  async #hand(piece: Piece | undefined, more: Omit<Parcel, 'row' | 'piece'> = {}): Promise<void> {
    const sent = this.#entries;
    this.#entries = [];
    this.#quietPages = 0;
    await this.#outbox.put({
      row: this.#row,
      sent,
      ...(piece === undefined ? {} : { piece }),
      ...(this.#resumeAt === undefined ? {} : { resumeAt: this.#resumeAt }),
      ...more,
    });
    if (this.#context.soft.aborted && more.end !== true)
      throw new ConnectorError('reading a unit', { kind: 'cancelled', code: 'timeIsUp' });
  }

  async #flush(more: Omit<Parcel, 'row' | 'piece'> = {}): Promise<void> {
    const piece = this.#packer.flush();
    if (piece !== undefined || more.lost !== undefined || this.#resumeAt !== this.#row.delivered.resumeAt)
      await this.#hand(piece, more);
  }

  async #end(): Promise<void> {
    const { unit, delivered } = this.#row;
    const { source } = this.#context;
    // A read that began in the middle has not seen everything, but for a snapshot, whose objects are remembered as such.
    const isWhole = this.#isWhole && !this.#hasLost && (delivered.resumeAt === undefined || unit.snapshot !== undefined);
    if (isWhole) await this.#sent.ready([this.#mark('', {})]);
    const gone = isWhole ? this.#sent.gone() : [];
    await this.#add(gone.map((id) => removal(id)));
    if (unit.snapshot !== undefined) {
      const counts = { objects: this.#sent.objectsInSnapshot(), removed: gone.length, complete: isWhole };
      await this.#add([this.#mark('SnapshotEnded', { source: source.id, ...counts })]);
    }
    await this.#hand(this.#packer.flush(), {
      end: true,
      ...(this.#next === undefined ? {} : { next: this.#next }),
    });
  }

  /** A record of the connector's own about a snapshot; the same one each time, but for what it says. */
  #mark(operation: string, facts: Readonly<Record<string, unknown>>): SourceRecord {
    const { snapshot, at } = this.#row.unit;
    const json = Buffer.from(JSON.stringify({ snapshot, begun: at.toISOString(), ...facts }));
    return {
      id: `${snapshot ?? ''}/${operation}`,
      operation,
      category: 'Connector.Snapshot',
      json,
      sent: { object: markOf(operation), state: stateOf(operation) },
    };
  }
}

/** Tells that an object which was there is no longer among all that there are. */
function removal(id: string): SourceRecord {
  return {
    id,
    operation: 'Removed',
    category: 'Connector.Removed',
    json: Buffer.from(JSON.stringify({ id })),
    sent: { object: namedObject(id), state: removedState },
  };
}
