import type { Action } from '../domain/action';
import { cloudIds } from '../domain/cloud';
import { accountStep, inspectUser, revokeStep, userPermissions } from '../microsoft/userActions';

/** Locks a user out: first no new sign-in, then no old session. */
export const containUser: Action = {
  id: 'containUser',
  title: 'Contain user',
  docs: 'https://learn.microsoft.com/entra/identity/users/users-revoke-access',
  targetKind: 'user',
  permissions: [
    ...userPermissions,
    { api: 'graph', role: 'User.EnableDisableAccount.All', why: 'Switches the account off and on.' },
    { api: 'graph', role: 'User.RevokeSessions.All', why: 'Ends the sessions of the user.' },
  ],
  anyLicenceOf: [],
  clouds: cloudIds,
  limits: ['directory'],
  choices: [],
  highImpact: false,
  reversibleBy: 'enableAccount',
  done: 'The account is switched off, and then its sessions are revoked.',
  verified: 'Both are read again, each after its step; a synced account for 45 minutes more.',
  cannot:
    'Access tokens that were issued live on until they end, up to about an hour. An account that is synced is switched on again by the next directory sync unless it is disabled in Active Directory as well. Devices and applications of the user are not touched.',
  longestMs: 2 * 3_600_000,
  inspect: inspectUser({ locksOut: true }),
  steps: [accountStep(false), revokeStep],
};
