import { gunzipSync } from 'node:zlib';
import { RecordSplitter } from './recordSplitter';
import type { SplitRecord } from './recordSplitter';

/** The records of an event body, cut out of it byte for byte, with the given top-level fields; a body that is one bare record is that record. */
export function recordsInBody(body: Buffer, fields: readonly string[]): readonly SplitRecord[] {
  // JSON never begins like gzip does.
  const plain = body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body;
  const several = /^\s*\{\s*"records"\s*:\s*\[/.test(plain.subarray(0, 100).toString('latin1'));
  const splitter = new RecordSplitter(fields, several ? { kind: 'property', name: 'records' } : { kind: 'array' });
  const records = several ? splitter.push(plain) : splitter.push(Buffer.concat([Buffer.from('['), plain, Buffer.from(']')]));
  splitter.end();
  return records;
}
