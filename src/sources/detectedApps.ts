import { cloudIds } from '../domain/cloud';
import { licences } from '../domain/licence';
import { graphSnapshot } from '../microsoft/graphSnapshot';

/** Applications that were found on managed devices, with how many devices have each. */
export const detectedApps = graphSnapshot({
  id: 'graph.detectedApps',
  title: 'Applications found on devices',
  docs: 'https://learn.microsoft.com/graph/api/intune-devices-detectedapp-list',
  integration: 'intune',
  permissions: [
    {
      api: 'graph',
      role: 'DeviceManagementManagedDevices.Read.All',
      why: 'Reads which applications were found on managed devices.',
    },
  ],
  anyLicenceOf: licences.intune,
  clouds: cloudIds,
  category: 'MicrosoftGraph.DetectedApp',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-entities',
  everySeconds: 86_400,
  path: '/deviceManagement/detectedApps',
  pageSizes: [500, 100, 20],
  limits: ['intune'],
  snapshotEverySeconds: 86_400,
});
