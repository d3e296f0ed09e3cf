import { crc32 } from 'node:zlib';
import { EventPacker, hashedId, pointerRecord } from '../domain/event';
import { ConnectorError } from '../domain/failure';
import { nothingDelivered } from '../domain/ledger';
import type { Delivered, LedgerRow } from '../domain/ledger';
import type { SourceRecord } from '../domain/source';
import type { Outbox } from './outbox';
import { retrying } from './retrying';
import type { RunContext } from './runContext';

/** What an AMQP message needs besides its body: annotations, properties, the copies of ids; measured at under 600 bytes, with room for long unit ids. */
export const eventOverheadBytes = 1_600;

/** The room an envelope may take around a record: time, names and ids, all bounded by what Microsoft sends. */
const envelopeBytes = 8_192;
const longestName = 1_000;

/** Reads a unit and hands it over in pieces, from where it was delivered to; whole, when it reads differently than before. */
export async function readUnit(
  context: RunContext,
  row: LedgerRow,
  outbox: Outbox,
  hub: string,
  limitBytes: number,
): Promise<void> {
  const reader = new UnitReader(context, row, outbox, hub, limitBytes);
  if (await reader.readFrom(row.delivered)) return;
  // What was delivered may belong to another version of the unit.
  const { ports, tenant, source } = context;
  ports.telemetry.event('unitChanged', 'warning', { tenant: tenant.id, source: source.id });
  await reader.readFrom(nothingDelivered, true);
}

class UnitReader {
  readonly #context: RunContext;
  readonly #row: LedgerRow;
  readonly #outbox: Outbox;
  readonly #hub: string;
  readonly #limitBytes: number;

  constructor(context: RunContext, row: LedgerRow, outbox: Outbox, hub: string, limitBytes: number) {
    this.#context = context;
    this.#row = row;
    this.#outbox = outbox;
    this.#hub = hub;
    this.#limitBytes = limitBytes;
  }

  /** Reads a unit, skipping what is delivered already; returns false, having handed over nothing, when the skipped part is not what was delivered. */
  async readFrom(skip: Pick<Delivered, 'records' | 'checksum'>, restart = false): Promise<boolean> {
    const { source, run, soft } = this.#context;
    const row = this.#row;
    const packer = this.#packer(skip);
    let toSkip = skip.records;
    let checksum = 0;
    let first = restart;
    for await (const records of source.read({ ...run, signal: soft }, row.unit)) {
      for (const record of records) {
        if (toSkip > 0) {
          checksum = crc32(record.json, checksum);
          toSkip -= 1;
          if (toSkip === 0 && checksum !== skip.checksum) return false;
          continue;
        }
        const fitting = this.#fits(record) ? shortened(record) : await this.#pointerTo(record);
        const piece = packer.add(fitting, record.json);
        if (piece === undefined) continue;
        await this.#outbox.put({ row, piece, ...(first ? { restart: true } : {}) });
        first = false;
        if (soft.aborted) throw new ConnectorError('reading a unit', { kind: 'cancelled', code: 'timeIsUp' });
      }
    }
    if (toSkip > 0) return false;
    const last = packer.flush();
    await this.#outbox.put({
      row,
      end: true,
      ...(last === undefined ? {} : { piece: last }),
      ...(first ? { restart: true } : {}),
    });
    return true;
  }

  #packer(from: Pick<Delivered, 'records' | 'checksum'>): EventPacker {
    const { ports, tenant, source } = this.#context;
    const { format } = ports.options;
    const { unit } = this.#row;
    return new EventPacker(
      {
        hub: this.#hub,
        partitionKey: tenant.id,
        tenantId: tenant.id,
        ...(tenant.stampName ? { tenantName: tenant.name } : {}),
        source,
        unitId: unit.id,
        unitTime: unit.at,
      },
      { ...format, targetBytes: Math.min(format.targetBytes, this.#limitBytes - eventOverheadBytes) },
      ports.clock.now,
      { index: from.records, checksum: from.checksum },
      this.#context.bodies,
    );
  }

  #fits(record: SourceRecord): boolean {
    const raw = record.flags?.includes('unreadable') === true;
    const size = raw ? Math.ceil(record.json.length / 3) * 4 : record.json.length;
    return size + envelopeBytes + eventOverheadBytes <= this.#limitBytes;
  }

  /** Keeps a record that is too large for the hub elsewhere; returns what stands for it. */
  async #pointerTo(record: SourceRecord): Promise<SourceRecord> {
    const { tenant, source, ports, soft, hard } = this.#context;
    const id = record.id ?? hashedId(record.json);
    const keep = async () => ports.oversize.keep({ tenantId: tenant.id, sourceId: source.id, id, json: record.json }, hard);
    const kept = await retrying(ports.clock, soft, keep);
    ports.telemetry.event('oversizeRecord', 'info', { tenant: tenant.id, source: source.id, bytes: record.json.length });
    return pointerRecord(shortened(record), kept);
  }
}

/** An id or operation of absurd length must not push the envelope over the limit; the original stays in the properties. */
function shortened(record: SourceRecord): SourceRecord {
  const { id, operation } = record;
  if ((id === undefined || id.length <= longestName) && (operation === undefined || operation.length <= longestName))
    return record;
  return {
    ...record,
    ...(id === undefined ? {} : { id: id.length <= longestName ? id : hashedId(Buffer.from(id)) }),
    ...(operation === undefined ? {} : { operation: operation.slice(0, longestName) }),
  };
}
