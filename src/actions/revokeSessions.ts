import type { Action } from '../domain/action';
import { cloudIds } from '../domain/cloud';
import { inspectUser, revokeStep, userPermissions } from '../microsoft/userActions';

/** Makes a user sign in again everywhere. */
export const revokeSessions: Action = {
  id: 'revokeSessions',
  title: 'Revoke sessions',
  docs: 'https://learn.microsoft.com/graph/api/user-revokesigninsessions',
  targetKind: 'user',
  permissions: [...userPermissions, { api: 'graph', role: 'User.RevokeSessions.All', why: 'Ends the sessions of the user.' }],
  anyLicenceOf: [],
  clouds: cloudIds,
  limits: ['directory'],
  choices: [],
  highImpact: false,
  reversibleBy: undefined,
  done: 'Refresh tokens and browser sessions of before are worthless.',
  verified: 'The time from which sessions are valid (signInSessionsValidFromDateTime) is read again and has moved.',
  cannot:
    'Access tokens that were issued live on until they end, up to about an hour; applications with continuous access evaluation notice sooner. Whoever knows the password can sign in again.',
  longestMs: 2 * 3_600_000,
  inspect: inspectUser({ locksOut: false }),
  steps: [revokeStep],
};
