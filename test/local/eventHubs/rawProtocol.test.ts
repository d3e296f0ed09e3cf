import { createHmac } from 'node:crypto';
import { type Connection, create_container, type EventContext, generate_uuid, message, type Sender } from 'rhea';
import { type EventHubsEmulator, startEventHubsEmulator } from './eventHubsEmulator';
import { deferred, oneHub, within } from './hubClients';

// What the JavaScript SDK never sends, but other clients do.
describe('Event Hubs emulator, below the SDK', () => {
  let emulator: EventHubsEmulator;
  let connection: Connection;

  beforeAll(async () => {
    emulator = await startEventHubsEmulator({ config: oneHub, maxMessageSizeBytes: 2000 });
  });

  beforeEach(() => {
    const port = Number(/localhost:(\d+)/.exec(emulator.connectionString)?.[1]);
    connection = create_container().connect({ host: '127.0.0.1', port, reconnect: false, username: 'anonymous' });
  });

  afterEach(async () => {
    const closed = deferred();
    connection.once('connection_close', () => closed.resolve());
    connection.close();
    await within(30_000, 'close', closed.promise);
  });
  afterAll(() => emulator.stop());

  async function authorize(): Promise<unknown> {
    const resource = encodeURIComponent('sb://localhost/first');
    const expires = Math.round(Date.now() / 1000) + 60;
    const signature = createHmac('sha256', 'SAS_KEY_VALUE').update(`${resource}\n${expires}`).digest('base64');
    const answered = deferred<unknown>();
    connection.open_receiver({ source: '$cbs' }).on('message', ({ message: reply }: EventContext) => answered.resolve(reply));
    const sender = connection.open_sender('$cbs');
    await opened(sender);
    sender.send({
      message_id: generate_uuid(),
      application_properties: { operation: 'put-token', type: 'servicebus.windows.net:sastoken' },
      body: `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${expires}&skn=x`,
    });
    return within(30_000, 'the token', answered.promise);
  }

  async function opened(sender: Sender): Promise<void> {
    const ready = deferred();
    sender.once('sendable', () => ready.resolve());
    sender.once('sender_error', () => ready.reject(sender.error));
    await within(30_000, 'the link', ready.promise);
  }

  async function outcome(sender: Sender, payload: Buffer): Promise<unknown> {
    const settled = deferred<unknown>();
    sender.once('accepted', () => settled.resolve('accepted'));
    sender.once('rejected', ({ delivery }: EventContext) => {
      const error: unknown = delivery?.remote_state?.['error'];
      settled.resolve(error);
    });
    sender.send(payload, undefined, 0);
    return within(30_000, 'the answer', settled.promise);
  }

  function dataOf(body: Buffer): unknown {
    return message.data_section(body);
  }

  it('stores a single event as the bytes that came and spreads it by its own key', async () => {
    await authorize();
    emulator.addHub('single', 32);
    const sender = connection.open_sender('single');
    await opened(sender);
    const event = message.encode({
      message_annotations: { 'x-opt-partition-key': 'FWfAT' },
      message_id: 'one',
      body: dataOf(Buffer.from([0, 255])),
    });

    const answer = await outcome(sender, event);

    expect(answer).toBe('accepted');
    expect([...emulator.read('single')]).toMatchObject([{ partition: '5', messageId: 'one', body: Buffer.from([0, 255]) }]);
    expect(emulator.counts('single').bytes).toBe(event.length);
  });

  it('refuses what is larger than the link allows, or no message at all', async () => {
    await authorize();
    const sender = connection.open_sender('first');
    await opened(sender);

    const tooLarge = await outcome(sender, message.encode({ body: dataOf(Buffer.alloc(2000)) }));
    const garbage = await outcome(sender, Buffer.from('garbage'));

    expect(tooLarge).toMatchObject({ condition: 'amqp:link:message-size-exceeded' });
    expect(garbage).toMatchObject({ condition: 'amqp:decode-error' });
    expect(emulator.counts('first').events).toBe(0);
    expect(sender.max_message_size).toBe(2000);
  });

  it('answers transfers that come together each with its own outcome', async () => {
    await authorize();
    const sender = connection.open_sender('first');
    await opened(sender);
    const before = emulator.counts('first').events;
    const outcomes = new Map<number | undefined, string>();
    const all = deferred();
    for (const outcomeName of ['accepted', 'rejected']) {
      sender.on(outcomeName, ({ delivery }: EventContext) => {
        outcomes.set(delivery?.id, outcomeName);
        if (outcomes.size === 4) all.resolve();
      });
    }

    const sizes = [10, 2000, 20, 2000];
    const sent = sizes.map((size) => sender.send(message.encode({ body: dataOf(Buffer.alloc(size)) }), undefined, 0).id);
    await within(30_000, 'the answers', all.promise);

    expect(sent.map((id) => outcomes.get(id))).toEqual(['accepted', 'rejected', 'accepted', 'rejected']);
    expect(emulator.counts('first').events).toBe(before + 2);
  });

  it('opens no link before a token was put', async () => {
    const sender = connection.open_sender('first');

    await expect(opened(sender)).rejects.toMatchObject({ condition: 'amqp:unauthorized-access' });
  });
});
