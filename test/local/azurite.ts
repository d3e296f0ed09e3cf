import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './freePort';

const account = 'devstoreaccount1';
// The public development key of every Azurite: https://learn.microsoft.com/azure/storage/common/storage-use-azurite
const accountKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

const services = ['Blob', 'Queue', 'Table'] as const;
type Service = (typeof services)[number];

/** Where Azurite keeps its data (in memory without a folder) and the ports it should take if they are free. */
export interface AzuriteOptions {
  readonly folder?: string;
  readonly blobPort?: number;
  readonly queuePort?: number;
  readonly tablePort?: number;
}

/** A running Azurite. `stop` resolves when its process is gone and its data is written. */
export interface Azurite {
  readonly connectionString: string;
  stop(): Promise<void>;
}

// Runs inside Azurite's process: its stdin is a pipe that the operating system closes when the parent dies in whatever way.
const endWithParent = `process.stdin.on('end', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(0), 3000).unref();
}).resume().unref()`;

/** Starts Azurite as a child process on loopback ports and waits until blobs, queues and tables answer; it ends with this process, even a killed one. */
export async function startAzurite({ folder, blobPort, queuePort, tablePort }: AzuriteOptions = {}): Promise<Azurite> {
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  const preferred = { Blob: blobPort, Queue: queuePort, Table: tablePort };
  const ports: string[] = [];
  for (const service of services) {
    const wanted = preferred[service];
    // Port 0 lets the operating system choose while listening, so nobody can take the port in between.
    const port = wanted === undefined ? 0 : await freePort(wanted);
    ports.push(`--${service.toLowerCase()}Host`, '127.0.0.1', `--${service.toLowerCase()}Port`, String(port));
  }
  const child = spawn(
    process.execPath,
    [
      ...['--import', `data:text/javascript,${encodeURIComponent(endWithParent)}`, azuriteScript()],
      ...['--silent', '--disableTelemetry', '--skipApiVersionCheck', ...ports],
      ...(folder === undefined ? ['--inMemoryPersistence'] : ['--location', folder]),
    ],
    // Ctrl+C in a terminal goes to all processes of a group: storage must not be gone before those who use it.
    { stdio: ['pipe', 'pipe', 'pipe'], detached: true, windowsHide: true },
  );
  const killWithParent = () => child.kill('SIGKILL');
  process.once('exit', killWithParent);
  const stop = async () => {
    await end(child);
    process.off('exit', killWithParent);
  };
  try {
    const addresses = await listening(child);
    await Promise.all(Object.values(addresses).map(answers));
    const endpoints = services.map((service) => `${service}Endpoint=${addresses[service]}/${account};`).join('');
    return {
      connectionString: `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${accountKey};${endpoints}`,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function azuriteScript(): string {
  try {
    return require.resolve('azurite/dist/src/azurite.js');
  } catch (cause) {
    throw new Error('Azurite is not installed: run npm ci in the project.', { cause });
  }
}

function listening(child: ChildProcess, deadlineMs = 60_000): Promise<Record<Service, string>> {
  return new Promise((resolve, reject) => {
    let output = '';
    const found = new Map<string, string>();
    const fail = (what: string) => {
      clearTimeout(deadline);
      reject(new Error(`Azurite ${what}. Its last output:\n${output.slice(-2000).trim() || '(none)'}`));
    };
    const deadline = setTimeout(fail, deadlineMs, `did not listen on all three ports within ${deadlineMs / 1000} s`);
    const read = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-10_000);
      for (const [, service, address] of output.matchAll(
        /Azurite (\w+) service is successfully listening at (http:\/\/[\d.]+:\d+)\s/g,
      ))
        if (service !== undefined && address !== undefined) found.set(service, address);
      const [Blob, Queue, Table] = services.map((service) => found.get(service));
      if (Blob === undefined || Queue === undefined || Table === undefined) return;
      clearTimeout(deadline);
      resolve({ Blob, Queue, Table });
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', (error) => {
      fail(`could not be started: ${error.message}`);
    });
    child.once('exit', (code, signal) => {
      fail(`ended by itself (${signal ?? `exit code ${code ?? 'unknown'}`})`);
    });
  });
}

async function answers(address: string): Promise<void> {
  const deadline = AbortSignal.timeout(60_000);
  for (;;) {
    try {
      const response = await fetch(`${address}/${account}?comp=list`, { signal: deadline });
      await response.arrayBuffer();
      return;
    } catch (cause) {
      if (deadline.aborted) throw new Error(`Azurite listens at ${address} but does not answer.`, { cause });
      await delay(50);
    }
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 5000);
  await gone;
  clearTimeout(force);
}
