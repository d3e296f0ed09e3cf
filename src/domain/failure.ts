/** The Microsoft APIs that a token is made for; each has its own host in each cloud. */
export type Api = 'management' | 'graph' | 'defender';

/**
 * Why something did not work, as data: it is stored, compared and shown. Made only where the outside world is touched
 * (src/microsoft, src/azure); `code` is Microsoft's own code or the HTTP status, for a person to search with.
 */
export type Failure =
  | { readonly kind: 'throttled'; readonly code: string; readonly retryAfterMs?: number }
  | { readonly kind: 'unavailable'; readonly code: string }
  | { readonly kind: 'unexpectedResponse'; readonly code: string; readonly detail: string }
  | { readonly kind: 'unauthorized'; readonly code: string; readonly api: Api }
  | { readonly kind: 'credentialRejected'; readonly code: string; readonly detail: string }
  | { readonly kind: 'credentialMissing'; readonly code: string; readonly detail: string }
  | { readonly kind: 'consentMissing'; readonly code: string }
  | { readonly kind: 'permissionMissing'; readonly code: string; readonly permission: string }
  | { readonly kind: 'serviceMissing'; readonly code: string; readonly detail: string }
  | { readonly kind: 'tenantUnknown'; readonly code: string }
  | { readonly kind: 'tenantMismatch'; readonly code: string }
  | { readonly kind: 'blockedByPolicy'; readonly code: string; readonly detail: string }
  | { readonly kind: 'proofRefused'; readonly code: string; readonly detail: string }
  | { readonly kind: 'replicating'; readonly code: string }
  | { readonly kind: 'auditOff'; readonly code: string }
  | { readonly kind: 'notLicensed'; readonly code: string; readonly detail: string }
  | { readonly kind: 'notProvisioned'; readonly code: string; readonly detail: string }
  | { readonly kind: 'notInThisCloud'; readonly code: string }
  | { readonly kind: 'chainForgotten'; readonly code: string }
  | { readonly kind: 'subscriptionMissing'; readonly code: string }
  | { readonly kind: 'subscriptionDisabled'; readonly code: string; readonly by: string }
  | { readonly kind: 'windowRefused'; readonly code: string }
  | { readonly kind: 'pageRefused'; readonly code: string }
  | { readonly kind: 'contentMissing'; readonly code: string }
  | { readonly kind: 'contentExpired'; readonly code: string }
  | { readonly kind: 'refusedUrl'; readonly code: string; readonly detail: string }
  | { readonly kind: 'hubBusy'; readonly code: string }
  | { readonly kind: 'hubRefused'; readonly code: string; readonly hub: string }
  | { readonly kind: 'storeUnavailable'; readonly code: string }
  | { readonly kind: 'conflict'; readonly code: string }
  | { readonly kind: 'cancelled'; readonly code: string }
  | { readonly kind: 'actionRefused'; readonly code: string; readonly detail: string }
  | { readonly kind: 'rejectedRequest'; readonly code: string; readonly detail: string };

export type FailureKind = Failure['kind'];

/** The code of an `unavailable` feed that answers nothing at all: no unit is to blame, and the run ends. */
export const notAnsweringCode = 'notAnswering';

/** A failure on its way up. The message is for logs: a gerund and the code, never a token, a secret or a query string. */
export class ConnectorError extends Error {
  readonly failure: Failure;

  constructor(doing: string, failure: Failure, cause?: unknown) {
    super(`${doing}: ${failure.kind} [${failure.code}]`, cause === undefined ? undefined : { cause });
    this.name = 'ConnectorError';
    this.failure = failure;
  }
}

/** The failure inside an error, or undefined when the error is a bug and should propagate. */
export function failureOf(error: unknown): Failure | undefined {
  return error instanceof ConnectorError ? error.failure : undefined;
}

/**
 * What the engine does with a failure. `retry`: try again soon, it heals by itself. `wait`: nothing is wrong on our side,
 * look again later. `person`: somebody has to act; look again hourly so that it heals when they did. `absent`: this tenant does not have it, and nothing
 * is wrong; look again daily. `stop`: a bug or a lost lease.
 */
export type Disposition = 'retry' | 'wait' | 'person' | 'absent' | 'stop';

const dispositions: Record<FailureKind, Disposition> = {
  throttled: 'wait',
  unavailable: 'retry',
  unexpectedResponse: 'retry',
  unauthorized: 'retry',
  credentialRejected: 'person',
  credentialMissing: 'person',
  consentMissing: 'person',
  permissionMissing: 'person',
  serviceMissing: 'person',
  tenantUnknown: 'person',
  tenantMismatch: 'person',
  blockedByPolicy: 'person',
  proofRefused: 'person',
  replicating: 'retry',
  auditOff: 'person',
  notLicensed: 'absent',
  notProvisioned: 'absent',
  notInThisCloud: 'absent',
  chainForgotten: 'retry',
  subscriptionMissing: 'wait',
  subscriptionDisabled: 'person',
  windowRefused: 'retry',
  pageRefused: 'retry',
  contentMissing: 'retry',
  contentExpired: 'stop',
  refusedUrl: 'stop',
  hubBusy: 'retry',
  hubRefused: 'person',
  storeUnavailable: 'retry',
  conflict: 'stop',
  cancelled: 'stop',
  actionRefused: 'person',
  rejectedRequest: 'retry',
};

/** How the engine treats a failure; the table is complete by the compiler. */
export function disposition(failure: Failure): Disposition {
  return dispositions[failure.kind];
}
