import { cloudIds } from '../domain/cloud';
import { licences } from '../domain/licence';
import { graphSnapshot } from '../microsoft/graphSnapshot';

/** When each user last signed in, successfully or not. Microsoft allows ten requests a minute, so it is asked once in twelve hours. */
export const signInActivity = graphSnapshot({
  id: 'graph.signInActivity',
  title: 'Sign-in activity of users',
  docs: 'https://learn.microsoft.com/graph/api/resources/signinactivity',
  integration: 'entraId',
  permissions: [
    { api: 'graph', role: 'User.Read.All', why: 'Reads the users whose last sign-in is told.' },
    { api: 'graph', role: 'AuditLog.Read.All', why: 'Reads when each user last signed in.' },
  ],
  anyLicenceOf: licences.entraP1,
  clouds: cloudIds,
  category: 'MicrosoftGraph.SignInActivity',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-entities',
  everySeconds: 43_200,
  path: '/users',
  pageSizes: [500, 120, 20],
  limits: ['signInActivity', 'directory'],
  units: 2,
  select: ['id', 'userPrincipalName', 'signInActivity'],
  snapshotEverySeconds: 86_400,
});
