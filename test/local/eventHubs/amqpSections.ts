import { message } from 'rhea';
import { fieldsOf } from './fieldsOf';

/** The message-format with which Event Hubs clients send a batch: every `data` section is one complete message. */
export const batchFormat = 0x80013700;

const messageAnnotations = 0x72;
const data = 0x75;

interface Section {
  code: number;
  value: number;
  end: number;
}

// The high half of a constructor byte gives the width of what follows (AMQP 1.0 part 1, section 1.2).
const fixedWidths = new Map([
  [0x4, 0],
  [0x5, 1],
  [0x6, 2],
  [0x7, 4],
  [0x8, 8],
  [0x9, 16],
]);

function valueEnd(bytes: Buffer, start: number): number {
  const kind = bytes.readUInt8(start) >> 4;
  const width = fixedWidths.get(kind);
  if (width !== undefined) return start + 1 + width;
  if (kind === 0xa || kind === 0xc || kind === 0xe) return start + 2 + bytes.readUInt8(start + 1);
  if (kind === 0xb || kind === 0xd || kind === 0xf) return start + 5 + bytes.readUInt32BE(start + 1);
  throw new RangeError(`byte ${start}: no AMQP constructor`);
}

function readSection(bytes: Buffer, start: number): Section {
  if (bytes.readUInt8(start) !== 0) throw new RangeError(`byte ${start}: a message section was expected`);
  const descriptor = bytes.readUInt8(start + 1);
  if (descriptor !== 0x53 && descriptor !== 0x80) throw new RangeError(`byte ${start}: unknown section descriptor`);
  const short = descriptor === 0x53;
  const code = short ? bytes.readUInt8(start + 2) : bytes.readUInt32BE(start + 6);
  const value = start + (short ? 3 : 10);
  const end = valueEnd(bytes, value);
  if (end > bytes.length) throw new RangeError(`byte ${start}: the section is longer than the message`);
  return { code, value, end };
}

/** Where the events of one transfer lie, as start and end pairs, and the partition key they were sent with. */
export interface TransferLayout {
  bounds: Uint32Array;
  partitionKey?: string;
}

/** Finds the events of a transfer without decoding them; throws a RangeError when the bytes are not AMQP messages. */
export function layOut(payload: Buffer, format: number): TransferLayout {
  const batch = format === batchFormat;
  const bounds: number[] = batch ? [] : [0, payload.length];
  let partitionKey: string | undefined;
  for (let at = 0; at < payload.length;) {
    const section = readSection(payload, at);
    if (section.code === messageAnnotations) partitionKey = keyIn(payload.subarray(at, section.end));
    if (batch && section.code === data) {
      const long = payload.readUInt8(section.value) === 0xb0;
      bounds.push(section.value + (long ? 5 : 2), section.end);
    }
    at = section.end;
  }
  if (bounds.length === 0 || payload.length === 0) throw new RangeError('the transfer holds no event');
  return { bounds: Uint32Array.from(bounds), ...(partitionKey === undefined ? {} : { partitionKey }) };
}

function keyIn(annotations: Buffer): string | undefined {
  const decoded: Record<string, unknown> = message.decode(annotations);
  const key = fieldsOf(decoded['message_annotations'])['x-opt-partition-key'];
  return typeof key === 'string' ? key : undefined;
}

/** One key and value of a map section, already in AMQP bytes. */
export type EncodedPair = [key: Buffer, value: Buffer];

/** Encodes a symbol, the key type of annotation maps. */
export function symbol(name: string): Buffer {
  return Buffer.concat([Buffer.from([0xa3, name.length]), Buffer.from(name, 'latin1')]);
}

/** Encodes a string of up to 255 bytes. */
export function shortString(text: string): Buffer {
  return Buffer.concat([Buffer.from([0xa1, text.length]), Buffer.from(text, 'latin1')]);
}

/** Encodes a 64-bit integer. */
export function long(value: number): Buffer {
  return eightBytes(0x81, value);
}

/** Encodes a timestamp in milliseconds. */
export function timestamp(milliseconds: number): Buffer {
  return eightBytes(0x83, milliseconds);
}

function eightBytes(constructor: number, value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeUInt8(constructor);
  bytes.writeBigInt64BE(BigInt(value), 1);
  return bytes;
}

function mapSection(code: number, count: number, content: Buffer[]): Buffer[] {
  const head = Buffer.alloc(12);
  head.set([0x00, 0x53, code, 0xd1]);
  head.writeUInt32BE(4 + content.reduce((sum, part) => sum + part.length, 0), 4);
  head.writeUInt32BE(count, 8);
  return [head, ...content];
}

/** The event as a consumer gets it: the sender's bytes with the service's annotations added, nothing else touched. */
export function withAnnotations(event: Buffer, annotations: EncodedPair[], delivery: EncodedPair[] = []): Buffer {
  let header: Buffer[] = [];
  let own: { count: number; pairs: Buffer } = { count: 0, pairs: Buffer.alloc(0) };
  let at = 0;
  while (at < event.length) {
    const section = readSection(event, at);
    if (section.code > messageAnnotations) break;
    if (section.code === 0x70) header = [event.subarray(at, section.end)];
    if (section.code === messageAnnotations) own = pairsOf(event, section);
    at = section.end;
  }
  const added = annotations.flat();
  return Buffer.concat([
    ...header,
    ...(delivery.length > 0 ? mapSection(0x71, delivery.length * 2, delivery.flat()) : []),
    ...mapSection(messageAnnotations, own.count + added.length, [own.pairs, ...added]),
    event.subarray(at),
  ]);
}

function pairsOf(event: Buffer, { value, end }: Section): { count: number; pairs: Buffer } {
  return event.readUInt8(value) === 0xd1
    ? { count: event.readUInt32BE(value + 5), pairs: event.subarray(value + 9, end) }
    : { count: event.readUInt8(value + 2), pairs: event.subarray(value + 3, end) };
}
