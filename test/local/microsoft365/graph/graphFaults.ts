import type { Answer } from '../answer';
import type { Call } from '../call';
import { bytesReply, jsonReply, type Reply } from '../reply';
import { comparableTime, leaves, parseFilter } from './filter';

/** Requests with some `$expand`. */
export const expands = (call: Call): boolean => call.query.has('$expand');

/** Requests for pages of more than so many objects; without `$top`, pages count as large. */
export const topAbove =
  (most: number) =>
  (call: Call): boolean =>
    Number(call.query.get('$top') ?? Infinity) > most;

/** Requests whose filter lets a moment through, on whichever field of time; without a filter, every moment. */
export const reaches =
  (moment: Date) =>
  (call: Call): boolean => {
    const text = call.query.get('$filter');
    if (text === null) return call.contentId === undefined;
    const at = comparableTime(moment.toISOString()) ?? '';
    for (const leaf of leaves(parseFilter(text))) {
      if (leaf.kind !== 'compare' || leaf.literal.kind !== 'time') continue;
      const { operator, literal } = leaf;
      if ((operator === 'ge' && at < literal.value) || (operator === 'gt' && at <= literal.value)) return false;
      if ((operator === 'le' && at > literal.value) || (operator === 'lt' && at >= literal.value)) return false;
    }
    return true;
  };

/** Requests that follow a nextLink. */
export const followsLink = (call: Call): boolean => call.query.has('$skiptoken');

type Json = Record<string, unknown>;

/** The right answer with its envelope changed; its objects keep their bytes. */
function withEnvelope(change: (envelope: Json, call: Call) => Json): Answer {
  return {
    kind: 'replaceReply',
    change(reply, call) {
      const text = reply.body.toString();
      const at = text.indexOf('"value":[');
      if (reply.status !== 200 || at < 0) return reply;
      const envelope = change(JSON.parse(`${text.slice(0, at).replace(/,$/, '')}}`) as Json, call);
      const head = JSON.stringify(envelope).slice(0, -1);
      return { ...reply, body: Buffer.from(`${head === '{' ? head : `${head},`}${text.slice(at)}`) };
    },
  };
}

function errorReply(status: number, code: string, message: string, headers: Record<string, string> = {}): Reply {
  return jsonReply(
    status,
    { error: { code, message, innerError: { 'request-id': 'f0000000-0000-4000-8000-00000000f417' } } },
    headers,
  );
}

/** The answers with which Graph and Defender disturb a client, for `faults.add`. */
export const graphFaults = {
  /** Any error in Graph's form. */
  error: (status: number, code: string, message = 'Simulated.', headers: Record<string, string> = {}): Answer => {
    const { body, headers: all } = errorReply(status, code, message, headers);
    return { status, headers: all, body };
  },
  serverError: (): Answer => graphFaults.error(500, 'UnknownError', ''),
  gatewayTimeout: (): Answer => ({ kind: 'html', status: 504 }),
  throttled: (retryAfterSeconds?: number): Answer =>
    graphFaults.error(
      429,
      'TooManyRequests',
      'Too many requests.',
      retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) },
    ),
  /** The page names itself as the next one. */
  nextLinkLoop: (): Answer =>
    withEnvelope((envelope, call) => {
      const query = [...call.query].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
      const origin = new URL(String(envelope['@odata.context'])).origin;
      return { ...envelope, '@odata.nextLink': `${origin}${call.path}?${query}` };
    }),
  /** Always another page, each under a new address. */
  endlessPages: (): Answer => {
    let page = 0;
    return withEnvelope((envelope, call) => {
      const origin = new URL(String(envelope['@odata.context'])).origin;
      return { ...envelope, '@odata.nextLink': `${origin}${call.path}?$top=1&client=${++page}` };
    });
  },
  /** The next page is at another host, such as `https://graph.microsoft.com.evil.example`. */
  foreignNextLink: (origin: string): Answer =>
    withEnvelope((envelope, call) => ({ ...envelope, '@odata.nextLink': `${origin}${call.path}?$skiptoken=stolen` })),
  /** The list ends early without saying so. */
  nextLinkMissing: (): Answer =>
    withEnvelope((envelope) => Object.fromEntries(Object.entries(envelope).filter(([name]) => name !== '@odata.nextLink'))),
  /** The service answers as if there were no filter. */
  filterIgnored: (): Answer => ({
    kind: 'misread',
    change(call) {
      const query = new URLSearchParams(call.query);
      query.delete('$filter');
      return { ...call, query };
    },
  }),
  /** The delta has to begin again, with or without being told where. */
  deltaGone: (location?: string): Answer =>
    graphFaults.error(
      410,
      'syncStateNotFound',
      'The sync state generation is not found.',
      location === undefined ? {} : { Location: location },
    ),
  /** The other way in which an expired token is refused. */
  resyncRequired: (): Answer => graphFaults.error(400, 'resyncRequired', 'Resync required. Full synchronization is needed.'),
  /** Every object of the page twice. */
  replays: (): Answer => ({
    kind: 'replaceReply',
    change(reply) {
      const text = reply.body.toString();
      const at = text.indexOf('"value":[') + '"value":['.length;
      const objects = text.slice(at, -2);
      return reply.status === 200 && objects !== ''
        ? { ...reply, body: Buffer.from(`${text.slice(0, at)}${objects},${objects}]}`) }
        : reply;
    },
  }),
  /** Status 200, but no `value`. */
  valueAbsent: (): Answer => ({
    kind: 'replaceReply',
    change: (reply) => (reply.status === 200 ? bytesReply(200, Buffer.from('{"@odata.context":"x"}'), reply.headers) : reply),
  }),
  /** An error that names a next page. */
  nextLinkInError: (link: string): Answer => ({
    status: 500,
    headers: { 'Content-Type': 'application/json' },
    body: { '@odata.nextLink': link, error: { code: 'UnknownError', message: '' } },
  }),
  /** Some providers did not answer: what is there comes with status 206 and a Warning for each that is missing. */
  partial: (provider = 'Microsoft/WDATP'): Answer => ({
    kind: 'replaceReply',
    change: (reply) =>
      reply.status === 200
        ? { ...reply, status: 206, headers: { ...reply.headers, Warning: `199 - "${provider}/504/10000"` } }
        : reply,
  }),
  /** Every answer that would contain this object fails. */
  poisonObject: (id: string): Answer => ({
    kind: 'replaceReply',
    change: (reply) => (reply.body.includes(`"id":${JSON.stringify(id)}`) ? errorReply(500, 'UnknownError', '') : reply),
  }),
} as const;
