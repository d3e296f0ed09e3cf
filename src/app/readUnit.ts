import { crc32 } from 'node:zlib';
import { ConnectorError } from '../domain/failure';
import { nothingDelivered } from '../domain/ledger';
import type { Delivered, LedgerRow } from '../domain/ledger';
import type { Outbox } from './outbox';
import type { RunContext } from './runContext';
import { shortened, UnitPacking } from './unitPacking';

/** Reads a content blob and hands it over in pieces, from where it was delivered to; whole, when it reads differently than before. */
export async function readUnit(
  context: RunContext,
  row: LedgerRow,
  outbox: Outbox,
  hub: string,
  limitBytes: number,
): Promise<void> {
  const packing = new UnitPacking(context, row, hub, limitBytes);
  if (await readFrom(context, row, outbox, packing, row.delivered)) return;
  // What was delivered may belong to another version of the unit.
  const { ports, tenant, source } = context;
  ports.telemetry.event('unitChanged', 'warning', { tenant: tenant.id, source: source.id });
  await readFrom(context, row, outbox, packing, nothingDelivered, true);
}

/** Reads a unit, skipping what is delivered already; returns false, having handed over nothing, when the skipped part is not what was delivered. */
async function readFrom(
  { source, run, soft }: RunContext,
  row: LedgerRow,
  outbox: Outbox,
  packing: UnitPacking,
  skip: Pick<Delivered, 'records' | 'checksum'>,
  restart = false,
): Promise<boolean> {
  const packer = packing.packer(skip);
  let toSkip = skip.records;
  let checksum = 0;
  let first = restart;
  for await (const { records } of source.read({ ...run, signal: soft }, row.unit, { attempts: row.attempts })) {
    for (const record of records) {
      if (toSkip > 0) {
        checksum = crc32(record.json, checksum);
        toSkip -= 1;
        if (toSkip === 0 && checksum !== skip.checksum) return false;
        continue;
      }
      const fitting = packing.fits(record) ? shortened(record) : await packing.pointerTo(record);
      const piece = packer.add(fitting, record.json);
      if (piece === undefined) continue;
      await outbox.put({ row, piece, ...(first ? { restart: true } : {}) });
      first = false;
      if (soft.aborted) throw new ConnectorError('reading a unit', { kind: 'cancelled', code: 'timeIsUp' });
    }
  }
  if (toSkip > 0) return false;
  const last = packer.flush();
  await outbox.put({
    row,
    end: true,
    ...(last === undefined ? {} : { piece: last }),
    ...(first ? { restart: true } : {}),
  });
  return true;
}
