import type { Delivery, Receiver } from 'rhea';
import { batchFormat } from './amqpSections';
import type { FaultState } from './faults';
import type { AcceptedBatch, Hub } from './hub';
import { messageTooLarge, type ServiceError } from './serviceErrors';

const credit = 1000;
const creditStep = 250;

/** What a publisher's link needs to know. */
export interface PublisherOptions {
  hub: Hub;
  partition: string | undefined;
  maxMessageSizeBytes: number;
  faults: FaultState;
  onTransfer: () => void;
  cut: () => void;
}

/** Takes the transfers of one publisher, stores them and answers each, unless a fault decides otherwise. */
export function servePublisher(receiver: Receiver, options: PublisherOptions): void {
  let answered = 0;

  function settle(answer: () => void): void {
    answer();
    answered += 1;
    if (answered < creditStep) return;
    receiver.add_credit(answered);
    answered = 0;
  }

  receiver.add_credit(credit);
  receiver.on('message', ({ message: payload, delivery }: { message: unknown; delivery: Delivery }) => {
    options.onTransfer();
    // What is under way when the link is detached is not taken: its client will send it again.
    if (!Buffer.isBuffer(payload) || !receiver.is_open()) return;
    const outcome = store(payload, delivery.format === batchFormat ? batchFormat : 0, options);
    if ('condition' in outcome) {
      // rhea merges the answers of one tick into one disposition with the first outcome: a refusal needs its own.
      setImmediate(() => settle(() => delivery.reject(outcome)));
    } else {
      options.faults.answerTo(outcome, () => settle(() => delivery.accept()), options.cut);
    }
  });
}

function store(payload: Buffer, format: number, options: PublisherOptions): AcceptedBatch | ServiceError {
  const { hub, partition, maxMessageSizeBytes, faults } = options;
  if (payload.length > maxMessageSizeBytes) return messageTooLarge(payload.length, maxMessageSizeBytes);
  const rejection = faults.nextRejection(hub.name);
  if (rejection) return rejection;
  try {
    return hub.accept(payload, format, partition);
  } catch (error) {
    const condition = error instanceof RangeError ? 'amqp:decode-error' : 'amqp:internal-error';
    return { condition, description: error instanceof Error ? error.message : String(error) };
  }
}
