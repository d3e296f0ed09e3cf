import { failureOf } from '../domain/failure';
import type { Invitation } from '../domain/onboarding';
import type { OperatorRole } from '../domain/operator';
import type { OnboardingStores } from '../domain/ports';
import { parseGuid } from '../domain/tenant';
import { recordChange } from './audit';
import type { AuditPorts } from './audit';
import { hashOf, randomText } from './secretText';
import { InputError } from './tenants';

/** How long an invitation can be used. */
export const invitationDays = 7;
const dayMs = 86_400_000;
const longestName = 100;

export interface InvitationPorts extends AuditPorts {
  readonly onboarding: OnboardingStores;
}

/** Makes an invitation for one customer, and the token of its link, which is nowhere else. Throws InputError. */
export async function invite(
  ports: InvitationPorts,
  wanted: { readonly customer: string; readonly createdBy: string; readonly role?: OperatorRole; readonly tenantId?: string },
  signal: AbortSignal,
): Promise<{ readonly invitation: Invitation; readonly token: string }> {
  const customer = wanted.customer.trim();
  if (customer === '' || customer.length > longestName || /\p{Cc}/u.test(customer))
    throw new InputError(
      `A customer's name has 1 to ${longestName} characters, on one line.`,
      'Give the name under which you know the customer, for example Contoso.',
    );
  const tenantId = wanted.tenantId === undefined ? undefined : parseGuid(wanted.tenantId);
  if (wanted.tenantId !== undefined && tenantId === undefined)
    throw new InputError(
      'The tenant id is not a GUID.',
      'Find it in the Entra admin center, Overview, Tenant ID, or leave it out.',
    );
  const now = ports.clock.now();
  const token = randomText(256);
  const invitation: Invitation = {
    id: hashOf(token),
    customer,
    createdAt: now.toISOString(),
    createdBy: wanted.createdBy,
    expiresAt: new Date(now.getTime() + invitationDays * dayMs).toISOString(),
    ...(tenantId === undefined ? {} : { tenantId }),
  };
  await ports.onboarding.invitations.save(invitation, undefined, signal);
  const { customer: detail, createdAt: at, createdBy: who, id } = invitation;
  const by = wanted.role === undefined ? { who } : { who, role: wanted.role };
  const about = tenantId === undefined ? {} : { tenantId };
  await recordChange(ports, { id, at, ...by, what: 'invited', outcome: 'done', detail, ...about }, undefined, signal);
  return { invitation, token };
}

/** What an invitation's link opens. */
export type Opened =
  | { readonly kind: 'open'; readonly invitation: Invitation }
  | { readonly kind: 'used'; readonly invitation: Invitation }
  | { readonly kind: 'expired'; readonly invitation: Invitation }
  | { readonly kind: 'unknown' };

/** Looks an invitation up by the token of its link. Changes nothing: mail filters open links, too. */
export async function openInvitation(
  ports: Pick<InvitationPorts, 'clock' | 'onboarding'>,
  token: string,
  signal: AbortSignal,
): Promise<Opened> {
  const found = /^[0-9a-f]{64}$/.test(token) ? await ports.onboarding.invitations.find(hashOf(token), signal) : undefined;
  if (found === undefined) return { kind: 'unknown' };
  const { row: invitation } = found;
  if (invitation.usedAt !== undefined) return { kind: 'used', invitation };
  return { kind: ports.clock.now().getTime() > Date.parse(invitation.expiresAt) ? 'expired' : 'open', invitation };
}

/** Uses an invitation up, for one onboarding. False when another one did; doing it twice for the same changes nothing. */
export async function useInvitation(
  ports: Pick<InvitationPorts, 'clock' | 'onboarding'>,
  invitationId: string,
  onboardingId: string,
  signal: AbortSignal,
): Promise<boolean> {
  for (;;) {
    const found = await ports.onboarding.invitations.find(invitationId, signal);
    if (found === undefined) return false;
    const { row, etag } = found;
    if (row.onboardingId !== undefined) return row.onboardingId === onboardingId;
    try {
      const usedAt = ports.clock.now().toISOString();
      await ports.onboarding.invitations.save({ ...row, onboardingId, usedAt }, etag, signal);
      return true;
    } catch (error) {
      // Somebody was quicker: the row says who.
      if (failureOf(error)?.kind !== 'conflict') throw error;
    }
  }
}
