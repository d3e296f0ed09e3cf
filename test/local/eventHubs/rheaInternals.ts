import { Socket } from 'node:net';
import type { Connection, Sender, Session } from 'rhea';

/** Stands for message-format 0 on transfers that rhea is to hand over undecoded. */
const singleFormat = 0x7fffffff;

interface TransferFrame {
  performative: { message_format?: number | null };
}

/** Makes rhea give every transfer of a session as the bytes that came: it decodes format 0 by itself otherwise. */
export function keepTransfersRaw(session: Session): void {
  const onTransfer: unknown = Reflect.get(session, 'on_transfer');
  if (typeof onTransfer !== 'function') throw new Error('rhea has no session.on_transfer any more');
  Reflect.set(session, 'on_transfer', (frame: TransferFrame) => {
    if (!frame.performative.message_format) frame.performative.message_format = singleFormat;
    Reflect.apply(onTransfer, session, [frame]);
  });
}

/** The credit the peer gave, and the number of deliveries that left, which rhea both updates one tick late. */
export function creditOf(sender: Sender): { credit: number; delivered: number } {
  const credit: unknown = Reflect.get(sender, 'credit');
  const delivered: unknown = Reflect.get(sender, 'delivery_count');
  if (typeof credit !== 'number' || typeof delivered !== 'number') throw new Error('rhea has no sender.credit any more');
  return { credit, delivered };
}

/** The socket below a connection. */
export function socketOf(connection: Connection): Socket | undefined {
  const socket: unknown = connection['socket'];
  return socket instanceof Socket ? socket : undefined;
}

/** Sends the frames of one tick together: rhea writes each by itself, which costs 22 ms a send with delayed ACKs. */
export function corkWrites(socket: Socket): void {
  const write = socket.write.bind(socket);
  let corked = false;
  Reflect.set(socket, 'write', (chunk: Buffer) => {
    if (!corked) {
      corked = true;
      socket.cork();
      process.nextTick(() => {
        corked = false;
        socket.uncork();
      });
    }
    return write(chunk);
  });
}
