import { cloudIds } from '../domain/cloud';
import { licences } from '../domain/licence';
import { graphWindow } from '../microsoft/graphWindow';

/** Interactive sign-ins of users. Microsoft keeps them for 30 days. */
export const signIns = graphWindow({
  id: 'graph.signIns',
  title: 'Interactive sign-ins',
  docs: 'https://learn.microsoft.com/graph/api/signin-list',
  integration: 'entraId',
  permissions: [{ api: 'graph', role: 'AuditLog.Read.All', why: 'Reads the sign-in logs.' }],
  anyLicenceOf: licences.entraP1,
  clouds: cloudIds,
  category: 'MicrosoftGraph.SignIn',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-identity',
  everySeconds: 300,
  path: '/auditLogs/signIns',
  pageSizes: [1_000, 250, 50],
  limits: ['reports', 'reportsAllTenants'],
  time: 'createdDateTime',
  filterBy: 'createdDateTime',
  backfillDays: 30,
  maxWindowHours: 24,
});
