import { cloudIds } from '../domain/cloud';
import { licences } from '../domain/licence';
import { graphSnapshot } from '../microsoft/graphSnapshot';

/** Devices that Intune manages: owner, system, encryption, compliance. `azureADDeviceId` is the `deviceId` of the directory. */
export const managedDevices = graphSnapshot({
  id: 'graph.managedDevices',
  title: 'Managed devices',
  docs: 'https://learn.microsoft.com/graph/api/intune-devices-manageddevice-list',
  integration: 'intune',
  permissions: [
    {
      api: 'graph',
      role: 'DeviceManagementManagedDevices.Read.All',
      why: 'Reads the devices that Intune manages, with their compliance.',
    },
  ],
  anyLicenceOf: licences.intune,
  clouds: cloudIds,
  category: 'MicrosoftGraph.ManagedDevice',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-entities',
  everySeconds: 3_600,
  path: '/deviceManagement/managedDevices',
  pageSizes: [500, 100, 20],
  limits: ['intune'],
  snapshotEverySeconds: 86_400,
});
