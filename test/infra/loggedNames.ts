import { readFileSync } from 'node:fs';
import { stateTitles } from '../../src/domain/sourceState';
import { metrics } from '../../src/domain/metrics';
import { emittedEvents } from './emittedEvents';

const events = emittedEvents();
const failureKinds = [...readFileSync('src/domain/failure.ts', 'utf8').matchAll(/\{ readonly kind: '(\w+)'/g)].map(
  ([, kind]) => kind ?? '',
);

/** The words that a query compares a field of the line with. */
function comparedWith(query: string, field: string): readonly string[] {
  const comparison = new RegExp(`line\\.${field}\\) (?:==|in) ('\\w+'|\\([^)]*\\))`, 'g');
  return [...query.matchAll(comparison)].flatMap(([, words = '']) => words.match(/\w+/g) ?? []);
}

/** What a query asks for that the code does not log: events, fields of these events, kinds of failure, states. */
export function unknownNames(query: string): readonly string[] {
  const named = comparedWith(query, 'event');
  const asked = named.length === 0 ? [...events.keys()] : named;
  const fields = [...query.matchAll(/line(?:\.|\[')(\w+)/g)].map(([, field = '']) => field);
  const known: readonly string[] = Object.keys(metrics);
  const states: readonly string[] = Object.keys(stateTitles);
  return [
    ...named.filter((event) => !events.has(event)),
    ...fields.filter((field) => !asked.some((event) => events.get(event)?.has(field))),
    ...comparedWith(query, 'failure').filter((kind) => !failureKinds.includes(kind)),
    ...comparedWith(query, 'metric').filter((metric) => !known.includes(metric)),
    ...comparedWith(query, 'state').filter((state) => !states.includes(state)),
  ];
}
