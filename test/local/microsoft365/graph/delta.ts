import { createRandom } from '../random';
import { bytesReply, type Reply } from '../reply';
import type { FeedStore, Mark, Version } from './feedStore';
import { passes } from './filter';
import type { Asked } from './asked';
import { Refusal } from './graphError';
import { pageBody, tokenOf } from './listing';
import { writeToken, type PageToken } from './pageToken';
import { readQuery, type Query } from './query';
import { shaped, shapeOf } from './shape';

const rounds = new WeakMap<object, Map<string, Buffer[]>>();
const remembered = 20;

/** Answers a page of a delta round: everything at first, then what changed since the round before. */
export function answerDelta(asked: Asked, first: Query): Reply {
  const { graph, call, claims } = asked;
  const token = tokenOf(asked);
  const followed = token ? readQuery(asked.endpoint, new URLSearchParams(token.query), asked.beta, () => undefined) : first;
  const nowMs = graph.service.nowMs();
  if (token) {
    const old = nowMs > token.issuedMs + graph.service.settings.deltaTokenLifeMs;
    // After a restart, nothing is known of what was before the new past.
    const forgotten = token.mark.generatedMs < graph.beginMs;
    if (old || forgotten || token.generation < graph.generation(claims.tid)) throw gone(asked, token);
  }
  const mark = token?.kind === 'p' ? token.mark : graph.mark();
  const since = token?.kind === 'd' ? token.mark : token?.since;
  const round: Round = { asked, query: followed, mark, since, options: token?.query ?? optionsOf(asked), issuedMs: nowMs };
  const entries = call.query.get('$deltatoken') === 'latest' ? [] : entriesOf(round);
  const offset = token?.kind === 'p' ? token.offset : 0;
  const size = Math.min(preferredSize(asked) ?? followed.size, graph.service.settings.graphPageSize);
  const more = offset + size < entries.length;
  const fields = {
    '@odata.context': `${asked.metadata}${asked.endpoint.context}`,
    ...(more
      ? { '@odata.nextLink': linkOf(round, { kind: 'p', offset: offset + size, ...(since ? { since } : {}) }) }
      : { '@odata.deltaLink': linkOf(round, { kind: 'd', offset: 0 }) }),
  };
  return bytesReply(200, pageBody(fields, entries.slice(offset, offset + size)));
}

interface Round {
  asked: Asked;
  query: Query;
  mark: Mark;
  since: Mark | undefined;
  options: [string, string][];
  issuedMs: number;
}

function optionsOf({ call }: Asked): [string, string][] {
  return [...call.query].filter(([name]) => name !== '$deltatoken');
}

function linkOf(round: Round, how: Pick<PageToken, 'kind' | 'offset' | 'since'>): string {
  const { asked, mark, issuedMs, options } = round;
  const name = how.kind === 'd' ? '$deltatoken' : '$skiptoken';
  const token = writeToken({
    operation: asked.endpoint.operation,
    tenantId: asked.claims.tid,
    mark,
    generation: asked.graph.generation(asked.claims.tid),
    issuedMs,
    query: options,
    ...how,
  });
  return `${asked.url}?${name}=${encodeURIComponent(token)}`;
}

/** A token that is too old: the answer names where to begin again. */
function gone(asked: Asked, token: PageToken): Refusal {
  const round: Round = {
    asked,
    query: readQuery(asked.endpoint, new URLSearchParams(token.query), asked.beta, () => undefined),
    mark: asked.graph.mark(),
    since: undefined,
    options: token.query,
    issuedMs: asked.graph.service.nowMs(),
  };
  return new Refusal(410, 'syncStateNotFound', 'The sync state generation is not found. Restart with a full synchronization.', {
    Location: linkOf(round, { kind: 'p', offset: 0 }),
  });
}

function preferredSize({ call }: Asked): number | undefined {
  const found = /odata\.maxpagesize=(\d+)/i.exec(prefer(call.headers['prefer']));
  return found ? Math.min(999, Math.max(1, Number(found[1]))) : undefined;
}

const prefer = (value: string | string[] | undefined) => (Array.isArray(value) ? value.join() : (value ?? ''));

