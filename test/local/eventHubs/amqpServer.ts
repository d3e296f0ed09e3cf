import type { AddressInfo, Server, Socket } from 'node:net';
import { type Connection, create_container, type EventContext, type link, type Receiver, type Sender, type Session } from 'rhea';
import { authorize } from './authorizationNode';
import { serveConsumer, startOf } from './consumerLink';
import { FaultState, type LiveConnections } from './faults';
import { fieldsOf } from './fieldsOf';
import type { Hub } from './hub';
import { consumerAddress, publisherAddress } from './linkAddress';
import { describeEntity } from './managementNode';
import { servePublisher } from './publisherLink';
import { ReaderEpochs } from './readerEpochs';
import { serveRequests } from './requestNode';
import { corkWrites, keepTransfersRaw, socketOf } from './rheaInternals';
import { argumentOutOfRange, detachForced, entityNotFound, type ServiceError } from './serviceErrors';

interface OpenLink {
  link: link;
  hub: string;
  publisher: boolean;
  lastUsedAt: number;
  release: () => void;
}

/** What the AMQP side needs from the emulator around it. */
export interface AmqpServerOptions {
  port: number;
  maxMessageSizeBytes: number;
  findHub: (name: string) => Hub | undefined;
}

/** Speaks AMQP 1.0 the way Event Hubs does, on 127.0.0.1. */
export class AmqpServer implements LiveConnections {
  readonly faults = new FaultState(this);
  readonly #options: AmqpServerOptions;
  readonly #container = create_container();
  readonly #sockets = new Set<Socket>();
  readonly #links = new Set<OpenLink>();
  readonly #replyLinks = new WeakMap<Session, Sender>();
  readonly #authorized = new WeakSet<Connection>();
  readonly #epochs = new ReaderEpochs();
  #server: Server | undefined;

  constructor(options: AmqpServerOptions) {
    this.#options = options;
    const ignore = (): void => undefined;
    for (const name of ['connection_error', 'session_error', 'sender_error', 'receiver_error']) this.#container.on(name, ignore);
    this.#container.on('session_open', ({ session }: EventContext) => session && keepTransfersRaw(session));
    this.#container.on('sender_open', ({ sender }: EventContext) => sender && this.#openSender(sender));
    this.#container.on('receiver_open', ({ receiver }: EventContext) => receiver && this.#openReceiver(receiver));
    this.#container.on('sender_close', ({ sender }: EventContext) => this.#forget((each) => each === sender));
    this.#container.on('receiver_close', ({ receiver }: EventContext) => this.#forget((each) => each === receiver));
    this.#container.on('session_close', ({ session }: EventContext) => this.#forget((each) => each.session === session));
    const gone = ({ connection }: EventContext): void => this.#forget((each) => each.connection === connection);
    this.#container.on('connection_close', gone);
    this.#container.on('disconnected', gone);
    this.#container.on('protocol_error', ignore);
    this.#container.on('error', (error: unknown) => console.error('Event Hubs emulator:', error));
  }

