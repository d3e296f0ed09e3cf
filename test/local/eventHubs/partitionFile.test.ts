import { appendFileSync, cpSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EventHubsEmulator, startEventHubsEmulator } from './eventHubsEmulator';
import { HubClients, oneHub } from './hubClients';
import { headLength } from './partitionFile';

describe('Event Hubs emulator with a folder', () => {
  let folder: string;
  const running: EventHubsEmulator[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'event-hubs-'));
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map((emulator) => emulator.stop()));
    rmSync(folder, { recursive: true });
  });

  async function start(name: string): Promise<{ emulator: EventHubsEmulator; clients: HubClients; log: string }> {
    const emulator = await startEventHubsEmulator({ config: oneHub, folder: join(folder, name) });
    running.push(emulator);
    return { emulator, clients: new HubClients(emulator), log: join(folder, name, 'first', '0.log') };
  }

  /** Sends two batches and returns how long the file was after the first. */
  async function sendTwice(clients: HubClients, log: string): Promise<number> {
    const producer = clients.producer('first');
    await producer.sendBatch([{ body: Buffer.from('0') }, { body: Buffer.from('1') }]);
    const { size } = statSync(log);
    await producer.sendBatch([{ body: Buffer.from('2'), messageId: 'two', properties: { category: 'x' } }]);
    await clients.close();
    return size;
  }

  it('continues sequence numbers, offsets and consumers after a restart', async () => {
    const first = await start('data');
    await sendTwice(first.clients, first.log);
    const before = [...first.emulator.read('first')];
    await first.emulator.stop();

    const second = await start('data');
    const afterRestart = [...second.emulator.read('first')];
    await second.clients.producer('first').sendBatch([{ body: Buffer.from('3') }]);
    const seen = await second.clients.read('first', { from: { offset: before[1]?.offset ?? '' }, count: 2 });
    await second.clients.close();

    expect(afterRestart).toEqual(before);
    expect(seen.map((event) => event.sequenceNumber)).toEqual([2, 3]);
    expect([...second.emulator.read('first')].map((event) => event.batch)).toEqual([1, 1, 2, 3]);
    expect(second.emulator.counts('first')).toMatchObject({ events: 4, batches: 3 });
  });

  it.each([
    ['nothing', Infinity, 3],
    ['the end of the last payload', headLength + 10, 2],
    ['the last payload', headLength, 2],
    ['the last entry but for its first bytes', 10, 2],
  ])('keeps every answered event when a kill tore off %s', async (_what, left, kept) => {
    const live = await start('data');
    const firstEntry = await sendTwice(live.clients, live.log);
    // What is on disk while it runs is what a SIGKILL would leave.
    cpSync(join(folder, 'data'), join(folder, 'copy'), { recursive: true });
    const log = join(folder, 'copy', 'first', '0.log');
    truncateSync(log, Math.min(statSync(log).size, firstEntry + left));

    const { emulator, clients } = await start('copy');
    await clients.producer('first').sendBatch([{ body: Buffer.from('new') }]);
    await clients.close();

    const bodies = [...emulator.read('first')].map((event) => [event.sequenceNumber, event.body.toString()]);
    expect(bodies).toEqual([...[0, 1, 2].slice(0, kept).map((at) => [at, String(at)]), [kept, 'new']]);
  });

  it('ignores a garbled last entry', async () => {
    const first = await start('data');
    await sendTwice(first.clients, first.log);
    await first.emulator.stop();
    appendFileSync(first.log, Buffer.alloc(60, 0xff));

    const { emulator } = await start('data');

    expect(emulator.counts('first')).toMatchObject({ events: 3, batches: 2 });
  });

  it('refuses a file that is damaged in its middle', async () => {
    const first = await start('data');
    await sendTwice(first.clients, first.log);
    await first.emulator.stop();
    writeFileSync(first.log, Buffer.from([0]), { flag: 'r+' });

    await expect(start('data')).rejects.toThrow(/damaged at byte 0/);
  });
});
