import { cloudIds } from '../domain/cloud';
import { licences } from '../domain/licence';
import { graphSnapshot } from '../microsoft/graphSnapshot';

/** Configuration profiles for devices. Profiles of the settings catalogue are in beta only, and not among them. */
export const deviceConfigurations = graphSnapshot({
  id: 'graph.deviceConfigurations',
  title: 'Device configurations',
  docs: 'https://learn.microsoft.com/graph/api/intune-deviceconfig-deviceconfiguration-list',
  integration: 'intune',
  permissions: [
    { api: 'graph', role: 'DeviceManagementConfiguration.Read.All', why: 'Reads the configuration profiles for devices.' },
  ],
  anyLicenceOf: licences.intune,
  clouds: cloudIds,
  category: 'MicrosoftGraph.DeviceConfiguration',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-entities',
  everySeconds: 21_600,
  path: '/deviceManagement/deviceConfigurations',
  pageSizes: [200, 50, 10],
  limits: ['intuneOther'],
  snapshotEverySeconds: 86_400,
});
