import { failureOf, notAnsweringCode } from '../domain/failure';
import type { Failure, FailureKind } from '../domain/failure';
import type { LedgerRow } from '../domain/ledger';
import { nothingYet } from './delivery';
import type { Delivery } from './delivery';
import { Outbox } from './outbox';
import { readRemembered } from './readRemembered';
import { readUnit } from './readUnit';
import { retrying } from './retrying';
import type { RunContext } from './runContext';
import { sendParcels } from './sendParcels';
import type { WorkList } from './workList';

/** Failures of one unit, which rests while others go on. All others are about the tenant, the credential or the store, and end the run. */
const ofUnit: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'contentMissing',
  'contentExpired',
  'unexpectedResponse',
  'unavailable',
  'refusedUrl',
  'rejectedRequest',
  'pageRefused',
  'chainForgotten',
]);

/**
 * Reads the units of the work list, many at a time, and sends their records, one batch at a time. The order is the guarantee: read, send, acknowledged,
 * recorded in the ledger, and only then the next batch; so a crash repeats at most the one batch that was acknowledged but not recorded.
 * What stops the run is returned; only what keeps it from recording its work is thrown.
 */
export async function deliver(context: RunContext, work: WorkList): Promise<Delivery> {
  const { ports, source, soft } = context;
  const delivery = nothingYet();
  const outbox = new Outbox(ports.options.outboxBytes);
  const hub = ports.options.hubOf(source);
  // Asked for when the first unit is there: an idle poll needs no link to the hub.
  let asked: Promise<number> | undefined;
  const limitBytes = async (): Promise<number> => {
    asked ??= retrying(ports.clock, soft, async () => ports.sink.batchLimitBytes(hub, soft));
    return asked;
  };
  const stop = (error: unknown): void => {
    context.stopReading();
    work.close(true);
    const failure = failureOf(error);
    if (failure === undefined || failure.kind === 'conflict' || failure.kind === 'storeUnavailable') throw error;
    delivery.failure ??= failure;
  };
  const reader = async (): Promise<void> => readUnits(context, work, outbox, hub, limitBytes).catch(stop);
  // What was sent of one unit decides what is sent of the next: they are read one after the other.
  const readers = context.sent === undefined ? ports.options.unitsInFlight : 1;
  const reading = Promise.allSettled(Array.from({ length: readers }, reader)).finally(() => outbox.close());
  const sending = sendParcels(context, outbox, hub, limitBytes, delivery).catch((error: unknown) => {
    outbox.close();
    stop(error);
  });
  const results = [...(await Promise.allSettled([sending])), ...(await reading)];
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return delivery;
}

async function readUnits(
  context: RunContext,
  work: WorkList,
  outbox: Outbox,
  hub: string,
  limitBytes: () => Promise<number>,
): Promise<void> {
  const timeIsUp = (): boolean => context.soft.aborted;
  for (;;) {
    const row = await work.next();
    if (row === undefined || timeIsUp()) return;
    try {
      if (context.sent === undefined) await readUnit(context, row, outbox, hub, await limitBytes());
      else await readRemembered(context, context.sent, row, outbox, hub, await limitBytes());
    } catch (error) {
      if (timeIsUp()) return;
      const failure = failureOf(error) ?? faultOfUnit(context, row, error);
      if (!ofUnit.has(failure.kind) || failure.code === notAnsweringCode) throw error;
      await outbox.put({ row, failure });
    }
  }
}

/** A fault of ours while a unit is read is told, and rests with that unit: it must not keep its neighbours from being delivered. */
function faultOfUnit(context: RunContext, row: LedgerRow, error: unknown): Failure {
  const name = error instanceof Error ? error.name : typeof error;
  const { telemetry } = context.ports;
  telemetry.event('unitFault', 'error', { tenant: context.tenant.id, source: context.source.id, unit: row.unit.id, error: name });
  return { kind: 'unexpectedResponse', code: 'unitFault', detail: `The connector could not read it (${name}).` };
}
