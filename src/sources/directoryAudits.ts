import { cloudIds } from '../domain/cloud';
import { graphWindow } from '../microsoft/graphWindow';

/** Changes in the directory: users, groups, roles, applications, policies. Microsoft keeps them for 7 days without a licence for Entra ID P1, else for 30. */
export const directoryAudits = graphWindow({
  id: 'graph.directoryAudits',
  title: 'Directory audits',
  docs: 'https://learn.microsoft.com/graph/api/directoryaudit-list',
  integration: 'entraId',
  permissions: [{ api: 'graph', role: 'AuditLog.Read.All', why: 'Reads the audit log of the directory.' }],
  anyLicenceOf: [],
  clouds: cloudIds,
  category: 'MicrosoftGraph.DirectoryAudit',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-identity',
  everySeconds: 300,
  path: '/auditLogs/directoryAudits',
  pageSizes: [500, 100, 20],
  limits: ['reports', 'reportsAllTenants'],
  time: 'activityDateTime',
  operation: 'activityDisplayName',
  filterBy: 'activityDateTime',
  backfillDays: 30,
  maxWindowHours: 168,
});
