import { cloudIds } from '../domain/cloud';
import { licences } from '../domain/licence';
import { graphSnapshot } from '../microsoft/graphSnapshot';

/** Conditional Access policies: who may sign in from where, and how. */
export const conditionalAccessPolicies = graphSnapshot({
  id: 'graph.conditionalAccessPolicies',
  title: 'Conditional Access policies',
  docs: 'https://learn.microsoft.com/graph/api/conditionalaccessroot-list-policies',
  integration: 'posture',
  permissions: [{ api: 'graph', role: 'Policy.Read.All', why: 'Reads the Conditional Access policies.' }],
  anyLicenceOf: licences.entraP1,
  clouds: cloudIds,
  category: 'MicrosoftGraph.ConditionalAccessPolicy',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-posture',
  everySeconds: 3_600,
  path: '/identity/conditionalAccess/policies',
  pageSizes: [200, 50, 10],
  limits: ['identityProtection'],
  snapshotEverySeconds: 86_400,
});
