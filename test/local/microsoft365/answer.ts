import { gzipSync } from 'node:zlib';
import type { ContentItem } from './activityContent';
import type { Call } from './call';
import type { Reply } from './reply';

/** What a fault answers, in place of the right answer or with it changed. */
export type Answer =
  /** Any status, headers and body. */
  | { status: number; headers?: Record<string, string>; body?: unknown }
  /** An error of the Management Activity API. */
  | { af: string; status: number; retryAfter?: number | string }
  /** The right answer's first bytes, then a broken connection; the request has had its effect. */
  | { kind: 'reset'; afterBytes: number }
  /** Only the first bytes, framed as if that were all. */
  | { kind: 'truncate'; bytes: number }
  /** The right answer, later. */
  | { kind: 'delay'; ms: number }
  /** The right answer's first bytes, then silence. */
  | { kind: 'stall'; afterBytes: number }
  | { kind: 'slow'; bytesPerSecond: number }
  /** A page of HTML, as proxies and gateways send it. */
  | { kind: 'html'; status: number }
  /** Status 200 without a body. */
  | { kind: 'empty' }
  /** Status 200 with this JSON. */
  | { kind: 'json'; value: unknown }
  | { kind: 'redirect'; location: string; status?: number }
  /** The right body, or this one, with content-encoding gzip; `compressed` says that the body is gzip already (or claims to be). */
  | { kind: 'gzip'; body?: string | Buffer; compressed?: boolean }
  | { kind: 'mutateList'; change: (items: ContentItem[]) => unknown }
  /** Sets headers of the right answer; null removes one. */
  | { kind: 'mutateHeaders'; headers: Record<string, string | null> }
  | { kind: 'replaceBody'; change: (body: Buffer) => Buffer }
  /** Any answer made from the right one. */
  | { kind: 'replaceReply'; change: (reply: Reply, call: Call) => Reply }
  /** The right answer to another request. */
  | { kind: 'misread'; change: (call: Call) => Call };

/** A gzip body that unfolds to this many mebibytes of spaces within a JSON array. */
export function gzipBomb(mebibytes: number): Buffer {
  const inside = gzipSync(Buffer.alloc(1 << 20, ' '), { level: 9 });
  const parts = [gzipSync(Buffer.from('['))];
  // Gzip members may follow one another, so the size costs nothing to make.
  for (let i = 0; i < mebibytes; i++) parts.push(inside);
  parts.push(gzipSync(Buffer.from(']')));
  return Buffer.concat(parts);
}
