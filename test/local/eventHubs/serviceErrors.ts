/** An error as Event Hubs sends it: an AMQP condition and a text on which clients partly rely. */
export interface ServiceError {
  condition: string;
  description: string;
}

/** No hub or consumer group of that name; the SDK recognises the text. */
export function entityNotFound(name: string): ServiceError {
  return { condition: 'amqp:not-found', description: `The messaging entity '${name}' could not be found.` };
}

/** A partition or another argument that does not exist. */
export function argumentOutOfRange(description: string): ServiceError {
  return { condition: 'com.microsoft:argument-out-of-range', description };
}

/** A start position that lies behind the end of the log, which otherwise would wait in silence for ever. */
export function invalidPosition(kind: string, value: number, last: string): ServiceError {
  const description = `The supplied ${kind} '${value}' is invalid. The last ${kind} in the system is '${last}'.`;
  return { condition: 'com.microsoft:argument-error', description };
}

/** A transfer larger than the link allows. */
export function messageTooLarge(size: number, limit: number): ServiceError {
  const description = `The received message (${size} bytes) exceeds the limit (${limit} bytes) allowed on the link.`;
  return { condition: 'amqp:link:message-size-exceeded', description };
}

/** A reader was pushed out, or refused, by one with a higher epoch. */
export function linkStolen(description: string): ServiceError {
  return { condition: 'amqp:link:stolen', description };
}

/** How the service takes links back: idle, restarting or moved. */
export const detachForced: ServiceError = {
  condition: 'amqp:link:detach-forced',
  description: 'The link was force detached by the broker.',
};
