import type { LedgerRow } from '../../src/domain/ledger';
import type { OutgoingEvent } from '../../src/domain/event';
import type { SourceRow } from '../../src/domain/sourceState';
import type { Around, PortCall } from './aroundPorts';

/** Where in a durable step: before its effect; after the effect, but before the answer; after the answer, but before anything else is made durable. */
export type StepPosition = 'before' | 'unanswered' | 'unrecorded';

/** Names the durable steps of a connector as they happen, and kills, or stops, the process at one of them. */
export class DurableSteps {
  readonly #killAt: { readonly step: string; readonly nth: number; readonly position: StepPosition } | undefined;
  readonly #rows = new Map<string, SourceRow>();
  #stopBefore: string | undefined;
  #times = 0;
  #killAtNext = false;

  constructor(killAt?: { readonly step: string; readonly nth: number; readonly position: StepPosition }, stopBefore?: string) {
    this.#killAt = killAt;
    this.#stopBefore = stopBefore;
  }

  readonly around: Around = async (call, go) => {
    const step = this.#nameOf(call);
    if (call.name === 'sourceRows.find') return this.#noted(await go());
    if (step === undefined) return go();
    if (this.#killAtNext) killNow();
    if (step === this.#stopBefore) {
      this.#stopBefore = undefined;
      process.kill(process.pid, 'SIGSTOP');
    }
    const position = step === this.#killAt?.step && (this.#times += 1) === this.#killAt.nth ? this.#killAt.position : undefined;
    if (position === 'before') killNow();
    const result = await go();
    if (call.name === 'sourceRows.save') this.#noted(result);
    if (position === 'unanswered') killNow();
    if (position === 'unrecorded') this.#killAtNext = true;
    return result;
  };

  /** Nothing more is made durable in this round. */
  roundIsOver(): void {
    if (this.#killAtNext) killNow();
  }

  #noted<T>(row: T): T {
    if (row !== undefined) this.#rows.set('row', row as SourceRow);
    return row;
  }

  /** The name of a step that changes something outside; undefined for the others. */
  #nameOf({ name, args: [first] }: PortCall): string | undefined {
    if (Array.isArray(first) && first.length === 0) return undefined;
    switch (name) {
      case 'sourceRows.save':
        return `sourceRows.save: ${rowChange(first as SourceRow, this.#rows.get('row'))}`;
      case 'ledger.enlist':
        return name;
      case 'ledger.save':
        return `ledger.save: ${ledgerChange(first as readonly LedgerRow[])}`;
      case 'sink.write':
        return `sink.write: ${(first as readonly OutgoingEvent[])[0]?.hub.endsWith('-operations') === true ? 'facts' : 'records'}`;
      case 'sourceRows.create':
      case 'coverage.saveHours':
      case 'coverage.recordGap':
      case 'coverage.markGapsSent':
      case 'schedule.put':
      case 'schedule.claim':
      case 'schedule.remove':
      case 'queue.send':
      case 'oversize.keep':
        return name;
      default:
        return undefined;
    }
  }
}

function rowChange(row: SourceRow, before: SourceRow | undefined): string {
  if (row.epoch !== before?.epoch) return 'takes the lease';
  if (row.leaseUntil === undefined) return 'ends the run';
  if (row.cursor.listedTo !== before.cursor.listedTo) return 'moves the watermark';
  return JSON.stringify(row.memory) === JSON.stringify(before.memory) ? 'extends the lease' : 'remembers the subscription';
}

function ledgerChange(rows: readonly LedgerRow[]): string {
  if (rows.some(({ state }) => state === 'gap')) return 'a gap';
  return rows.some(({ state }) => state === 'done') ? 'done' : 'progress';
}

/** Ends this process as a power cut would. */
export function killNow(): never {
  process.kill(process.pid, 'SIGKILL');
  // The signal may take a moment; nothing else may happen until then.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  throw new Error('not reached');
}
