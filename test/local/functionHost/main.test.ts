import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { QueueServiceClient, type QueueClient } from '@azure/storage-queue';
import { startAzurite, type Azurite } from '../azurite';
import { bundleApp } from './fixture/bundleApp';
import { createLineWatch, type LineWatch } from './fixture/lineWatch';

jest.setTimeout(180_000);

let azurite: Azurite;
let main: string;
let app: string;
beforeAll(async () => {
  [azurite, main, app] = await Promise.all([startAzurite(), bundleApp('../main.ts'), bundleApp('app.ts')]);
});
afterAll(() => azurite.stop());

interface Running {
  readonly child: ChildProcess;
  readonly watch: LineWatch;
  readonly ended: Promise<number | null>;
}

describe('the function host as a process', () => {
  let folder: string;
  let queue: QueueClient;
  let running: Running | undefined;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'function-host-'));
    const queues = { maxPollingInterval: '00:00:00.100', messageEncoding: 'none' };
    writeFileSync(join(folder, 'host.json'), JSON.stringify({ version: '2.0', extensions: { queues } }));
    queue = QueueServiceClient.fromConnectionString(azurite.connectionString).getQueueClient(`work-${randomUUID()}`);
    await queue.create();
  });
  afterEach(async () => {
    running?.child.kill('SIGKILL');
    await running?.ended;
    running = undefined;
  });

  function run(stdin: 'pipe' | 'ignore' | 'ipc', more: Record<string, string> = {}): Running {
    const env = {
      ...{ FUNCTION_HOST_SCRIPT: app, FUNCTION_HOST_PORT: '0', TestStorage: azurite.connectionString, QUEUE: queue.name },
      ...{ AzureWebJobsStorage: azurite.connectionString, RARE_SCHEDULE: '0 0 0 1 1 *', REPORT_TERMINATION: 'true', ...more },
    };
    const stdio: ('pipe' | 'ignore' | 'ipc')[] = stdin === 'ipc' ? ['ignore', 'pipe', 'pipe', 'ipc'] : [stdin, 'pipe', 'pipe'];
    const child = spawn(process.execPath, [main], { cwd: folder, env, stdio });
    const watch = createLineWatch();
    const readers = [child.stdout, child.stderr].flatMap((stream) => (stream ? [createInterface(stream)] : []));
    for (const reader of readers) reader.on('line', (line) => watch.add(line));
    const ended = Promise.all([once(child, 'exit'), ...readers.map((reader) => once(reader, 'close'))]).then(
      () => child.exitCode,
    );
    return (running = { child, watch, ended });
  }

  it('says on one line when it is ready, and what it runs', async () => {
    const { watch } = run('ignore');

    const ready: unknown = JSON.parse(await watch.find('"event":"ready"'));

    expect(ready).toMatchObject({ event: 'ready', port: expect.any(Number) as unknown });
    expect(ready).toMatchObject({
      functions: expect.arrayContaining([{ name: 'work', trigger: 'queueTrigger', on: queue.name }]) as unknown,
    });
  });

  it('finishes what runs on SIGTERM, deletes its message and exits with 0', async () => {
    const { child, watch, ended } = run('pipe');
    await watch.find('"event":"ready"');
    await queue.sendMessage('{"sleepMs":700}');
    await watch.find(String.raw`\"what\":\"work\"`);

    child.kill('SIGTERM');

    expect(await ended).toBe(0);
    const order = ["Executed 'Functions.work' (Succeeded", '"event":"appTerminate"'].map((text) =>
      watch.lines.findIndex((line) => line.includes(text)),
    );
    expect(order[0]).toBeGreaterThan(0);
    expect(order[1]).toBeGreaterThan(order[0] ?? 0);
    expect((await queue.getProperties()).approximateMessagesCount).toBe(0);
  });

  it('waits no longer than the grace time, and the message stays', async () => {
    const { child, watch, ended } = run('pipe', { FUNCTION_HOST_GRACE_SECONDS: '0.3' });
    await watch.find('"event":"ready"');
    await queue.sendMessage('{"sleepMs":60000}');
    await watch.find(String.raw`\"what\":\"work\"`);

    child.kill('SIGTERM');

    expect(await ended).toBe(0);
    await watch.find('Stopping without waiting longer than 300 ms');
    expect((await queue.getProperties()).approximateMessagesCount).toBe(1);
  });

  it('gives a message back that a killed host held, after its invisibility', async () => {
    const first = run('pipe', { FUNCTION_HOST_INVISIBLE_SECONDS: '2' });
    await first.watch.find('"event":"ready"');
    await queue.sendMessage('{"sleepMs":5000}');
    await first.watch.find(String.raw`\"dequeueCount\":1`);
    first.child.kill('SIGKILL');
    await first.ended;

    const second = run('pipe', { FUNCTION_HOST_INVISIBLE_SECONDS: '2' });

    await second.watch.find(String.raw`\"dequeueCount\":2`);
    // Longer than the invisibility: only renewals keep the message away from the same host.
    await second.watch.find("Executed 'Functions.work' (Succeeded");
    expect(second.watch.lines.filter((line) => line.includes(String.raw`\"what\":\"work\"`))).toHaveLength(1);
  });

  it.each([
    ['its stdin is closed', 'pipe', (child: ChildProcess) => child.stdin?.end()],
    ['its channel is closed', 'ipc', (child: ChildProcess) => child.disconnect()],
  ] as const)('stops properly when %s', async (_, stdin, leave) => {
    const { child, watch, ended } = run(stdin);
    await watch.find('"event":"ready"');

    leave(child);

    expect(await ended).toBe(0);
    await watch.find('"event":"appTerminate"');
  });

  it.each([
    ['throws while it is loaded', 'throw new Error("the app is broken")', 'the app is broken'],
    ['registers nothing', 'module.exports = 1', 'registered no function'],
    ['is no JavaScript', 'this is (', 'Unexpected identifier'],
  ])('exits with 1 and says why when the app %s', async (_, code, message) => {
    const script = join(folder, 'broken.js');
    writeFileSync(script, code);

    const { watch, ended } = run('pipe', { FUNCTION_HOST_SCRIPT: script });

    expect(await ended).toBe(1);
    expect(JSON.parse(await watch.find('"event":"failed"'))).toMatchObject({
      message: expect.stringContaining(message) as unknown,
    });
  });

  it('exits with 1 without a host.json, and on an exception that nobody catches', async () => {
    writeFileSync(join(folder, 'crash.js'), 'setTimeout(() => { throw new Error("late"); }, 10); setInterval(() => {}, 1000);');
    const crashing = run('pipe', { FUNCTION_HOST_SCRIPT: join(folder, 'crash.js') });
    expect(await crashing.ended).toBe(1);
    writeFileSync(join(folder, 'host.json'), '{');

    const { watch, ended } = run('pipe');

    expect(await ended).toBe(1);
    await watch.find('"event":"failed"', 'host.json cannot be read as JSON');
  });
});
