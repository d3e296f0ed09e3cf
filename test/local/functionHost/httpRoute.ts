/** A route of an HTTP trigger, ready to be matched. */
export interface HttpRoute {
  /** Sorts before less specific routes. */
  readonly order: string;
  /** The route's parameters if the path segments match, else undefined. */
  match(segments: readonly string[]): Record<string, string> | undefined;
}

interface Segment {
  readonly literal?: string;
  readonly name: string;
  readonly optional: boolean;
  readonly rest: boolean;
  readonly allowed: RegExp;
  readonly rank: string;
}

const constraints: Readonly<Record<string, RegExp>> = {
  int: /^-?\d+$/,
  long: /^-?\d+$/,
  decimal: /^-?\d+(\.\d+)?$/,
  alpha: /^[a-z]+$/i,
  bool: /^(true|false)$/i,
  guid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
};

/** Compiles a route such as `tenants/{id:guid}/{feed?}` or `files/{*path}`; segments match whatever their case. */
export function compileRoute(route: string): HttpRoute {
  const segments = route
    .split('/')
    .filter(Boolean)
    .map((text) => parseSegment(text, route));
  const match = (given: readonly string[]) => {
    const params: Record<string, string> = {};
    const last = segments.at(-1);
    if (given.length > segments.length && !last?.rest) return undefined;
    for (const [index, segment] of segments.entries()) {
      const value = segment.rest ? given.slice(index).join('/') : given[index];
      if (value === undefined || value === '') {
        if (segment.optional || segment.rest) continue;
        return undefined;
      }
      if (segment.literal === undefined) {
        if (!segment.allowed.test(value)) return undefined;
        params[segment.name] = value;
      } else if (segment.literal !== value.toLowerCase()) return undefined;
    }
    return params;
  };
  return { order: segments.map(({ rank }) => rank).join(''), match };
}

function parseSegment(text: string, route: string): Segment {
  const literal = { name: '', optional: false, rest: false, allowed: /^/, rank: '0' };
  if (!text.includes('{')) return { ...literal, literal: text.toLowerCase() };
  const match = /^\{(\*?)([A-Za-z_]\w*)(?::(\w+))?(\?)?\}$/.exec(text);
  const [, star, name, constraint, question] = match ?? [];
  const allowed = constraint === undefined ? /^/ : constraints[constraint];
  if (name === undefined || allowed === undefined)
    throw new Error(
      `The local host does not understand "${text}" in the route "${route}". It knows {x}, {x?}, {*x} and ${Object.keys(constraints).join(', ')}.`,
    );
  return {
    name,
    optional: question === '?',
    rest: star === '*',
    allowed,
    rank: star === '*' ? '3' : constraint === undefined ? '2' : '1',
  };
}
