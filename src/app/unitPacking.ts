import { EventPacker, hashedId, pointerRecord } from '../domain/event';
import type { Delivered, LedgerRow } from '../domain/ledger';
import type { SourceRecord } from '../domain/source';
import { retrying } from './retrying';
import type { RunContext } from './runContext';

/** What an AMQP message needs besides its body: annotations, properties, the copies of ids; measured at under 600 bytes, with room for long unit ids. */
export const eventOverheadBytes = 1_600;

/** The room an envelope may take around a record: time, names and ids, all bounded by what Microsoft sends. */
const envelopeBytes = 8_192;
const longestName = 1_000;

/** Packs the records of one unit for one hub. */
export class UnitPacking {
  readonly #context: RunContext;
  readonly #row: LedgerRow;
  readonly #hub: string;
  readonly #limitBytes: number;

  constructor(context: RunContext, row: LedgerRow, hub: string, limitBytes: number) {
    this.#context = context;
    this.#row = row;
    this.#hub = hub;
    this.#limitBytes = limitBytes;
  }

  /** A packer that goes on where a part was delivered; for a category of its own when one is given. */
  packer(from: Pick<Delivered, 'records' | 'checksum'>, category?: string): EventPacker {
    const { ports, tenant, source } = this.#context;
    const { format } = ports.options;
    const { unit } = this.#row;
    return new EventPacker(
      {
        hub: this.#hub,
        partitionKey: tenant.id,
        tenantId: tenant.id,
        ...(tenant.stampName ? { tenantName: tenant.name } : {}),
        source: category === undefined ? source : { id: source.id, category, resourceProvider: source.resourceProvider },
        // All records of a snapshot are found by its id.
        unitId: unit.snapshot ?? unit.id,
        ...(unit.snapshot === undefined ? {} : { snapshot: unit.snapshot }),
        ...(this.#context.sent === undefined ? {} : { isNamedByContent: true as const }),
        unitTime: unit.at,
      },
      { ...format, targetBytes: Math.min(format.targetBytes, this.#limitBytes - eventOverheadBytes) },
      ports.clock.now,
      { index: from.records, checksum: from.checksum },
      this.#context.bodies,
    );
  }

  /** Whether a record can be sent as it is. */
  fits(record: SourceRecord): boolean {
    const raw = record.flags?.includes('unreadable') === true;
    const size = raw ? Math.ceil(record.json.length / 3) * 4 : record.json.length;
    return size + envelopeBytes + eventOverheadBytes <= this.#limitBytes;
  }

  /** Keeps a record that is too large for the hub elsewhere; returns what stands for it. */
  async pointerTo(record: SourceRecord): Promise<SourceRecord> {
    const { tenant, source, ports, soft, hard } = this.#context;
    const id = record.id ?? hashedId(record.json);
    const keep = async () => ports.oversize.keep({ tenantId: tenant.id, sourceId: source.id, id, json: record.json }, hard);
    const kept = await retrying(ports.clock, soft, keep);
    ports.telemetry.event('oversizeRecord', 'info', { tenant: tenant.id, source: source.id, bytes: record.json.length });
    return pointerRecord(shortened(record), kept);
  }
}

/** An id or operation of absurd length must not push the envelope over the limit; the original stays in the properties. */
export function shortened(record: SourceRecord): SourceRecord {
  const { id, operation } = record;
  if ((id === undefined || id.length <= longestName) && (operation === undefined || operation.length <= longestName))
    return record;
  return {
    ...record,
    ...(id === undefined ? {} : { id: id.length <= longestName ? id : hashedId(Buffer.from(id)) }),
    ...(operation === undefined ? {} : { operation: operation.slice(0, longestName) }),
  };
}
