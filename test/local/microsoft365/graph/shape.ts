import type { Endpoint } from './endpoint';
import type { FeedStore, Version } from './feedStore';

/** How an object is cut before it is served. */
export interface Shape {
  /** Only these properties, in the order of the object. */
  select?: readonly string[] | undefined;
  /** Every property but these. */
  hide?: readonly string[] | undefined;
}

/** The shape in which an endpoint serves its objects. */
export function shapeOf(
  endpoint: Pick<Endpoint, 'usual' | 'onRequest' | 'kind'>,
  asked: { select?: readonly string[] | undefined; full?: boolean },
): Shape {
  const hide = asked.full === true ? undefined : endpoint.onRequest;
  const select = asked.select ?? endpoint.usual;
  // A delta tells the id whether it was asked for or not.
  return { hide, select: select && endpoint.kind === 'delta' && !select.includes('id') ? [...select, 'id'] : select };
}

const cache = new WeakMap<Version, Map<string, Buffer>>();

/** The bytes of an object in a shape: the same ones each time, and the stored ones when nothing is cut. */
export function shaped(store: FeedStore, version: Version, shape: Shape): Buffer {
  if (!shape.select && !shape.hide) return version.bytes;
  const key = `${shape.select?.join() ?? '*'}|${shape.hide?.join() ?? ''}`;
  let known = cache.get(version);
  if (!known) cache.set(version, (known = new Map<string, Buffer>()));
  let bytes = known.get(key);
  if (!bytes) {
    const wanted = shape.select && new Set(shape.select);
    const kept = Object.entries(store.parse(version)).filter(
      ([name]) => (!wanted || wanted.has(name) || name === '@odata.type') && shape.hide?.includes(name) !== true,
    );
    bytes = Buffer.from(JSON.stringify(Object.fromEntries(kept)));
    known.set(key, bytes);
  }
  return bytes;
}
