import type { EventDataBatch } from '@azure/event-hubs';
import { message } from 'rhea';
import type { OutgoingEvent } from '../domain/event';

const partitionKeyAnnotation = 'x-opt-partition-key';
// A section of data, its descriptor first, as binary with a length of four bytes. https://docs.oasis-open.org/amqp/core/v1.0/os/amqp-core-messaging-v1.0-os.html#type-data
const dataSection = Buffer.from([0x00, 0x53, 0x75, 0xb0]);
const noBody: unknown = message.data_sections([]);
const sectionBytes = dataSection.length + 4;

/**
 * A batch that is written once, into memory that can be used again. The SDK's own batch copies each body five times on its way, through buffers that
 * double as they grow; at full speed that is a fifth of all work, most of it garbage collection. The bytes that are sent are the same.
 * The SDK asks a batch for its message by names that are not part of its published interface; the version is pinned, and a test compares both batches.
 */
export class EncodedBatch implements EventDataBatch {
  readonly partitionKey: string;
  readonly memory: Buffer;
  readonly #annotations: Readonly<Record<string, string>>;
  #bytes: number;
  #count = 0;
  #attempts = 0;

  /** Events of this partition key, in the given memory, whose length is the limit. */
  constructor(partitionKey: string, memory: Buffer) {
    this.partitionKey = partitionKey;
    this.memory = memory;
    this.#annotations = { [partitionKeyAnnotation]: partitionKey };
    this.#bytes = message.encode({ message_annotations: this.#annotations, body: noBody }).copy(memory);
  }

  get maxSizeInBytes(): number {
    return this.memory.length;
  }

  get sizeInBytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#count;
  }

  /** Adds an event, unless it does not fit. */
  add({ body, contentType, contentEncoding, messageId, properties }: OutgoingEvent): boolean {
    const head = message.encode({
      durable: true,
      message_annotations: this.#annotations,
      message_id: messageId,
      content_type: contentType,
      ...(contentEncoding === undefined ? {} : { content_encoding: contentEncoding }),
      application_properties: properties,
      body: noBody,
    });
    const size = head.length + sectionBytes + body.length;
    if (this.#bytes + sectionBytes + size > this.memory.length) return false;
    this.#beginSection(size);
    this.#bytes += head.copy(this.memory, this.#bytes);
    this.#beginSection(body.length);
    this.#bytes += body.copy(this.memory, this.#bytes);
    this.#count += 1;
    return true;
  }

  /** Events are added as they are written by the connector. */
  tryAdd(): boolean {
    throw new Error('This batch takes events by add.');
  }

  /** How often the SDK took the message to send it. After more than one attempt, an earlier one may still have parts of it to send. */
  get attempts(): number {
    return this.#attempts;
  }

  /** What the SDK sends. */
  _generateMessage(): Buffer {
    this.#attempts += 1;
    return this.memory.subarray(0, this.#bytes);
  }

  /** Contexts of tracing, which the events do not have. */
  get _messageSpanContexts(): readonly never[] {
    return [];
  }

  #beginSection(length: number): void {
    this.#bytes += dataSection.copy(this.memory, this.#bytes);
    this.#bytes = this.memory.writeUInt32BE(length, this.#bytes);
  }
}
