import { cloudIds } from '../domain/cloud';
import { licences } from '../domain/licence';
import { graphSnapshot } from '../microsoft/graphSnapshot';

/** Applications that Intune offers to, or puts on, devices. */
export const mobileApps = graphSnapshot({
  id: 'graph.mobileApps',
  title: 'Applications offered to devices',
  docs: 'https://learn.microsoft.com/graph/api/intune-apps-mobileapp-list',
  integration: 'intune',
  permissions: [
    { api: 'graph', role: 'DeviceManagementApps.Read.All', why: 'Reads the applications that Intune offers to devices.' },
  ],
  anyLicenceOf: licences.intune,
  clouds: cloudIds,
  category: 'MicrosoftGraph.MobileApp',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-entities',
  everySeconds: 43_200,
  path: '/deviceAppManagement/mobileApps',
  pageSizes: [200, 50, 10],
  limits: ['intuneOther'],
  snapshotEverySeconds: 86_400,
});
