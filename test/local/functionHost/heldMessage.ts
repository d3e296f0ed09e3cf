import type { DequeuedMessageItem, QueueClient } from '@azure/storage-queue';
import { describeError, type HostLog } from './hostLog';
import { isMissing, sendCreating } from './queueStorage';

/** A received message that nobody else sees until it is settled by one of these. Settling never throws: what fails is logged. */
export interface HeldMessage {
  /** Removes the message. */
  complete(): Promise<void>;
  /** Lets the message be seen again after a time. */
  release(visibleAfterMs: number): Promise<void>;
  /**
   * Copies the message to the poison queue and removes it; a message that cannot be copied stays and is seen again. Without a poison queue it
   * stays too, invisible until its time is over.
   */
  setAside(): Promise<void>;
}

/** What a held message belongs to. */
export interface HoldingParts {
  readonly queue: QueueClient;
  /** Missing where the real host has none: for a queue that is one itself, and for a name that would become too long. */
  readonly poison: QueueClient | undefined;
  readonly functionName: string;
  readonly invisibleMs: number;
  readonly log: HostLog;
}

/** Keeps a received message invisible by renewing it at half its time, until it is settled. */
export function holdMessage(
  { queue, poison, functionName, invisibleMs, log }: HoldingParts,
  message: DequeuedMessageItem,
): HeldMessage {
  const { messageId } = message;
  let receipt = message.popReceipt;
  let settled = false;

  const report = (what: string) => (error: unknown) => {
    const reason = isMissing(error) ? 'it was removed or received by somebody else meanwhile' : describeError(error);
    log('warning', `Message ${messageId} of queue ${queue.name} could not be ${what}: ${reason}`, { function: functionName });
  };
  // Every change of a message replaces its pop receipt, so changes go one after the other.
  let changes = Promise.resolve();
  const change = (what: string, action: () => Promise<unknown>): Promise<void> => {
    changes = changes.then(action).then(() => undefined, report(what));
    return changes;
  };
  const showAfter = async (seconds: number) => {
    const { popReceipt } = await queue.updateMessage(messageId, receipt, undefined, seconds);
    receipt = popReceipt ?? receipt;
  };
  const renewal = setInterval(() => {
    void change('renewed', async () => {
      if (!settled) await showAfter(wholeSeconds(invisibleMs));
    });
  }, invisibleMs / 2).unref();
  const settle = (what: string, action: () => Promise<unknown>) => {
    settled = true;
    clearInterval(renewal);
    return change(what, action);
  };

  const remove = () => queue.deleteMessage(messageId, receipt);
  return {
    complete: () => settle('deleted', remove),
    release: (visibleAfterMs) => settle('released', () => showAfter(wholeSeconds(visibleAfterMs))),
    setAside: () =>
      settle('moved to the poison queue', async () => {
        if (!poison) {
          log('warning', `Message ${messageId} has no poison queue to go to and stays in ${queue.name}.`, {
            function: functionName,
          });
          return;
        }
        try {
          // The raw text, so that the copy is what the sender wrote, decodable or not.
          await sendCreating(poison, message.messageText);
        } catch (error) {
          // A second of rest keeps a message that nobody can move from being received in a loop.
          await showAfter(1);
          throw error;
        }
        await remove();
        log('warning', `Message ${messageId} has been moved to queue ${poison.name}.`, { function: functionName });
      }),
  };
}

const wholeSeconds = (ms: number) => Math.ceil(ms / 1000);
