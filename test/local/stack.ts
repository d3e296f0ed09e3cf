import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { startAzurite } from './azurite';
import { createCertificates } from './certificates';
import { startEventHubsEmulator } from './eventHubs/eventHubsEmulator';
import type { EventHubsEmulator } from './eventHubs/eventHubsEmulator';
import { freePort } from './freePort';
import { startKeyVault } from './keyVault/keyVault';
import type { KeyVault } from './keyVault/keyVault';
import { startMicrosoft365 } from './microsoft365/microsoft365';
import type { Microsoft365 } from './microsoft365/microsoft365';
import type { Settings as SimulationSettings } from './microsoft365/settings';
import type { SimulatedTenant } from './microsoft365/tenant';
import { writeFileAtomically } from './writeFileAtomically';

/** The hubs of the design. */
export const hubNames = ['m365-audit', 'm365-alerts', 'm365-identity', 'm365-entities', 'm365-posture', 'm365-operations'];

/** What the simulated provider of the local stack sends as its own tenant id. */
const publisherId = '0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9';

export interface StackOptions {
  /** Where everything is kept between runs. */
  readonly folder: string;
  readonly seed: number;
  /** Without tenants there is no simulated Microsoft 365. */
  readonly tenants: readonly SimulatedTenant[];
  /** Changes and additions to the connector's settings. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly simulation?: Partial<SimulationSettings>;
  /** Told every line that the connector's process writes. */
  readonly onLine?: (line: string) => void;
  /** Told what is being started, for a person who waits. */
  readonly onProgress?: (sentence: string) => void;
}

/** A running local stack: everything the connector talks to, and the connector itself in a process of its own. */
export interface Stack {
  readonly hubs: EventHubsEmulator;
  readonly vault: KeyVault;
  readonly microsoft365: Microsoft365 | undefined;
  /** The connector's settings, with which commands reach the same stack. */
  readonly environment: Readonly<Record<string, string>>;
  readonly startConnector: () => Promise<void>;
  /** Asks the connector to stop, as Azure does, and waits until its runs have ended at a safe place. */
  readonly stopConnector: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** The name of the file in which a running stack tells commands how to reach it. */
export const environmentFile = 'environment.json';

/** Starts the stack without the connector, which `startConnector` adds. Whatever was started is stopped again when something fails. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { folder, onProgress = () => undefined } = options;
  mkdirSync(folder, { recursive: true });
  const running: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    rmSync(join(folder, environmentFile), { force: true });
    for (const end of running.splice(0).reverse()) await end();
  };
  try {
    const certificates = await createCertificates(folder);
    setDefaultCACertificates([...getCACertificates('default'), certificates.ca]);
    onProgress('Starting storage (Azurite), Event Hubs and Key Vault …');
    const azuriteStarting = startAzurite({
      folder: join(folder, 'azurite'),
      blobPort: 10000,
      queuePort: 10001,
      tablePort: 10002,
    });
    const hubs = await startEventHubsEmulator({
      config: {
        UserConfig: {
          NamespaceConfig: [
            { Type: 'EventHub', Name: 'emulatorNs1', Entities: hubNames.map((Name) => ({ Name, PartitionCount: 4 })) },
          ],
          LoggingConfig: { Type: 'File' },
        },
      },
      amqpPort: await freePort(5672),
      healthPort: await freePort(5300),
      folder: join(folder, 'event-hubs'),
    });
    running.push(() => hubs.stop());
    const vault = await startKeyVault({ folder, port: await freePort(8200) });
    running.push(() => vault.stop());
    const azurite = await azuriteStarting;
    running.push(() => azurite.stop());
    let microsoft365: Microsoft365 | undefined;
    if (options.tenants.length > 0) {
      onProgress('Starting the simulated Microsoft 365 …');
      microsoft365 = await startMicrosoft365({
        clock: { now: () => new Date() },
        seed: options.seed,
        tls: certificates,
        tenants: options.tenants,
        folder: join(folder, 'microsoft365'),
        ports: {
          login: await freePort(8443),
          management: await freePort(8444),
          graph: await freePort(8445),
          defender: await freePort(8446),
        },
        ...options.simulation,
      });
      running.push(async () => microsoft365?.stop());
    }
    const environment: Record<string, string> = {
      AzureWebJobsStorage: azurite.connectionString,
      EVENTHUBS: hubs.connectionString,
      KEY_VAULT_URL: vault.url,
      PUBLISHER_TENANT_ID: publisherId,
      STORAGE_PREFIX: 'm365',
      COLLECT_SCHEDULE: '*/2 * * * * *',
      NODE_EXTRA_CA_CERTS: certificates.caFile,
      ...(microsoft365 === undefined
        ? {}
        : {
            CLOUD_CUSTOM_LOGIN: microsoft365.urls.login,
            CLOUD_CUSTOM_MANAGEMENT: microsoft365.urls.management,
            CLOUD_CUSTOM_GRAPH: microsoft365.urls.graph,
            CLOUD_CUSTOM_DEFENDER: microsoft365.urls.defender,
          }),
      ...options.settings,
    };
    writeFileAtomically(join(folder, environmentFile), JSON.stringify({ pid: process.pid, environment }, undefined, 2));
    let connector: ChildProcess | undefined;
    const stopConnector = async (): Promise<void> => {
      const child = connector;
      connector = undefined;
      if (child === undefined) return;
      await endProcess(child);
    };
    running.push(stopConnector);
    return {
      hubs,
      vault,
      microsoft365,
      environment,
      startConnector: async () => {
        onProgress('Starting the connector …');
        connector = await startFunctionHostProcess(environment, options.onLine ?? (() => undefined));
      },
      stopConnector,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const startWithinMs = 30_000;
const endWithinMs = 40_000;

async function startFunctionHostProcess(
  environment: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/functionHost.js'], {
    env: { ...process.env, ...environment, FUNCTION_HOST_SCRIPT: 'dist/functions.js', FUNCTION_HOST_GRACE_SECONDS: '30' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const errors: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`The connector was not ready within ${startWithinMs / 1_000} s.\n${errors.join('\n')}`));
    }, startWithinMs);
    child.once('exit', (code) => {
      clearTimeout(late);
      reject(new Error(`The connector ended at once with code ${code ?? 'none'}.\n${errors.join('\n')}`));
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('"event":"ready"')) {
        clearTimeout(late);
        resolve();
      }
      onLine(line);
    });
  });
  return child;
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const killing = setTimeout(() => child.kill('SIGKILL'), endWithinMs);
  await ended;
  clearTimeout(killing);
}
