import { stateTitles } from '../domain/sourceState';
import type { Silence, SourceState, StateName } from '../domain/sourceState';
import { propertyOf } from './rowReader';
import { failureFrom } from './storedFailure';

/** Narrows what came out of a table to the name of a state. */
export const isStateName = (value: unknown): value is StateName => typeof value === 'string' && Object.hasOwn(stateTitles, value);

const silences: readonly Silence[] = ['awaitingFirstContent', 'silentSinceStart', 'quiet'];

/** Narrows what came out of a table to the state of a source; undefined when it is none. */
export function stateOf(value: unknown): SourceState | undefined {
  const name = propertyOf(value, 'name');
  const since = propertyOf(value, 'since');
  const failure = failureFrom(propertyOf(value, 'failure'));
  const silence = silences.find((known) => known === propertyOf(value, 'silence'));
  if (!isStateName(name) || typeof since !== 'string') return undefined;
  return { name, since, ...(failure === undefined ? {} : { failure }), ...(silence === undefined ? {} : { silence }) };
}
