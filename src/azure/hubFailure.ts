import { ConnectorError } from '../domain/failure';
import type { Failure } from '../domain/failure';

// No use in trying again before a person did something: the role, the key, the name of the hub.
const refusals = new Set([
  'UnauthorizedError',
  'MessagingEntityNotFoundError',
  'MessagingEntityDisabledError',
  'AuthenticationError',
  'AggregateAuthenticationError',
  'AuthenticationRequiredError',
]);

// The link works; the service, or the size of the message, is what it is.
const healthy = new Set([
  'ServerBusyError',
  'MessageTooLargeError',
  'QuotaExceededError',
  'SenderBusyError',
  'MessagingEntityNotFoundError',
]);

/** Translates what the Event Hubs SDK threw, and says whether its client may be broken. An error that is none of its own is a bug, and comes back as it is. */
export function hubError(hub: string, error: unknown, signal: AbortSignal): { readonly error: Error; readonly broken: boolean } {
  if (error instanceof ConnectorError) return { error, broken: false };
  // After several tries the SDK throws them all; the last one is the state of things.
  const last: unknown = error instanceof AggregateError ? error.errors.at(-1) : error;
  if (!(last instanceof Error)) return { error: new Error(`sending to ${hub}: ${String(last)}`), broken: true };
  const failure = toFailure(hub, last, signal);
  if (failure === undefined) return { error: last, broken: true };
  const broken = !healthy.has(failure.code) && failure.kind !== 'cancelled';
  return { error: new ConnectorError('sending to Event Hubs', failure, error), broken };
}

function toFailure(hub: string, error: Error, signal: AbortSignal): Failure | undefined {
  if (error.name === 'AbortError')
    return signal.aborted ? { kind: 'cancelled', code: 'aborted' } : { kind: 'hubBusy', code: 'OperationTimeoutError' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  if (refusals.has(code) || refusals.has(error.name)) return { kind: 'hubRefused', code, hub };
  if (code === 'MessageTooLargeError') return { kind: 'rejectedRequest', code, detail: error.message.slice(0, 500) };
  if (error instanceof TypeError || error instanceof RangeError) return undefined;
  // All the rest comes and goes: throttling, time-outs, cut connections, an identity that is not there yet.
  return { kind: 'hubBusy', code };
}
