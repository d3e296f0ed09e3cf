import type { Action } from '../domain/action';
import { cloudIds } from '../domain/cloud';
import { accountStep, inspectUser, userPermissions } from '../microsoft/userActions';

/** Lets a user sign in again. */
export const enableAccount: Action = {
  id: 'enableAccount',
  title: 'Enable account',
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
  reversibleBy: 'disableAccount',
  done: 'The account is switched on in Entra ID.',
  verified:
    'The account is read again; one that is synced from on premises is read for 45 minutes more, past the next directory sync.',
  cannot:
    'A password that is known to somebody else stays known: change it first. An account that is synced follows Active Directory.',
  longestMs: 2 * 3_600_000,
  inspect: inspectUser({ locksOut: false }),
  steps: [accountStep(true)],
};
