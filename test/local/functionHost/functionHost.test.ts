import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { AccountSASPermissions, QueueServiceClient, type QueueClient } from '@azure/storage-queue';
import { startAzurite, type Azurite } from '../azurite';
import { freePort } from '../freePort';
import type { WorkMessage } from './fixture/app';
import { bundleApp } from './fixture/bundleApp';
import { createLineWatch, type LineWatch } from './fixture/lineWatch';
import { startFunctionHost, type FunctionHost } from './functionHost';

jest.setTimeout(180_000);

const never = '0 0 0 1 1 *';
const queues = { batchSize: 4, newBatchThreshold: 2, maxDequeueCount: 2, maxPollingInterval: '00:00:00.100' };

let azurite: Azurite;
let script: string;
beforeAll(async () => {
  [azurite, script] = await Promise.all([startAzurite(), bundleApp('app.ts')]);
});
afterAll(() => azurite.stop());

describe('startFunctionHost', () => {
  let host: FunctionHost | undefined;
  let watch: LineWatch;
  let work: QueueClient;
  let settings: Record<string, string>;
  beforeEach(async () => {
    watch = createLineWatch();
    const name = `work-${randomUUID()}`;
    work = QueueServiceClient.fromConnectionString(azurite.connectionString).getQueueClient(name);
    await work.create();
    const storage = { TestStorage: azurite.connectionString, AzureWebJobsStorage: azurite.connectionString };
    settings = {
      ...storage,
      QUEUE: name,
      RARE_SCHEDULE: never,
      FUNCTION_HOST_KEY: 'the key',
      AzureFunctionsWebHost__hostid: name,
    };
  });
  afterEach(() => host?.stop());

  async function start({
    functionTimeout = '00:05:00',
    visibilityTimeout = '00:00:00',
    messageEncoding = 'base64',
  } = {}): Promise<FunctionHost> {
    host = await startFunctionHost({
      ...{ script, settings, write: (line) => watch.add(JSON.stringify(line)) },
      hostJson: { version: '2.0', functionTimeout, extensions: { queues: { ...queues, visibilityTimeout, messageEncoding } } },
    });
    return host;
  }
  const send = (message: WorkMessage) => work.sendMessage(Buffer.from(JSON.stringify(message)).toString('base64'));
  const sibling = (suffix: string) =>
    QueueServiceClient.fromConnectionString(azurite.connectionString).getQueueClient(`${work.name}-${suffix}`);
  const left = async (queue: QueueClient) => (await queue.getProperties()).approximateMessagesCount;
  const poisoned = async () => (await sibling('poison').peekMessages()).peekedMessageItems.map(({ messageText }) => messageText);

  it('says what it found', async () => {
    const { functions, port } = await start();

    expect(port).toBeGreaterThan(0);
    expect(functions).toContainEqual({ name: 'tick', trigger: 'timerTrigger', on: '* * * * * *' });
    expect(functions).toContainEqual({ name: 'work', trigger: 'queueTrigger', on: work.name });
    expect(functions).toContainEqual({ name: 'echo', trigger: 'httpTrigger', on: '/api/echo/{name}/{part?}' });
  });

  describe('timer', () => {
    it('fires every second, with the schedule in the argument', async () => {
      await start();

      const line = await watch.find('tick', 'isPastDue');

      expect(line).toContain(String.raw`\"isPastDue\":false`);
      expect(line).toContain(String.raw`\"adjustForDST\":true`);
      expect(line).toContain(String.raw`\"scheduleStatus\":{\"last\":\"`);
    });

    it('never runs twice at once, and not twice for what came due meanwhile', async () => {
      settings['TICK_MS'] = '1200';
      await start();

      await watch.find('tick', 'timer');
      await watch.find("Executed 'Functions.tick' (Succeeded");
      await host?.stop();

      const order = watch.lines.flatMap((line) => /\\"what\\":\\"(tick|ticked)\\"/.exec(line)?.[1] ?? []);
      expect(order.length).toBeLessThanOrEqual(4);
      expect(order).toEqual(order.map((_, index) => (index % 2 === 0 ? 'tick' : 'ticked')));
    });

    it('runs at the start only if it is told to', async () => {
      settings['RARE_ON_STARTUP'] = 'true';
      await start();

      expect(await watch.find('rare', 'isPastDue')).toContain(String.raw`\"setting\":\"${never}\"`);
    });

    it('makes up once for what it missed while the host was down', async () => {
      settings['RARE_SCHEDULE'] = '0 */10 * * * *';
      const container = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient(
        'azure-webjobs-hosts',
      );
      await container.createIfNotExists();
      const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
      const status = JSON.stringify({ Last: hourAgo, Next: hourAgo, LastUpdated: hourAgo });
      await container.getBlockBlobClient(`timers/${work.name}/Host.Functions.rare/status`).upload(status, status.length);

      await start();

      expect(await watch.find('rare', 'isPastDue')).toContain(String.raw`\"isPastDue\":true`);
    });

    it('does not start with a schedule that is none, or a setting that is missing', async () => {
      const hostJson = { version: '2.0' };
      const daily = { ...settings, RARE_SCHEDULE: 'daily' };
      Reflect.deleteProperty(settings, 'RARE_SCHEDULE');

      await expect(startFunctionHost({ script, hostJson, settings: daily })).rejects.toThrow('"daily" is no schedule');
      await expect(startFunctionHost({ script, hostJson, settings })).rejects.toThrow('RARE_SCHEDULE');
    });
  });

  describe('queue', () => {
    it('hands over the message with its metadata, and deletes it', async () => {
      await start();

      await send({ id: 'one' });

      const line = await watch.find(String.raw`\"what\":\"work\"`);
      expect(line).toContain(String.raw`\"message\":{\"id\":\"one\"}`);
      for (const key of ['id', 'popReceipt', 'insertionTime', 'expirationTime', 'nextVisibleTime', 'queueTrigger'])
        expect(line).toContain(String.raw`\"${key}\":`);
      expect(line).toContain(String.raw`\"dequeueCount\":1`);
      await host?.stop();
      expect(await left(work)).toBe(0);
    });

    it('moves a message to the poison queue after it failed maxDequeueCount times', async () => {
      await start();

      await send({ id: 'bad', fail: true });

      await watch.find('has been moved to queue', `${work.name}-poison`);
      expect(watch.lines.filter((line) => line.includes('told to fail'))).toHaveLength(queues.maxDequeueCount);
      expect((await poisoned()).map((text) => Buffer.from(text, 'base64').toString())).toEqual([
        JSON.stringify({ id: 'bad', fail: true }),
      ]);
      expect(await left(work)).toBe(0);
    });

    it('leaves a message visible that cannot be copied to the poison queue', async () => {
      const account = QueueServiceClient.fromConnectionString(azurite.connectionString);
      // Read, update and process, but not add.
      const sas = account.generateAccountSasUrl(new Date(Date.now() + 3_600_000), AccountSASPermissions.parse('rup'), 'sco');
      const [endpoint = '', signature = ''] = sas.split('?');
      settings['TestStorage'] = `QueueEndpoint=${endpoint};SharedAccessSignature=${signature}`;
      await sibling('poison').create();
      await start();

      await send({ id: 'stuck', fail: true });

      await watch.find('could not be moved to the poison queue', '403');
      await host?.stop();
      expect(await left(work)).toBe(1);
      watch = createLineWatch();
      await start();
      await watch.find('could not be moved to the poison queue');
    });

    it.each([
      ['itself a poison queue', () => `work-${randomUUID()}-poison`],
      ['a queue with a name too long for one', () => `work-${randomUUID()}`.padEnd(57, 'x')],
    ])('never moves a failed message of %s', async (_, name) => {
      work = QueueServiceClient.fromConnectionString(azurite.connectionString).getQueueClient(name());
      await work.create();
      Object.assign(settings, { QUEUE: work.name, 'AzureWebJobs.hooked.Disabled': 'true' });
      await start();

      await send({ id: 'kept', fail: true });

      await watch.find('has no poison queue to go to');
      await host?.stop();
      expect(await left(work)).toBe(1);
      expect((await work.receiveMessages()).receivedMessageItems).toEqual([]);
    });

    it('moves a message that is not base64 to the poison queue as it is, without running the function', async () => {
      await start();

      await work.sendMessage('{"not":"base64"}');

      await watch.find('has been moved to queue', `${work.name}-poison`);
      expect(await poisoned()).toEqual(['{"not":"base64"}']);
      expect(watch.lines.filter((line) => line.includes(String.raw`\"what\":\"work\"`))).toEqual([]);
    });

    it('moves a message away that others received too often and never finished', async () => {
      await send({ id: 'killer' });
      for (let attempt = 0; attempt < queues.maxDequeueCount; attempt++) {
        const { receivedMessageItems } = await work.receiveMessages();
        for (const { messageId, popReceipt } of receivedMessageItems)
          await work.updateMessage(messageId, popReceipt, undefined, 0);
      }

      await start();

      await watch.find('has been moved to queue', `${work.name}-poison`);
      expect(watch.lines.filter((line) => line.includes('killer'))).toEqual([]);
    });

    it('reads plain text if host.json says so', async () => {
      await start({ messageEncoding: 'none' });

      await work.sendMessage('plain text');

      expect(await watch.find(String.raw`\"what\":\"work\"`)).toContain(String.raw`\"message\":\"plain text\"`);
    });

    it('waits between retries as host.json says', async () => {
      await start({ visibilityTimeout: '00:00:30' });

      await send({ id: 'later', fail: true });

      await watch.find('told to fail');
      await host?.stop();
      expect(await left(work)).toBe(1);
      expect((await work.receiveMessages()).receivedMessageItems).toEqual([]);
    });

    it('fails an invocation that runs longer than functionTimeout', async () => {
      await start({ functionTimeout: '00:00:01' });

      await send({ id: 'slow', sleepMs: 2500 });

      expect(await watch.find('Timeout value of 1000 ms exceeded')).toContain('"level":"error"');
      await watch.find('(Failed');
      await watch.find(String.raw`\"dequeueCount\":2`);
    });

    it('writes an array to an output queue as single messages, and runs the hooks around their function', async () => {
      await start();

      await send({ id: 'many', results: ['first', { second: 2 }] });

      await Promise.all([watch.find('********'), watch.find('post saw from pre to post')]);
      const hooked = watch.lines.filter((line) => line.includes('replaced by preInvocation'));
      expect(hooked.every((line) => line.includes('"level":"warning"') && !line.includes('password'))).toBe(true);
      await host?.stop();
      expect(await left(sibling('results'))).toBe(0);
      expect(watch.lines.filter((line) => line.includes("Executed 'Functions.hooked' (Succeeded"))).toHaveLength(2);
    });

    it('goes on after storage was away', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'azurite-'));
      const ports = { blobPort: await freePort(), queuePort: await freePort(), tablePort: await freePort() };
      const first = await startAzurite({ folder, ...ports });
      work = QueueServiceClient.fromConnectionString(first.connectionString).getQueueClient(work.name);
      settings['TestStorage'] = first.connectionString;
      await work.create();
      await start();
      await first.stop();
      await watch.find(`Queue ${work.name} cannot be read`, 'ECONNREFUSED');

      const second = await startAzurite({ folder, ...ports });
      try {
        await send({ id: 'after' });
        await watch.find(`Queue ${work.name} answers again`);
        await watch.find("Executed 'Functions.work' (Succeeded");
        await host?.stop();
      } finally {
        await second.stop();
      }

      expect(watch.lines.filter((line) => line.includes(`Queue ${work.name} cannot be read`))).toHaveLength(1);
    });

    it('does not run a function that a setting switches off', async () => {
      settings['AzureWebJobs.work.Disabled'] = 'true';

      const { functions } = await start();

      expect(functions.map(({ name }) => name)).not.toContain('work');
    });
  });

  describe('http', () => {
    it('hands over the request and sends the response', async () => {
      const { url } = await start();

      const answer = await fetch(`${url}/api/echo/a%20b/c?q=1`, { method: 'POST', body: 'hello', headers: { 'X-Sent': 'x' } });

      expect(answer.status).toBe(201);
      expect(answer.headers.get('x-sent')).toBe('x');
      expect(answer.headers.getSetCookie()).toEqual(['seen=yes; HttpOnly; SameSite=Strict']);
      expect(await answer.json()).toEqual({ name: 'a b', part: 'c', method: 'POST', query: '1', body: 'hello' });
    });

    it.each([
      ['an unknown path', '/api/nothing', 404],
      ['a path without the prefix', '/echo/x', 404],
      ['no key', '/api/guarded', 401],
      ['a wrong key', '/api/guarded?code=wrong', 401],
      ['the right key', '/api/guarded?code=the%20key', 200],
      ['a failing function', '/api/boom', 500],
      ['a malformed path', '/api/echo/%E0%A4%A', 404],
    ])('answers %s', async (_, path, status) => {
      const { url } = await start();

      const answer = await fetch(url + path);

      expect(answer.status).toBe(status);
      expect(await answer.text()).toBe(status === 200 ? 'let in' : '');
    });

    it('takes the key in a header and refuses another method', async () => {
      const { url } = await start();

      expect((await fetch(`${url}/api/guarded`, { headers: { 'x-functions-key': 'the key' } })).status).toBe(200);
      expect((await fetch(`${url}/api/echo/x`, { method: 'DELETE' })).status).toBe(404);
    });
  });

  it('waits for what runs when it stops, and starts afresh afterwards', async () => {
    await start();
    await send({ id: 'running', sleepMs: 500 });
    await watch.find(String.raw`\"what\":\"work\"`);

    await host?.stop();

    expect(watch.lines.filter((line) => line.includes("Executed 'Functions.work' (Succeeded"))).toHaveLength(1);
    expect(await left(work)).toBe(0);
    await expect(fetch(`${host?.url ?? ''}/api/boom`)).rejects.toThrow();
    expect(process.env['QUEUE']).toBeUndefined();
    await start();
    await send({ id: 'again' });
    await watch.find(String.raw`\"id\":\"again\"`);
  });
});
