import type { Failure, FailureKind } from '../domain/failure';
import { parseJson, propertyOf } from './rowReader';

// The texts a failure of each kind carries besides its code; complete by the compiler.
const furtherTexts: Record<FailureKind, readonly string[]> = {
  throttled: [],
  unavailable: [],
  unexpectedResponse: ['detail'],
  unauthorized: ['api'],
  credentialRejected: ['detail'],
  credentialMissing: ['detail'],
  consentMissing: [],
  permissionMissing: ['permission'],
  serviceMissing: ['detail'],
  tenantUnknown: [],
  tenantMismatch: [],
  blockedByPolicy: ['detail'],
  proofRefused: ['detail'],
  replicating: [],
  auditOff: [],
  notLicensed: ['detail'],
  notProvisioned: ['detail'],
  notInThisCloud: [],
  chainForgotten: [],
  subscriptionMissing: [],
  subscriptionDisabled: ['by'],
  windowRefused: [],
  pageRefused: [],
  contentMissing: [],
  contentExpired: [],
  refusedUrl: ['detail'],
  hubBusy: [],
  hubRefused: ['hub'],
  storeUnavailable: [],
  conflict: [],
  cancelled: [],
  actionRefused: ['detail'],
  rejectedRequest: ['detail'],
};
const textsByKind = new Map(Object.entries(furtherTexts));
const apis: readonly unknown[] = ['management', 'graph', 'defender'];

const longestText = 4_000;

/** A failure as JSON text for a column; details that are too long are cut. */
export function formatFailure(failure: Failure): string {
  return JSON.stringify(failure, (_, value: unknown) => (typeof value === 'string' ? value.slice(0, longestText) : value));
}

/** Narrows what came out of a table to a failure. */
export function failureFrom(value: unknown): Failure | undefined {
  return isFailure(value) ? value : undefined;
}

/** The inverse of formatFailure. Text that is no failure becomes one that says so, because a cause is told, never decided on. */
export function parseFailure(text: string): Failure {
  return (
    parseJson(text, failureFrom) ?? { kind: 'unexpectedResponse', code: 'corruptRow', detail: 'The stored cause cannot be read.' }
  );
}

function isFailure(value: unknown): value is Failure {
  const kind = propertyOf(value, 'kind');
  const texts = typeof kind === 'string' ? textsByKind.get(kind) : undefined;
  if (texts === undefined) return false;
  if (kind === 'unauthorized' && !apis.includes(propertyOf(value, 'api'))) return false;
  const retryAfterMs = propertyOf(value, 'retryAfterMs');
  if (retryAfterMs !== undefined && typeof retryAfterMs !== 'number') return false;
  return ['code', ...texts].every((name) => typeof propertyOf(value, name) === 'string');
}
