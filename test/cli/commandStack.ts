import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { QueueServiceClient } from '@azure/storage-queue';
import { build } from 'esbuild';
import { compose } from '../../src/composition';
import type { Connector } from '../../src/composition';
import { unrefTokenRenewals } from '../local/eventHubs/hubClients';
import type { SimulatedTenant } from '../local/microsoft365/tenant';
import { startStack } from '../local/stack';
import type { Stack } from '../local/stack';

/** What a command did. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line of standard output. */
  readonly last: string;
  /** The same, read as JSON. */
  json(): Readonly<Record<string, unknown>>;
}

interface RunOptions {
  /** Standard input; at its end at once without it. */
  readonly input?: string | Buffer;
  /** Instead of the stack's own environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** When a process that does not end is killed; a minute unless given. */
  readonly withinMs?: number;
}

/** A local stack and the real commands as processes of their own against it. */
export interface CommandStack {
  readonly stack: Stack;
  readonly connector: Connector;
  readonly tenant: (words: readonly string[], options?: RunOptions) => Promise<Ran>;
  readonly evidence: (words: readonly string[], options?: RunOptions) => Promise<Ran>;
  readonly consume: (words: readonly string[], options?: RunOptions) => Promise<Ran>;
  /** Does what the functions would do: looks for what is due and works on it. */
  readonly collect: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const commandMs = 60_000;
const host = { log: () => undefined };

/** Starts the stack, without the connector's own process, and bundles the commands from their sources. */
export async function startCommandStack(tenants: readonly SimulatedTenant[]): Promise<CommandStack> {
  unrefTokenRenewals();
  const folder = mkdtempSync(join(tmpdir(), 'commands-'));
  const bundling = build({
    entryPoints: { tenant: 'src/cli/tenant.ts', consume: 'src/cli/consume.ts', evidence: 'src/cli/evidence.ts' },
    ...{ outdir: join(folder, 'bundles'), bundle: true, platform: 'node', target: 'node22', format: 'cjs', logLevel: 'error' },
  });
  const stack = await startStack({ folder, seed: 7, tenants });
  await bundling;
  const connector = compose(stack.environment, { log: () => undefined });
  const command =
    (name: string) =>
    async (words: readonly string[], options: RunOptions = {}): Promise<Ran> =>
      runCommand(join(folder, 'bundles', `${name}.js`), words, { environment: stack.environment, ...options });
  const service = QueueServiceClient.fromConnectionString(stack.environment['AzureWebJobsStorage'] ?? '');
  const queues = ['m365-collect', 'm365-collect-paced'].map((name) => service.getQueueClient(name));
  return {
    stack,
    connector,
    tenant: command('tenant'),
    consume: command('consume'),
    evidence: command('evidence'),
    collect: async () => {
      await connector.schedule(host);
      for (let taken = 1; taken > 0;) {
        taken = 0;
        for (const queue of queues) {
          const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 32 });
          taken += receivedMessageItems.length;
          for (const { messageText, messageId, popReceipt } of receivedMessageItems) {
            await connector.collect(JSON.parse(messageText), host);
            await queue.deleteMessage(messageId, popReceipt);
          }
        }
      }
    },
    stop: async () => {
      await connector.stop();
      await stack.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs a program of ours as a process of its own. One that does not end is killed, and has no exit code. */
export async function runCommand(
  script: string,
  words: readonly string[],
  { input = '', environment, withinMs = commandMs }: RunOptions & { readonly environment: Readonly<Record<string, string>> },
): Promise<Ran> {
  const child = spawn(process.execPath, [script, ...words], { env: { PATH: process.env['PATH'] ?? '', ...environment } });
  const late = setTimeout(() => child.kill('SIGKILL'), withinMs);
  child.stdin.on('error', () => undefined).end(input);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  clearTimeout(late);
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  return { code, stdout, stderr, last, json: () => JSON.parse(last) as Readonly<Record<string, unknown>> };
}