function entriesOf(round: Round): Buffer[] {
  const { asked, mark, since, options } = round;
  let known = rounds.get(asked.graph);
  if (!known) rounds.set(asked.graph, (known = new Map<string, Buffer[]>()));
  const minimal = isMinimal(asked);
  const key = JSON.stringify([asked.claims.tid, asked.endpoint.operation, options, mark, since ?? null, minimal]);
  const found = known.get(key);
  if (found) return found;
  const entries = makeEntries(round, minimal);
  known.set(key, entries);
  if (known.size > remembered) known.delete(known.keys().next().value ?? '');
  return entries;
}

const isMinimal = ({ call }: Asked) => /return=minimal/i.test(prefer(call.headers['prefer']));

function makeEntries(round: Round, minimal: boolean): Buffer[] {
  const { asked, query, mark, since } = round;
  const { graph, endpoint, claims } = asked;
  const store = graph.store(claims.tid, endpoint.feed);
  const shape = shapeOf(endpoint, { select: query.select });
  const members =
    endpoint.operation === 'groupsDelta' && (!query.select || query.select.includes('members'))
      ? memberChanges(round)
      : undefined;
  const share = graph.service.settings.deltaReplayShare;
  const entries: Buffer[] = [];
  for (const version of store.statesAt(mark)) {
    if (query.filter && !passes(query.filter, (path) => (path === 'id' ? version.id : undefined))) continue;
    const before = since && store.stateAt(version.id, since);
    const replayed = share > 0 && createRandom(graph.seed, 'replay', version.id, mark.generatedMs, mark.sequence).chance(share);
    const added = entries.length;
    if (version.removed) {
      if (before && !before.removed) entries.push(removal(version));
    } else {
      const bytes = shaped(store, version, shape);
      const same = before && !before.removed && (before === version || shaped(store, before, shape).equals(bytes));
      const changes = members?.get(version.id) ?? [];
      const written = minimal && before && !before.removed ? minimalBytes(store, before, version, query.select) : bytes;
      if (changes.length > 0) entries.push(...withMembers(written, changes, graph.service.settings.deltaMembersPerEntry));
      else if (!same || replayed) entries.push(written);
    }
    if (replayed) entries.push(...entries.slice(added));
  }
  return entries;
}

function removal({ id, removed }: Version): Buffer {
  return Buffer.from(JSON.stringify({ id, '@removed': { reason: removed } }));
}

/** Only what changed, and the id. */
function minimalBytes(store: FeedStore, before: Version, after: Version, select: readonly string[] | undefined): Buffer {
  const old = store.parse(before);
  const changed = Object.entries(store.parse(after)).filter(
    ([name, value]) =>
      name === 'id' || ((!select || select.includes(name)) && JSON.stringify(value) !== JSON.stringify(old[name])),
  );
  return Buffer.from(JSON.stringify(Object.fromEntries(changed)));
}

interface MemberChange {
  '@odata.type': string;
  id: string;
  '@removed'?: { reason: 'deleted' };
}

/** Who came into a group and who left it since the round before, by group. */
function memberChanges({ asked, mark, since }: Round): Map<string, MemberChange[]> {
  const store = asked.graph.store(asked.claims.tid, 'groupMembers');
  const groups = asked.graph.store(asked.claims.tid, 'groups');
  const changes = new Map<string, MemberChange[]>();
  for (const version of store.statesAt(mark)) {
    const before = since && store.stateAt(version.id, since);
    const group = since && groups.stateAt(version.owner ?? '', since);
    // A group that is restored comes with all of its members.
    const was = before !== undefined && !before.removed && group !== undefined && !group.removed;
    if (was === !version.removed || (!was && version.removed)) continue;
    const owner = version.owner ?? '';
    const list = changes.get(owner) ?? [];
    changes.set(owner, list);
    const type = store.parse(version)['@odata.type'];
    list.push({
      '@odata.type': typeof type === 'string' ? type : '#microsoft.graph.user',
      id: version.id.slice(owner.length + 1),
      ...(version.removed ? { '@removed': { reason: 'deleted' } } : {}),
    });
  }
  return changes;
}

/** A group with its changed members; one with many comes several times, with a part of them each. */
function withMembers(group: Buffer, changes: readonly MemberChange[], most: number): Buffer[] {
  const entries: Buffer[] = [];
  for (let at = 0; at < changes.length; at += most) {
    const part = JSON.stringify(changes.slice(at, at + most));
    entries.push(Buffer.from(`${group.toString().slice(0, -1)},"members@delta":${part}}`));
  }
  return entries;
}
