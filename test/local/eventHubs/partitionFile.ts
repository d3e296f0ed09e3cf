import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, writevSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';

/** What one log entry says about the transfer it keeps. */
export interface EntryHead {
  batch: number;
  enqueuedAt: number;
  firstSequence: number;
  format: number;
}

/** The bytes that stand before the payload of every entry. */
export const headLength = 40;

const magic = 0x45484c31;

/** Keeps the payloads of one partition: in a file that survives a kill, or only in memory. */
export interface PayloadStore {
  load(each: (position: number, head: EntryHead, payload: Buffer) => void): void;
  append(position: number, head: EntryHead, payload: Buffer): void;
  read(position: number, length: number): Buffer;
  drop(position: number): void;
  close(): void;
}

/** Keeps payloads in memory, by the position they would have in a file. */
export function memoryStore(): PayloadStore {
  const payloads = new Map<number, Buffer>();
  return {
    load: () => undefined,
    // A small payload is a view into the 64 KB that one socket read returned: a copy lets the rest go.
    append: (position, _head, payload) =>
      void payloads.set(position, payload.buffer.byteLength > 2 * payload.length ? Buffer.from(payload) : payload),
    read: (position) => payloads.get(position) ?? Buffer.alloc(0),
    drop: (position) => void payloads.delete(position),
    close: () => payloads.clear(),
  };
}

function encodeHead(head: EntryHead, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(headLength);
  bytes.writeUInt32BE(magic, 0);
  bytes.writeUInt32BE(payload.length, 8);
  bytes.writeUInt32BE(head.format, 12);
  bytes.writeDoubleBE(head.batch, 16);
  bytes.writeDoubleBE(head.enqueuedAt, 24);
  bytes.writeDoubleBE(head.firstSequence, 32);
  bytes.writeUInt32BE(checksum(bytes, payload), 4);
  return bytes;
}

function checksum(head: Buffer, payload: Buffer): number {
  return crc32(payload, crc32(head.subarray(8)));
}

/** Opens the append-only file of one partition; a torn last entry, left by a kill, is cut off when it is loaded. */
export function fileStore(path: string): PayloadStore {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'a+');

  function read(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const got = readSync(file, bytes, filled, length - filled, position + filled);
      if (got === 0) throw new Error(`${path}: byte ${position + filled} is missing`);
      filled += got;
    }
    return bytes;
  }

  return {
    load(each) {
      const { size } = fstatSync(file);
      let position = 0;
      while (position < size) {
        const head = position + headLength <= size ? read(position, headLength) : undefined;
        const end = head === undefined ? Infinity : position + headLength + head.readUInt32BE(8);
        const payload = end <= size ? read(position + headLength, end - position - headLength) : undefined;
        const intact = head?.readUInt32BE(0) === magic && payload && head.readUInt32BE(4) === checksum(head, payload);
        if (!head || !payload || !intact) {
          if (end < size) throw new Error(`${path} is damaged at byte ${position}, with more data after it`);
          ftruncateSync(file, position);
          return;
        }
        const [batch, enqueuedAt, firstSequence] = [16, 24, 32].map((at) => head.readDoubleBE(at));
        each(
          position,
          { batch: batch ?? 0, enqueuedAt: enqueuedAt ?? 0, firstSequence: firstSequence ?? 0, format: head.readUInt32BE(12) },
          payload,
        );
        position = end;
      }
    },
    append(position, head, payload) {
      const bytes = encodeHead(head, payload);
      const expected = bytes.length + payload.length;
      try {
        // The page cache outlives the process, so a kill loses nothing; only a power cut could.
        const written = writevSync(file, [bytes, payload]);
        if (written !== expected) throw new Error(`${path}: ${written} of ${expected} bytes written`);
      } catch (error) {
        ftruncateSync(file, position);
        throw error;
      }
    },
    read: (position, length) => read(position + headLength, length),
    drop: () => undefined,
    close: () => closeSync(file),
  };
}
