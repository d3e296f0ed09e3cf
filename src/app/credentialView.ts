import type { CredentialRing } from '../domain/credential';
import { explainCredential } from './credentialWords';
import type { CredentialExplanation } from './credentialWords';
import { describeFailure } from './describe';

/** A credential as it is shown: in words, with the ids and times a person may need; never a secret, nor its name. */
export interface CredentialView extends CredentialExplanation {
  readonly keyId: string | undefined;
  readonly previousKeyId: string | undefined;
  readonly rotation: { readonly step: string; readonly reason: string; readonly since: string } | undefined;
  readonly failing:
    | {
        readonly since: string;
        readonly times: number;
        readonly code: string;
        readonly title: string;
        readonly nextStep: string;
        readonly retryAt: string;
      }
    | undefined;
}

/** What is shown of a ring. */
export function viewCredential(ring: CredentialRing, tenantId: string, now: Date): CredentialView {
  const { current, previous, rotation, failing } = ring;
  return {
    ...explainCredential(ring, tenantId, now),
    ...{ keyId: current?.keyId, previousKeyId: previous?.keyId },
    rotation: rotation === undefined ? undefined : { step: rotation.step, reason: rotation.reason, since: rotation.since },
    failing:
      failing === undefined
        ? undefined
        : {
            ...{ since: failing.since, times: failing.times, code: failing.failure.code, retryAt: failing.retryAt },
            ...describeFailure(failing.failure),
          },
  };
}
