import { earliestEventPosition, type EventHubProducerClient } from '@azure/event-hubs';
import { type EventHubsEmulator, startEventHubsEmulator } from './eventHubsEmulator';
import { deferred, HubClients, impatient, noRetries, oneHub, unrefTokenRenewals, within } from './hubClients';

describe('Event Hubs emulator faults', () => {
  let emulator: EventHubsEmulator;
  let clients: HubClients;
  let hub: string;
  let tests = 0;

  beforeAll(async () => {
    unrefTokenRenewals();
    emulator = await startEventHubsEmulator({ config: oneHub });
    clients = new HubClients(emulator);
  });

  beforeEach(() => {
    tests += 1;
    hub = `faults${tests}`;
    emulator.addHub(hub, 1);
  });

  afterEach(async () => {
    emulator.faults.clear();
    await clients.close();
  });

  afterAll(() => emulator.stop());

  async function send(producer: EventHubProducerClient, body = 'event'): Promise<void> {
    await within(30_000, 'send', producer.sendBatch([{ body: Buffer.from(body) }]));
  }

  function bodies(): string[] {
    return [...emulator.read(hub)].map((event) => event.body.toString());
  }

  it.each([
    ['com.microsoft:server-busy', 'ServerBusyError'],
    ['amqp:unauthorized-access', 'UnauthorizedError'],
    ['amqp:link:message-size-exceeded', 'MessageTooLargeError'],
  ])('refuses a send with %s and stores nothing', async (condition, code) => {
    emulator.faults.rejectSends({ condition });
    const producer = clients.producer(hub, noRetries);

    await expect(send(producer)).rejects.toMatchObject({ code });
    await send(producer, 'next');

    expect(bodies()).toEqual(['next']);
  });

  it('is retried by the client when it is busy for a while', async () => {
    emulator.faults.rejectSends({ condition: 'com.microsoft:server-busy', times: 2, hub });

    await send(clients.producer(hub));

    expect(bodies()).toEqual(['event']);
  });

  it('refuses on one hub only, until told otherwise', async () => {
    emulator.addHub(`${hub}other`, 1);
    const stop = emulator.faults.rejectSends({ condition: 'com.microsoft:server-busy', times: Infinity, hub });
    const producer = clients.producer(hub, noRetries);

    await send(clients.producer(`${hub}other`, noRetries));
    await expect(send(producer)).rejects.toMatchObject({ code: 'ServerBusyError' });
    await expect(send(producer)).rejects.toMatchObject({ code: 'ServerBusyError' });
    stop();
    await send(producer);

    expect(bodies()).toEqual(['event']);
  });

  it('makes the client repeat a stored batch when the answer is lost', async () => {
    emulator.faults.loseAnswer({ hub });

    await send(clients.producer(hub, impatient));

    expect(bodies()).toEqual(['event', 'event']);
  });

  it('detaches links, and clients come back with the next send and go on reading', async () => {
    const producer = clients.producer(hub);
    await send(producer, 'before');
    const second = deferred();
    const seen: number[] = [];
    const subscription = clients.consumer(hub).subscribe(
      '0',
      {
        processEvents: (events) => {
          seen.push(...events.map((event) => event.sequenceNumber));
          if (seen.length === 1) emulator.faults.detachLinks(hub);
          if (seen.length === 1) void send(producer, 'after').catch(second.reject);
          if (seen.length === 2) second.resolve();
          return Promise.resolve();
        },
        processError: () => Promise.resolve(),
      },
      { startPosition: earliestEventPosition, maxWaitTimeInSeconds: 1 },
    );

    await within(30_000, 'the second event', second.promise);
    await within(30_000, 'close', subscription.close());

    expect(seen).toEqual([0, 1]);
    expect(bodies()).toEqual(['before', 'after']);
  });

  it('detaches a publisher that was idle, which opens a new link by itself', async () => {
    const producer = clients.producer(hub);
    await send(producer, 'before');
    emulator.faults.detachIdleLinks(10);
    await within(30_000, 'the detach', noLinkLeft());
    emulator.faults.detachIdleLinks(undefined);

    await send(producer, 'after');

    expect(bodies()).toEqual(['before', 'after']);
  });

  async function noLinkLeft(): Promise<void> {
    while (emulator.faults.openLinks(hub) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  it('drops connections, and clients reconnect', async () => {
    const producer = clients.producer(hub, impatient);
    await send(producer, 'before');

    const dropped = emulator.faults.dropConnections();
    await send(producer, 'after');

    expect(dropped).toBe(1);
    expect(bodies()).toEqual(['before', 'after']);
  });

  it('refuses authorization while told so', async () => {
    emulator.faults.refuseAuthorization(true);
    await expect(send(clients.producer(hub, noRetries))).rejects.toMatchObject({ code: 'UnauthorizedError' });

    emulator.faults.refuseAuthorization(false);
    await send(clients.producer(hub, noRetries));

    expect(bodies()).toEqual(['event']);
  });

  it('refuses a connection string with another key', async () => {
    const forged = emulator.connectionString.replace('SAS_KEY_VALUE', 'other');
    const thief = new HubClients({ ...emulator, connectionString: forged });

    await expect(send(thief.producer(hub, noRetries))).rejects.toMatchObject({ code: 'UnauthorizedError' });

    await thief.close();
  });

  it('answers late', async () => {
    const producer = clients.producer(hub);
    await send(producer, 'opens the link');
    emulator.faults.delayAnswers(150);
    const started = performance.now();

    await send(producer);

    expect(performance.now() - started).toBeGreaterThan(145);
  });

  it('holds answers while it is paused', async () => {
    const producer = clients.producer(hub);
    const stored = deferred();
    emulator.faults.pause();
    emulator.faults.onBatch(() => stored.resolve());
    let answered = 0;
    const sends = [1, 2, 3].map(() => send(producer).then(() => (answered += 1)));
    await within(30_000, 'the first batch', stored.promise);
    const answeredWhilePaused = answered;

    emulator.faults.resume();
    await Promise.all(sends);

    expect([answeredWhilePaused, answered]).toEqual([0, 3]);
  });

  it('waits with the answer for a callback that sees the stored batch', async () => {
    const producer = clients.producer(hub);
    const order: string[] = [];
    const stop = emulator.faults.onBatch(async ({ hub: name, partition, events }) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push(`${name} ${partition} ${events}, stored ${emulator.counts(hub).events}`);
    });

    await send(producer);
    order.push('answered');
    stop();
    await send(producer);

    expect(order).toEqual([`${hub} 0 1, stored 1`, 'answered']);
  });
});
