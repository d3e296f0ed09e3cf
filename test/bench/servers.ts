import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { startAzurite } from '../local/azurite';
import { createCertificates } from '../local/certificates';
import { startEventHubsEmulator } from '../local/eventHubs/eventHubsEmulator';
import type { EventHubsEmulator } from '../local/eventHubs/eventHubsEmulator';
import { startKeyVault } from '../local/keyVault/keyVault';
import { startMicrosoft365 } from '../local/microsoft365/microsoft365';
import type { Microsoft365 } from '../local/microsoft365/microsoft365';
import type { SimulatedTenant } from '../local/microsoft365/tenant';
import { hubNames } from '../local/stack';

/** Where the records go. */
export const auditHub = 'm365-audit';

const publisherId = '0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9';
const retainedBytesPerPartition = 16 * 1024 * 1024;

/** Everything a measured process talks to; none of it runs in that process. */
export interface Servers {
  readonly hubs: EventHubsEmulator;
  readonly microsoft365: Microsoft365;
  /** The settings with which the connector reaches these servers. */
  readonly environment: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}

/** Starts storage in a process of its own, and Event Hubs, Key Vault and the simulated Microsoft 365 in this one; all in memory. */
export async function startServers(folder: string, tenants: readonly SimulatedTenant[]): Promise<Servers> {
  const certificates = await createCertificates(folder);
  setDefaultCACertificates([...getCACertificates('default'), certificates.ca]);
  const running: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of running.splice(0).reverse()) await end();
  };
  try {
    const azurite = await startAzurite();
    running.push(() => azurite.stop());
    const Entities = hubNames.map((Name) => ({ Name, PartitionCount: 4 }));
    const hubs = await startEventHubsEmulator({
      config: {
        UserConfig: {
          NamespaceConfig: [{ Type: 'EventHub', Name: 'emulatorNs1', Entities }],
          LoggingConfig: { Type: 'File' },
        },
      },
      maxRetainedBytesPerPartition: retainedBytesPerPartition,
    });
    running.push(() => hubs.stop());
    const vault = await startKeyVault();
    running.push(() => vault.stop());
    const microsoft365 = await startMicrosoft365({ clock: { now: () => new Date() }, seed: 1, tls: certificates, tenants });
    running.push(() => microsoft365.stop());
    const environment = {
      AzureWebJobsStorage: azurite.connectionString,
      EVENTHUBS: hubs.connectionString,
      KEY_VAULT_URL: vault.url,
      PUBLISHER_TENANT_ID: publisherId,
      STORAGE_PREFIX: 'm365',
      COLLECT_SCHEDULE: '*/2 * * * * *',
      NODE_EXTRA_CA_CERTS: certificates.caFile,
      CLOUD_CUSTOM_LOGIN: microsoft365.urls.login,
      CLOUD_CUSTOM_MANAGEMENT: microsoft365.urls.management,
      CLOUD_CUSTOM_GRAPH: microsoft365.urls.graph,
      CLOUD_CUSTOM_DEFENDER: microsoft365.urls.defender,
    };
    return { hubs, microsoft365, environment, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
