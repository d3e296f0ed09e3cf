import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
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
import { home, providerApplications, providerSettings, responseApplication, writeProviderSecrets } from './provider';
import { writeFileAtomically } from './writeFileAtomically';

/** The hubs of the design. */
export const hubNames = ['m365-audit', 'm365-alerts', 'm365-identity', 'm365-entities', 'm365-posture', 'm365-operations'];

export interface StackOptions {
  /** Where everything is kept between runs. */
  readonly folder: string;
  readonly seed: number;
  /** Without tenants there is no simulated Microsoft 365. */
  readonly tenants: readonly SimulatedTenant[];
  /** Changes and additions to the connector's settings. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly simulation?: Partial<SimulationSettings>;
  /** Takes the ports everybody knows if they are free, as for a person; without it any free ones, as for tests that run side by side. */
  readonly usualPorts?: boolean;
  /** Told every line that the connector's process writes. */
  readonly onLine?: (line: string) => void;
  /** Told what is being started, for a person who waits. */
  readonly onProgress?: (sentence: string) => void;
  /** Told when the connector's process ends although nobody asked it to, with its last words. */
  readonly onConnectorEnd?: (what: string) => void;
}

/** A running local stack: everything the connector talks to, and the connector itself in a process of its own. */
export interface Stack {
  readonly hubs: EventHubsEmulator;
  readonly vault: KeyVault;
  readonly microsoft365: Microsoft365 | undefined;
  /** Where the connector's pages are once it runs. */
  readonly publicUrl: string;
  /** The connector's settings, with which commands reach the same stack. */
  readonly environment: Readonly<Record<string, string>>;
  readonly startConnector: () => Promise<void>;
  /** Asks the connector to stop, as Azure does, and waits until its runs have ended at a safe place. */
  readonly stopConnector: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** The name of the file in which a running stack tells commands how to reach it. */
const environmentFile = 'environment.json';

/** Thrown when a part of the stack does not start; the message says which and what it said. */
export class StackError extends Error {}

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
    const usual = options.usualPorts === true;
    const azuriteStarting = onPorts(usual ? [10000, 10001, 10002] : [], async ([blobPort, queuePort, tablePort]) =>
      startAzurite({ folder: join(folder, 'azurite'), ...(blobPort !== undefined && { blobPort, queuePort, tablePort }) }),
    );
    // Its failure is told when it is awaited; until then it must not count as unhandled.
    azuriteStarting.catch(() => undefined);
    running.push(async () => (await azuriteStarting.catch(() => undefined))?.stop());
    const hubs = await onPorts(usual ? [5672, 5300] : [], async ([amqpPort = 0, healthPort = 0]) =>
      startEventHubsEmulator({
        config: {
          UserConfig: {
            NamespaceConfig: [
              { Type: 'EventHub', Name: 'emulatorNs1', Entities: hubNames.map((Name) => ({ Name, PartitionCount: 4 })) },
            ],
            LoggingConfig: { Type: 'File' },
          },
        },
        ...{ amqpPort, healthPort, folder: join(folder, 'event-hubs') },
      }),
    );
    running.push(() => hubs.stop());
    const vault = await onPorts(usual ? [8200] : [], async ([port]) =>
      startKeyVault({ folder, ...(port !== undefined && { port }) }),
    );
    running.push(() => vault.stop());
    const azurite = await azuriteStarting;
    const hostPort = await freePort(usual ? 7071 : undefined);
    const publicUrl = `http://localhost:${hostPort}`;
    await writeProviderSecrets(vault.url);
    let microsoft365: Microsoft365 | undefined;
    if (options.tenants.length > 0) {
      onProgress('Starting the simulated Microsoft 365 …');
      microsoft365 = await onPorts(
        usual ? [8443, 8444, 8445, 8446, 8447] : [],
        async ([login, management, graph, defender, signIn]) =>
          startMicrosoft365({
            clock: { now: () => new Date() },
            seed: options.seed,
            tls: certificates,
            published: providerApplications(publicUrl),
            managedIdentity: home,
            tenants: options.tenants,
            folder: join(folder, 'microsoft365'),
            ...(login !== undefined &&
              management !== undefined && {
                ports: { login, management, graph: graph ?? 0, defender: defender ?? 0, signIn: signIn ?? 0 },
              }),
            ...options.simulation,
          }),
      );
      running.push(async () => microsoft365?.stop());
      // Who is well looked after has opted in to actions; the others show what it is like without.
      for (const { tenantId, mood, prospect } of options.tenants)
        if (prospect !== true && (mood === 'busy' || mood === 'steady'))
          microsoft365.identity.applicationsOf(tenantId.toLowerCase()).consent(responseApplication);
    }
    const environment: Record<string, string> = {
      AzureWebJobsStorage: azurite.connectionString,
      EVENTHUBS: hubs.connectionString,
      KEY_VAULT_URL: vault.url,
      PUBLISHER_TENANT_ID: home.tenantId,
      STORAGE_PREFIX: 'm365',
      COLLECT_SCHEDULE: '*/2 * * * * *',
      FUNCTION_HOST_PORT: String(hostPort),
      PUBLIC_URL: publicUrl,
      OPERATOR_ACCESS: 'local',
      ...trusted(folder, certificates, microsoft365 !== undefined),
      ...(microsoft365 === undefined
        ? {}
        : {
            CLOUD_CUSTOM_LOGIN: microsoft365.urls.login,
            CLOUD_CUSTOM_MANAGEMENT: microsoft365.urls.management,
            CLOUD_CUSTOM_GRAPH: microsoft365.urls.graph,
            CLOUD_CUSTOM_DEFENDER: microsoft365.urls.defender,
            ...providerSettings(publicUrl, microsoft365.signInUrl),
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
      publicUrl,
      environment,
      startConnector: async () => {
        onProgress('Starting the connector …');
        connector = await startFunctionHostProcess(environment, options);
      },
      stopConnector,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts something on the usual ports where they are free; again on any ports when somebody took one of them at the same moment. */
async function onPorts<T>(usual: readonly number[], start: (ports: readonly number[]) => Promise<T>): Promise<T> {
  if (usual.length === 0) return start([]);
  try {
    const ports: number[] = [];
    for (const port of usual) ports.push(await freePort(port));
    return await start(ports);
  } catch (error) {
    if (!String(error).includes('EADDRINUSE')) throw error;
    return start([]);
  }
}

/** Whose certificates the connector trusts: those of the machine, those its user names, and those of the simulated Microsoft 365. */
function trusted(
  folder: string,
  { ca, caFile }: { readonly ca: string; readonly caFile: string },
  simulated: boolean,
): Record<string, string> {
  const own = process.env['NODE_EXTRA_CA_CERTS'] ?? '';
  if (!simulated) return own === '' ? {} : { NODE_EXTRA_CA_CERTS: resolve(own) };
  if (own === '' || !existsSync(own)) return { NODE_EXTRA_CA_CERTS: resolve(caFile) };
  const file = resolve(folder, 'trusted.pem');
  writeFileAtomically(file, `${readFileSync(own, 'utf8')}\n${ca}`);
  return { NODE_EXTRA_CA_CERTS: file };
}

const startWithinMs = 60_000;
const endWithinMs = 40_000;

async function startFunctionHostProcess(
  environment: Readonly<Record<string, string>>,
  { onLine = () => undefined, onConnectorEnd = () => undefined }: Pick<StackOptions, 'onLine' | 'onConnectorEnd'>,
): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/functionHost.js'], {
    env: { ...process.env, ...environment, FUNCTION_HOST_SCRIPT: 'dist/functions.js', FUNCTION_HOST_GRACE_SECONDS: '30' },
    stdio: ['pipe', 'pipe', 'pipe'],
    // Ctrl+C in a terminal goes to all processes of a group: it must not stop the connector before it is asked to. It ends with this process in any case.
    detached: true,
    windowsHide: true,
  });
  const errors: string[] = [];
  const note = (line: string): void => {
    errors.push(line);
    if (errors.length > 20) errors.shift();
  };
  createInterface({ input: child.stderr }).on('line', note);
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new StackError(`The connector was not ready within ${startWithinMs / 1_000} s.\n${errors.join('\n')}`));
    }, startWithinMs);
    child.once('exit', (code) => {
      clearTimeout(late);
      reject(new StackError(`The connector ended at once with code ${code ?? 'none'}.\n${errors.join('\n')}`));
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('"event":"failed"')) note(failureText(line));
      if (line.includes('"event":"ready"')) {
        clearTimeout(late);
        resolve();
      }
      onLine(line);
    });
  });
  child.removeAllListeners('exit');
  child.once('exit', (code, signal) => {
    if (!stopping.has(child))
      onConnectorEnd(`It ended by itself (${signal ?? `exit code ${code ?? 'unknown'}`}).\n${errors.join('\n')}`);
  });
  return child;
}

const stopping = new WeakSet<ChildProcess>();

/** What the function host says in its last line. */
function failureText(line: string): string {
  try {
    const { message } = JSON.parse(line) as { readonly message?: unknown };
    return typeof message === 'string' ? message : line;
  } catch {
    return line;
  }
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  stopping.add(child);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const killing = setTimeout(() => child.kill('SIGKILL'), endWithinMs);
  await ended;
  clearTimeout(killing);
}
