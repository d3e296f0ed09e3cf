import { readFileSync } from 'node:fs';

/** The source that both sides of the Graph benchmark read. */
export const graphSource = 'graph.users';

/** The address that the source asks first, as recorded for its contract test, at another origin. */
export function recordedUrl(origin: string): string {
  const { exchange } = JSON.parse(readFileSync(`test/fixtures/${graphSource}/firstRun/exchange.json`, 'utf8')) as {
    readonly exchange: readonly { readonly request: { readonly url: string } }[];
  };
  const { pathname, search } = new URL(exchange[0]?.request.url ?? '');
  return `${origin}${pathname}${search}`;
}
