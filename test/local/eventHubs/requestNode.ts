import { message, type Receiver, type Sender, type Session } from 'rhea';
import { fieldsOf } from './fieldsOf';

/** A request to `$cbs` or `$management`. */
export interface NodeRequest {
  properties: Record<string, unknown>;
  body: unknown;
}

/** What such a request is answered with; `status` is an HTTP-like code. */
export interface NodeReply {
  status: number;
  description: string;
  condition?: string;
  body?: unknown;
}

/** Answers the requests of one link on the reply link of the same session, which is how these clients pair them. */
export function serveRequests(
  receiver: Receiver,
  replyLinks: WeakMap<Session, Sender>,
  answer: (request: NodeRequest) => NodeReply,
): void {
  receiver.add_credit(100);
  receiver.on('message', ({ message: payload, delivery }: { message: unknown; delivery: { accept(): void } }) => {
    delivery.accept();
    receiver.add_credit(1);
    if (!Buffer.isBuffer(payload)) return;
    const request: Record<string, unknown> = message.decode(payload);
    const reply = answer({ properties: fieldsOf(request['application_properties']), body: request['body'] });
    replyLinks.get(receiver.session)?.send(encodeReply(reply, request['message_id']));
  });
}

function encodeReply({ status, description, condition, body }: NodeReply, requestId: unknown): Parameters<Sender['send']>[0] {
  return {
    ...(typeof requestId === 'string' || typeof requestId === 'number' ? { correlation_id: requestId } : {}),
    application_properties: {
      'status-code': status,
      'status-description': description,
      ...(condition === undefined ? {} : { 'error-condition': condition }),
    },
    body: body ?? '',
  };
}
