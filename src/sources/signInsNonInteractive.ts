import { cloudIds } from '../domain/cloud';
import { licences } from '../domain/licence';
import { graphWindow } from '../microsoft/graphWindow';

/** Sign-ins that clients do on behalf of users. There are many times as many as interactive ones, and only the beta endpoint has them, so they are off unless they are wanted. */
export const signInsNonInteractive = graphWindow({
  id: 'graph.signInsNonInteractive',
  title: 'Non-interactive sign-ins',
  docs: 'https://learn.microsoft.com/graph/api/signin-list?view=graph-rest-beta',
  integration: 'entraId',
  permissions: [{ api: 'graph', role: 'AuditLog.Read.All', why: 'Reads the sign-in logs.' }],
  anyLicenceOf: licences.entraP1,
  clouds: cloudIds,
  optional: true,
  category: 'MicrosoftGraph.SignInNonInteractive',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-identity',
  everySeconds: 300,
  path: '/auditLogs/signIns',
  pageSizes: [1_000, 250, 50],
  limits: ['reports', 'reportsAllTenants'],
  version: 'beta',
  filter: "signInEventTypes/any(t: t eq 'nonInteractiveUser')",
  time: 'createdDateTime',
  filterBy: 'createdDateTime',
  backfillDays: 30,
  maxWindowHours: 24,
});
