import { createHash } from 'node:crypto';

/** By what it is known whether a record was sent: which object, in which state. Both are bytes written as Latin-1 text. */
export interface SentKey {
  /** The object: its id, or a hash of it. At most 100 bytes. */
  readonly object: string;
  /** Eight bytes that differ whenever the state of the object does. */
  readonly state: string;
  /** The hour of the record's own time (`2026-11-22T10`), for sources that read windows; the part of the memory it is kept in. */
  readonly hour?: string;
  /** When Microsoft says the object came into this state, in ms, to measure how late it could be read. */
  readonly atMs?: number;
}

/** The state of an object that is gone. */
export const removedState = '\xff'.repeat(8);

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const longestId = 99;

const guidMark = 'g';
const textMark = 't';
const hashMark = 'h';

/** Eight bytes that stand for some text or bytes. */
export function stateOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest().toString('latin1', 0, 8);
}

/** A short key for an object of which only has to be known whether it was seen. */
export function hashedObject(id: string): string {
  return stateOf(id);
}

/** A key that its id can be told from: a GUID takes 17 bytes. Of an id that is too long only a hash is kept. */
export function namedObject(id: string): string {
  if (guid.test(id)) return guidMark + Buffer.from(id.replaceAll('-', ''), 'hex').toString('latin1');
  const bytes = Buffer.from(id, 'utf8');
  return bytes.length <= longestId ? textMark + bytes.toString('latin1') : hashMark + stateOf(id);
}

/** The id that a key names; undefined when only its hash was kept. */
export function nameOf(object: string): string | undefined {
  const bytes = Buffer.from(object.slice(1), 'latin1');
  if (object.startsWith(textMark)) return bytes.toString('utf8');
  if (!object.startsWith(guidMark)) return undefined;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** One thing to remember: what was sent, and in which part of the memory it is kept. */
export interface SentEntry {
  readonly part: string;
  readonly object: string;
  readonly state: string;
}

const stateBytes = 8;

/** Entries as bytes: the length of the object's key, the key, the state. */
export function packSent(entries: readonly SentEntry[]): Buffer {
  const packed = Buffer.alloc(entries.reduce((sum, { object }) => sum + 1 + object.length + stateBytes, 0));
  let at = 0;
  for (const { object, state } of entries) {
    packed[at++] = object.length;
    at += packed.write(object, at, 'latin1');
    at += packed.write(state, at, 'latin1');
  }
  return packed;
}

/** The inverse of packSent, but for the part. What is cut off at the end is left out. */
export function* unpackSent(packed: Buffer): Generator<{ readonly object: string; readonly state: string }> {
  for (let at = 0; at < packed.length;) {
    const objectEnd = at + 1 + (packed[at] ?? 0);
    const end = objectEnd + stateBytes;
    if (end > packed.length) return;
    yield { object: packed.toString('latin1', at + 1, objectEnd), state: packed.toString('latin1', objectEnd, end) };
    at = end;
  }
}
