import { cloudIds } from '../domain/cloud';
import { graphDelta } from '../microsoft/graphDelta';

/** Devices that are registered or joined to the directory. */
export const devices = graphDelta({
  id: 'graph.devices',
  title: 'Devices',
  docs: 'https://learn.microsoft.com/graph/api/device-delta',
  integration: 'entraId',
  permissions: [{ api: 'graph', role: 'Device.Read.All', why: 'Reads the devices that are registered in the directory.' }],
  anyLicenceOf: [],
  clouds: cloudIds,
  category: 'MicrosoftGraph.Device',
  resourceProvider: 'Microsoft.Graph',
  hub: 'm365-entities',
  everySeconds: 900,
  path: '/devices/delta',
  pageSizes: [200, 50, 10],
  limits: ['directory'],
  units: 1,
  snapshotEverySeconds: 86_400,
});
