import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { ContentItem } from './activityContent';
import { methodName } from './activityApi';
import { anyActivityError } from './activityErrors';
import type { Answer } from './answer';
import type { Call } from './call';
import { bytesReply, jsonReply, type Reply } from './reply';

const htmlPage = Buffer.from(
  "<!DOCTYPE html><html><head><title>Service unavailable</title></head><body><h2>Our services aren't available right now</h2></body></html>",
);

/** The answer of a fault that replaces the right one, or undefined when the fault needs the right one first. */
export function replacement(answer: Answer, call: Call): Reply | undefined {
  if (!('kind' in answer)) {
    if ('af' in answer) {
      const reply = anyActivityError(answer.af, answer.status, methodName(call), call.publisherIdentifier);
      if (answer.retryAfter !== undefined) reply.headers['Retry-After'] = String(answer.retryAfter);
      return reply;
    }
    return { status: answer.status, headers: answer.headers ?? {}, body: toBytes(answer.body) };
  }
  if (answer.kind === 'html') {
    return { status: answer.status, headers: { 'Content-Type': 'text/html; charset=utf-8' }, body: htmlPage };
  }
  if (answer.kind === 'empty') return bytesReply(200, Buffer.alloc(0));
  if (answer.kind === 'json') return jsonReply(200, answer.value);
  if (answer.kind === 'redirect') {
    return { status: answer.status ?? 302, headers: { Location: answer.location }, body: Buffer.alloc(0) };
  }
  if (answer.kind === 'gzip' && answer.body !== undefined) {
    return zipped(bytesReply(200, toBytes(answer.body)), answer.compressed === true);
  }
  return undefined;
}

/** Changes the right answer as the fault says; what concerns only the sending is left to `send`. */
export function changed(reply: Reply, answer: Answer, call: Call): Reply {
  if (!('kind' in answer)) return reply;
  if (answer.kind === 'replaceReply') return answer.change(reply, call);
  if (answer.kind === 'gzip' && answer.body === undefined) return zipped(reply, false);
  if (answer.kind === 'replaceBody') return { ...reply, body: answer.change(reply.body) };
  if (answer.kind === 'mutateHeaders') return { ...reply, headers: withHeaders(reply.headers, answer.headers) };
  if (answer.kind === 'mutateList' && reply.status === 200) {
    return { ...reply, body: toBytes(answer.change(JSON.parse(reply.body.toString()) as ContentItem[])) };
  }
  return reply;
}

function withHeaders(headers: Reply['headers'], changes: Record<string, string | null>): Reply['headers'] {
  const changedNames = new Set(Object.keys(changes).map((name) => name.toLowerCase()));
  const kept = Object.entries(headers).filter(([name]) => !changedNames.has(name.toLowerCase()));
  const set = Object.entries(changes).filter((change): change is [string, string] => change[1] !== null);
  return Object.fromEntries([...kept, ...set]);
}

/** Sends an answer, the way the fault wants it sent; resolves when nothing more will be sent. */
export async function send(
  response: ServerResponse,
  reply: Reply,
  date: string,
  answer: Answer | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { status, body } = reply;
  const headers: Record<string, string | number> = { Date: date, ...reply.headers };
  const kind = answer && 'kind' in answer ? answer : undefined;
  if (kind?.kind === 'truncate') {
    response.writeHead(status, headers);
    // Two writes make node use chunked framing, which ends correctly.
    response.write(body.subarray(0, Math.min(1, kind.bytes)));
    response.end(body.subarray(1, Math.max(1, kind.bytes)));
    return;
  }
  if (kind?.kind === 'reset' && kind.afterBytes === 0) {
    response.destroy();
    return;
  }
  if (!Object.keys(headers).some((name) => name.toLowerCase() === 'content-length')) headers['Content-Length'] = body.length;
  response.writeHead(status, headers);
  if (kind?.kind === 'reset') {
    response.write(body.subarray(0, kind.afterBytes), () => response.destroy());
    return;
  }
  if (kind?.kind === 'stall') {
    response.flushHeaders();
    if (kind.afterBytes > 0) response.write(body.subarray(0, kind.afterBytes));
    return;
  }
  if (kind?.kind === 'slow') {
    await trickle(response, body, kind.bytesPerSecond, signal);
    return;
  }
  response.end(body);
}

async function trickle(response: ServerResponse, body: Buffer, bytesPerSecond: number, signal: AbortSignal): Promise<void> {
  const step = Math.max(1, Math.round(bytesPerSecond / 20));
  for (let at = 0; at < body.length && !response.destroyed; at += step) {
    response.write(body.subarray(at, at + step));
    await wait((1000 * Math.min(step, body.length - at)) / bytesPerSecond, undefined, { signal });
  }
  response.end();
}

function zipped(reply: Reply, compressed: boolean): Reply {
  return {
    ...reply,
    headers: { ...reply.headers, 'Content-Encoding': 'gzip' },
    body: compressed ? reply.body : gzipSync(reply.body),
  };
}

function toBytes(value: unknown): Buffer {
  if (value === undefined) return Buffer.alloc(0);
  if (Buffer.isBuffer(value)) return value;
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}
