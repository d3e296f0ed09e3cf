import { daysLeft, isRotatable, isStored } from '../domain/credential';
import type { CredentialKind, CredentialRing } from '../domain/credential';
import { rotationDueAt } from '../domain/rotation';
import { describeFailure } from './describe';

/** What the kinds of credentials are called. */
export const kindTitles: Readonly<Record<CredentialKind, string>> = {
  managedIdentity: 'Managed identity',
  federatedIdentity: 'Managed identity as federated credential',
  certificate: 'Certificate',
  clientSecret: 'Client secret',
};

/** A credential as it is told: what it is, how long it is good for, and what to do next. */
export interface CredentialExplanation {
  readonly kind: CredentialKind;
  readonly kindTitle: string;
  readonly state: 'neverExpires' | 'good' | 'rotating' | 'nearExpiry' | 'expired' | 'removed' | 'unknownExpiry';
  readonly why: string;
  readonly nextStep: string;
  readonly daysLeft: number | undefined;
  readonly expiresAt: string | undefined;
  /** The connector renews it by itself. */
  readonly automatic: boolean;
}

const nearDays = 45;
const nothing = 'Nothing to do.';

/** Explains the credential of a tenant in words. */
export function explainCredential(ring: CredentialRing, tenantId: string, now: Date): CredentialExplanation {
  const { kind, current, failing } = ring;
  const left = daysLeft(current, now);
  const automatic = isRotatable(ring);
  const tell = (state: CredentialExplanation['state'], why: string, nextStep: string): CredentialExplanation => ({
    ...{ kind, kindTitle: kindTitles[kind], state, why, nextStep, daysLeft: left },
    ...{ expiresAt: current?.expiresAt, automatic },
  });
  if (!isStored(kind)) return tell('neverExpires', 'There is no secret that could expire or leak.', nothing);
  const set = giveAnother(kind, tenantId);
  if (current?.removed === true)
    return tell('removed', 'Somebody removed the credential from the application in Entra ID.', automatic ? soon : set);
  if (left !== undefined && left < 0) return tell('expired', `The ${noun(kind)} expired on ${day(current?.expiresAt)}.`, set);
  const trouble = failing === undefined ? '' : ` The last rotation failed: ${describeFailure(failing.failure).title}`;
  const end = left === undefined ? '' : `It expires on ${day(current?.expiresAt)}, in ${daysText(left)}.`;
  if (ring.rotation !== undefined && failing === undefined)
    return tell('rotating', `${rotatingWords(ring)} ${end}`.trim(), nothing);
  if (left === undefined)
    return tell(
      'unknownExpiry',
      'When it expires is not known, because the connector may not look at the application.',
      `Give the day with its value: npm run tenant -- credential set ${tenantId} --expires 2027-05-01`,
    );
  const next = automatic ? dueText(ring) : `${cannotText(ring)} ${set}`;
  return tell(
    left <= nearDays ? 'nearExpiry' : 'good',
    `${end}${trouble}`,
    failing === undefined || !automatic ? next : retryText(ring),
  );
}

const soon = 'Nothing to do: a new one is added by itself.';

function giveAnother(kind: CredentialKind, tenantId: string): string {
  const where = 'Entra admin center, App registrations, your application, Certificates & secrets';
  return kind === 'certificate'
    ? `Add another certificate (${where}, Certificates, Upload certificate) and give it with its key: npm run tenant -- credential set ${tenantId} --kind certificate < certificate.pem`
    : `Create another client secret (${where}, New client secret) and give its Value: npm run tenant -- credential set ${tenantId} < secret.txt`;
}

function cannotText({ unseen, failing }: CredentialRing): string {
  const failure = unseen ?? failing?.failure;
  const why = failure === undefined ? '' : ` ${describeFailure(failure).title}`;
  return `The connector cannot renew it by itself.${why}`;
}

function dueText(ring: CredentialRing): string {
  const at = rotationDueAt(ring);
  return at === undefined ? nothing : `Nothing to do: it is renewed by itself on ${day(new Date(at).toISOString())}.`;
}

function retryText({ failing }: CredentialRing): string {
  if (failing === undefined) return nothing;
  const { nextStep } = describeFailure(failing.failure);
  return `${nextStep} The rotation is tried again on ${day(failing.retryAt)}.`;
}

function rotatingWords({ rotation }: CredentialRing): string {
  switch (rotation?.step) {
    case 'adding':
      return 'A new one is being added to the application.';
    case 'verifying':
      return 'A new one was added and is being tried; the old one stays in use until it has worked several times.';
    case 'grace':
      return 'A new one is in use; the one before stays good for a day.';
    case 'retiring':
      return 'A new one is in use; the one before is being removed.';
    case 'aborting':
      return 'The new one did not work and is taken away again; the old one stays in use.';
    case undefined:
      return '';
  }
}

function noun(kind: CredentialKind): string {
  return kind === 'certificate' ? 'certificate' : 'client secret';
}

function daysText(days: number): string {
  return days === 1 ? '1 day' : `${days} days`;
}

const day = (iso: string | undefined): string => iso?.slice(0, 10) ?? 'an unknown day';
