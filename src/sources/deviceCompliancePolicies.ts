import { cloudIds } from '../domain/cloud';
import { licences } from '../domain/licence';
import { graphSnapshot } from '../microsoft/graphSnapshot';

/** What a device has to be like to count as compliant. */
export const deviceCompliancePolicies = graphSnapshot({
  id: 'graph.deviceCompliancePolicies',
  title: 'Device compliance policies',
  docs: 'https://learn.microsoft.com/graph/api/intune-deviceconfig-devicecompliancepolicy-list',
  integration: 'intune',
  permissions: [
    {
      api: 'graph',
      role: 'DeviceManagementConfiguration.Read.All',
      why: 'Reads what a device has to be like to count as compliant.',
    },
  ],
  anyLicenceOf: licences.intune,
  clouds: cloudIds,
  category: 'MicrosoftGraph.DeviceCompliancePolicy',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-entities',
  everySeconds: 21_600,
  path: '/deviceManagement/deviceCompliancePolicies',
  pageSizes: [200, 50, 10],
  limits: ['intuneOther'],
  snapshotEverySeconds: 86_400,
});
