import type { Action } from '../domain/action';
import { cloudIds } from '../domain/cloud';
import { accountStep, inspectUser, userPermissions } from '../microsoft/userActions';

/** Keeps a user from signing in anew. */
export const disableAccount: Action = {
  id: 'disableAccount',
  title: 'Disable account',
  docs: 'https://learn.microsoft.com/graph/api/user-update',
  targetKind: 'user',
  permissions: [
    ...userPermissions,
    { api: 'graph', role: 'User.EnableDisableAccount.All', why: 'Switches the account off and on.' },
  ],
  anyLicenceOf: [],
  clouds: cloudIds,
  limits: ['directory'],
  choices: [],
  highImpact: false,
  reversibleBy: 'enableAccount',
  done: 'The account is switched off in Entra ID.',
  verified:
    'The account is read again; one that is synced from on premises is read for 45 minutes more, past the next directory sync.',
  cannot:
    'Sessions that are open live on until their tokens end (about an hour): revoke them too, or contain the user. An account that is synced is switched on again by the next directory sync unless it is disabled in Active Directory as well.',
  longestMs: 2 * 3_600_000,
  inspect: inspectUser({ locksOut: true }),
  steps: [accountStep(false)],
};