  async listen(): Promise<number> {
    const server = this.#container.listen({
      host: '127.0.0.1',
      port: this.#options.port,
      max_frame_size: 65_536,
      channel_max: 4999,
      idle_time_out: 240_000,
      receiver_options: { credit_window: 0, autoaccept: false, max_message_size: this.#options.maxMessageSizeBytes },
      sender_options: { snd_settle_mode: 1 },
    });
    this.#server = server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.setNoDelay(true);
      corkWrites(socket);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('listening', resolve);
      server.once('error', reject);
    });
    const address: AddressInfo | string | null = server.address();
    if (address === null || typeof address === 'string') throw new Error('The AMQP server has no port.');
    return address.port;
  }

  async stop(): Promise<void> {
    this.faults.stop();
    const closed = new Promise<void>((resolve) => (this.#server ? this.#server.close(() => resolve()) : resolve()));
    this.drop();
    this.#forget(() => true);
    await closed;
  }

  drop(): number {
    const count = this.#sockets.size;
    for (const socket of this.#sockets) cut(socket);
    return count;
  }

  openLinks(hub?: string): number {
    return [...this.#links].filter((each) => isOn(each, hub)).length;
  }

  detachLinks(hub?: string): number {
    return this.#detach((each) => isOn(each, hub));
  }

  detachIdle(afterMs: number): void {
    const limit = Date.now() - afterMs;
    this.#detach((each) => each.publisher && each.lastUsedAt <= limit);
  }

  // A link stays in the list until its client has answered the detach.
  #detach(chosen: (each: OpenLink) => boolean): number {
    const links = [...this.#links].filter((each) => each.link.is_open() && chosen(each));
    for (const { link, release } of links) {
      link.close(detachForced);
      release();
    }
    return links.length;
  }

  #forget(chosen: (each: link) => boolean): void {
    for (const open of this.#links) {
      if (!chosen(open.link)) continue;
      this.#links.delete(open);
      open.release();
    }
  }

  #openReceiver(receiver: Receiver): void {
    const address = addressOf(receiver.target);
    receiver.set_source({ address: addressOf(receiver.source) });
    receiver.set_target({ address });
    if (address === '$cbs') {
      serveRequests(receiver, this.#replyLinks, (request) => {
        const reply = authorize(request, this.faults.authorizationRefused);
        if (reply.status === 202) this.#authorized.add(receiver.connection);
        return reply;
      });
    } else if (address === '$management') {
      serveRequests(receiver, this.#replyLinks, (request) => describeEntity(request, this.#options.findHub));
    } else {
      const error = this.#openPublisher(receiver, address);
      if (error) receiver.close(error);
    }
  }

  #openPublisher(receiver: Receiver, address: string): ServiceError | undefined {
    if (!this.#authorized.has(receiver.connection)) return unauthorized(address);
    const { hub: name, partition } = publisherAddress(address);
    const hub = this.#options.findHub(name);
    if (!hub) return entityNotFound(name);
    if (partition !== undefined && !hub.partition(partition)) return noPartition(hub, partition);
    if (listOf(receiver.desired_capabilities).includes('com.microsoft:idempotent-producer')) {
      return { condition: 'amqp:not-implemented', description: 'The emulator does not know idempotent publishing.' };
    }
    const open: OpenLink = {
      link: receiver,
      hub: hub.name.toLowerCase(),
      publisher: true,
      lastUsedAt: Date.now(),
      release: () => undefined,
    };
    this.#links.add(open);
    const onTransfer = (): void => void (open.lastUsedAt = Date.now());
    const cutConnection = (): void => cut(socketOf(receiver.connection));
    const { maxMessageSizeBytes } = this.#options;
    servePublisher(receiver, { hub, partition, maxMessageSizeBytes, faults: this.faults, onTransfer, cut: cutConnection });
    return undefined;
  }

  #openSender(sender: Sender): void {
    const address = addressOf(sender.source);
    sender.set_source({ address });
    sender.set_target({ address: addressOf(sender.target) });
    if (address === '$cbs' || address === '$management') {
      this.#replyLinks.set(sender.session, sender);
    } else {
      const error = this.#openConsumer(sender, address);
      if (error) sender.close(error);
    }
  }

  #openConsumer(sender: Sender, address: string): ServiceError | undefined {
    if (!this.#authorized.has(sender.connection)) return unauthorized(address);
    const place = consumerAddress(address);
    const hub = place && this.#options.findHub(place.hub);
    if (!hub) return entityNotFound(place?.hub ?? address);
    if (!hub.hasGroup(place.group)) return entityNotFound(`${hub.name}:${place.group}`);
    const log = hub.partition(place.partition);
    if (!log) return noPartition(hub, place.partition);
    const start = startOf(filterOf(sender.source), log);
    if (typeof start !== 'number') return start;
    const epoch: unknown = fieldsOf(sender.properties)['com.microsoft:epoch'];
    const admitted = this.#epochs.admit([hub.name, place.group, place.partition].join('|').toLowerCase(), {
      epoch: typeof epoch === 'number' ? epoch : undefined,
      detach: (error) => {
        sender.close(error);
        this.#forget((each) => each === sender);
      },
    });
    if ('condition' in admitted) return admitted;
    const withRuntimeMetrics = listOf(sender.desired_capabilities).includes('com.microsoft:enable-receiver-runtime-metric');
    const end = serveConsumer(sender, { log, start, withRuntimeMetrics });
    this.#links.add({
      link: sender,
      hub: hub.name.toLowerCase(),
      publisher: false,
      lastUsedAt: Date.now(),
      release: () => {
        end();
        admitted.leave();
      },
    });
    return undefined;
  }
}

function isOn(link: OpenLink, hub: string | undefined): boolean {
  return hub === undefined || link.hub === hub.toLowerCase();
}

// With an error, so that rhea notices: it does not listen for "close", and its timers would live on.
function cut(socket: Socket | undefined): void {
  socket?.destroy(new Error('cut by the emulator'));
}

function unauthorized(address: string): ServiceError {
  return { condition: 'amqp:unauthorized-access', description: `Unauthorized access to '${address}': no token was put.` };
}

function noPartition(hub: Hub, id: string): ServiceError {
  return argumentOutOfRange(`The specified partition '${id}' is invalid for the event hub '${hub.name}'.`);
}

function addressOf(terminus: unknown): string {
  const address: unknown = typeof terminus === 'object' && terminus ? Reflect.get(terminus, 'address') : undefined;
  return typeof address === 'string' ? address : '';
}

function filterOf(source: unknown): string {
  const filters: unknown = typeof source === 'object' && source ? Reflect.get(source, 'filter') : undefined;
  const selector = fieldsOf(filters)['apache.org:selector-filter:string'];
  if (selector === undefined) return "amqp.annotation.x-opt-offset > '-1'";
  const text = fieldsOf(selector)['value'] ?? selector;
  return typeof text === 'string' ? text : '';
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}
