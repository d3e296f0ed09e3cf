import type { Sender } from 'rhea';
import { type EncodedPair, long, shortString, symbol, timestamp, withAnnotations } from './amqpSections';
import type { LoggedEvent, PartitionLog } from './partitionLog';
import { creditOf, socketOf } from './rheaInternals';
import { invalidPosition, type ServiceError } from './serviceErrors';

const sequenceNumber = symbol('x-opt-sequence-number');
const offset = symbol('x-opt-offset');
const enqueuedTime = symbol('x-opt-enqueued-time');
const lastSequenceNumber = symbol('last_enqueued_sequence_number');
const lastOffset = symbol('last_enqueued_offset');
const lastTime = symbol('last_enqueued_time_utc');
const retrievalTime = symbol('runtime_info_retrieval_time_utc');

const maxUnsent = 64;
const maxSocketBytes = 8 * 1024 * 1024;
const congestionPauseMs = 5;

/** The sequence number at which a consumer starts, read from the filter of its link. */
export function startOf(filter: string, log: PartitionLog): number | ServiceError {
  const parts = /^amqp\.annotation\.x-opt-(offset|sequence-number|enqueued-time) (>=?) '(.*)'$/.exec(filter.trim());
  const [, kind, comparison, text] = parts ?? [];
  if (text === '@latest') return log.lastSequence + 1;
  const value = Number(text);
  if (!kind || text === '' || !Number.isSafeInteger(value)) {
    return { condition: 'com.microsoft:argument-error', description: `The start position "${filter}" is not valid.` };
  }
  const after = comparison === '>';
  if (kind === 'enqueued-time') return log.firstFrom({ by: 'time', value, after });
  const byOffset = kind === 'offset';
  const last = byOffset ? Number(log.latest.offset) : log.lastSequence;
  if (value > Math.max(last, 0)) return invalidPosition(byOffset ? 'offset' : 'sequence number', value, String(last));
  return log.firstFrom({ by: byOffset ? 'offset' : 'sequence', value, after });
}

/** What a consumer's link needs to know. */
export interface ConsumerOptions {
  log: PartitionLog;
  start: number;
  withRuntimeMetrics: boolean;
}

/** Delivers a partition to one consumer as far as its credit goes; the returned function ends it. */
export function serveConsumer(sender: Sender, { log, start, withRuntimeMetrics }: ConsumerOptions): () => void {
  let next = start;
  let sent = 0;
  let waiting = false;
  let ended = false;
  let timer: NodeJS.Timeout | undefined;

  function wake(): void {
    if (waiting || ended) return;
    waiting = true;
    setImmediate(deliver);
  }

  function deliver(): void {
    waiting = false;
    if (ended || !sender.is_open()) return;
    next = Math.max(next, log.beginSequence);
    const { credit, delivered } = creditOf(sender);
    const unsent = sent - delivered;
    const room = Math.min(credit - unsent, maxUnsent - unsent, log.lastSequence + 1 - next);
    const congested = (socketOf(sender.connection)?.writableLength ?? 0) > maxSocketBytes;
    for (let left = congested ? 0 : room; left > 0 && sender.sendable(); left -= 1) {
      const event = log.event(next);
      next += 1;
      if (!event) continue;
      sender.send(withAnnotations(event.bytes, annotationsOf(event), withRuntimeMetrics ? metricsOf(log) : []), undefined, 0);
      sent += 1;
    }
    if (next > log.lastSequence || credit - (sent - delivered) <= 0) return;
    if (!congested && room > 0) wake();
    else timer = setTimeout(wake, congestionPauseMs).unref();
  }

  const unsubscribe = log.onAppend(wake);
  sender.on('sender_flow', wake);
  wake();
  return () => {
    ended = true;
    clearTimeout(timer);
    unsubscribe();
  };
}

function annotationsOf(event: LoggedEvent): EncodedPair[] {
  return [
    [sequenceNumber, long(event.sequenceNumber)],
    [offset, shortString(event.offset)],
    [enqueuedTime, timestamp(event.enqueuedAt)],
  ];
}

function metricsOf(log: PartitionLog): EncodedPair[] {
  return [
    [lastSequenceNumber, long(log.lastSequence)],
    [lastOffset, shortString(log.latest.offset)],
    [lastTime, timestamp(log.latest.enqueuedAt)],
    [retrievalTime, timestamp(Date.now())],
  ];
}
