import type { Action } from '../domain/action';
import { cloudsButChina } from '../domain/cloud';
import { licences } from '../domain/licence';
import { compromisedStep, inspectUser, userPermissions } from '../microsoft/userActions';

/** Raises the risk of a user to high, for the policies of the tenant to act on. */
export const confirmCompromised: Action = {
  id: 'confirmCompromised',
  title: 'Confirm user compromised',
  docs: 'https://learn.microsoft.com/graph/api/riskyuser-confirmcompromised',
  targetKind: 'user',
  permissions: [
    ...userPermissions,
    {
      api: 'graph',
      role: 'IdentityRiskyUser.ReadWrite.All',
      why: 'Tells Identity Protection that the account is in the wrong hands, and reads its risk.',
    },
  ],
  anyLicenceOf: licences.entraP2,
  clouds: cloudsButChina,
  limits: ['directory', 'identityProtection'],
  choices: [],
  highImpact: false,
  reversibleBy: undefined,
  done: 'Identity Protection holds the user at high risk, as confirmed by an administrator.',
  verified: 'The risk of the user is read again: confirmedCompromised.',
  cannot:
    'It sets the risk, nothing else: what follows is up to the Conditional Access policies of the tenant. It is not undone here; an administrator dismisses the risk in the Entra admin center.',
  longestMs: 2 * 3_600_000,
  inspect: inspectUser({ locksOut: false }),
  steps: [compromisedStep],
};
