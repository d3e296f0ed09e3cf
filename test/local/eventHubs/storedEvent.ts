import { message } from 'rhea';
import { fieldsOf } from './fieldsOf';
import type { Hub } from './hub';
import type { LoggedEvent } from './partitionLog';

/** One event as the hub keeps it, decoded. */
export interface StoredEvent {
  partition: string;
  sequenceNumber: number;
  offset: string;
  enqueuedTime: Date;
  body: Buffer;
  applicationProperties: Record<string, unknown>;
  messageId: string | undefined;
  contentType: string | undefined;
  partitionKey: string | undefined;
  /** Events with the same number came in one accepted transfer. */
  batch: number;
}

/** Everything a hub retains, or what came from the given sequence numbers on, partition after partition, decoded one by one as it is asked for. */
export function* storedEvents(hub: Hub, from?: ReadonlyMap<string, number>): Generator<StoredEvent, void, undefined> {
  for (const [id, log] of hub.partitions.entries()) {
    const first = Math.max(log.beginSequence, from?.get(String(id)) ?? 0);
    for (let sequence = first; sequence <= log.lastSequence; sequence += 1) {
      const event = log.event(sequence);
      if (event) yield decode(String(id), event);
    }
  }
}

function decode(partition: string, event: LoggedEvent): StoredEvent {
  const decoded: Record<string, unknown> = message.decode(event.bytes);
  const annotations = fieldsOf(decoded['message_annotations']);
  return {
    partition,
    sequenceNumber: event.sequenceNumber,
    offset: event.offset,
    enqueuedTime: new Date(event.enqueuedAt),
    body: bodyBytes(decoded['body']),
    applicationProperties: fieldsOf(decoded['application_properties']),
    messageId: text(decoded['message_id']),
    contentType: text(decoded['content_type']),
    partitionKey: text(annotations['x-opt-partition-key']),
    batch: event.batch,
  };
}

function bodyBytes(body: unknown): Buffer {
  const section = fieldsOf(body);
  if (section['typecode'] !== 0x75) return Buffer.from(JSON.stringify(body ?? null));
  const content: unknown = section['content'];
  const parts: unknown[] = Array.isArray(content) ? content : [content];
  return Buffer.concat(parts.filter((part) => Buffer.isBuffer(part)));
}

function text(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || Buffer.isBuffer(value) ? value.toString() : undefined;
}
