import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createCertificates } from '../local/certificates';
import { startEventHubsEmulator } from '../local/eventHubs/eventHubsEmulator';
import { oneHub, unrefTokenRenewals } from '../local/eventHubs/hubClients';
import { startKeyVault } from '../local/keyVault/keyVault';
import { startMicrosoft365 } from '../local/microsoft365/microsoft365';
import { Incident } from './incident';
import type { IncidentOptions } from './incident';
import { contoso } from './incidentTenants';
import { problemsOf } from './invariants';
import { IoClock, timeFile } from './ioClock';
import type { Stand } from './stand';
import { sharedStandVariable, startSharedStand } from './startAzuriteOnce';
import type { SharedStand } from './startAzuriteOnce';

export interface StandOptions {
  /** The limit the links of Event Hubs announce; 1 MiB unless given. */
  readonly linkLimitBytes?: number;
}

/** The local stack of one test file. */
export interface IncidentStand {
  /** A fresh world: storage prefix, hubs, simulated Microsoft 365 and a connector with the tenants added. */
  readonly begin: (options?: IncidentOptions) => Promise<Incident>;
  readonly stand: () => Stand;
}

/**
 * Starts the local stack for the tests of a file: the real adapters and SDKs of the connector against Azurite, the Event Hubs emulator, a Key Vault and a
 * simulated Microsoft 365 over TLS, all on one clock. After every test the invariants are checked, except what the test said it expects.
 */
export function incidentStand(options: StandOptions = {}): IncidentStand {
  unrefTokenRenewals();
  const begun: Incident[] = [];
  const ends: (() => Promise<void> | void)[] = [];
  let stand: Stand | undefined;
  const present = (): Stand => {
    if (stand === undefined) throw new Error('The stand is not started yet.');
    return stand;
  };

  beforeAll(async () => {
    const shared = await sharedStand(ends);
    const certificates = await createCertificates(shared.folder);
    setDefaultCACertificates([...getCACertificates('default'), certificates.ca]);
    const { linkLimitBytes } = options;
    const limit = linkLimitBytes === undefined ? {} : { maxMessageSizeBytes: linkLimitBytes };
    const emulator = await startEventHubsEmulator({ config: oneHub, ...limit });
    ends.push(async () => emulator.stop());
    const vault = await startKeyVault();
    ends.push(async () => vault.stop());
    const folder = mkdtempSync(join(tmpdir(), 'incident-'));
    ends.push(() => rmSync(folder, { recursive: true, force: true }));
    stand = { storage: shared.connectionString, certificates, emulator, vault, folder };
  });

  afterEach(async () => {
    const problems: string[] = [];
    for (const incident of begun.splice(0)) {
      try {
        problems.push(...(await problemsOf(incident)));
      } finally {
        await incident.end();
      }
    }
    stand?.emulator.faults.clear();
    expect(problems).toEqual([]);
  });

  afterAll(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  return {
    stand: present,
    begin: async (how = {}) => {
      const { emulator, certificates, folder } = present();
      const prefix = `i${randomBytes(6).toString('hex')}`;
      const timePath = join(folder, `${prefix}.time`);
      const cell = timeFile(timePath);
      cell.write(Date.parse(how.start ?? '2026-11-22T12:00:00Z'));
      const clock = new IoClock(cell);
      const { tenants = [contoso], simulation } = how;
      const microsoft = await startMicrosoft365({ clock, seed: 7, tls: certificates, tenants, ...simulation });
      const hubs = { audit: `${prefix}-audit`, operations: `${prefix}-operations` };
      emulator.addHub(hubs.audit, 2);
      emulator.addHub(hubs.operations, 1);
      const incident = new Incident({
        stand: present(),
        prefix,
        timeFile: timePath,
        clock,
        microsoft,
        hubs,
        tenants,
        options: how,
      });
      begun.push(incident);
      await incident.begin();
      return incident;
    },
  };
}

async function sharedStand(ends: (() => Promise<void> | void)[]): Promise<SharedStand> {
  const given = process.env[sharedStandVariable];
  if (given !== undefined) return JSON.parse(given) as SharedStand;
  const { stand, stop } = await startSharedStand();
  ends.push(stop);
  return stand;
}
