/** An answer before it is sent; faults change it on the way. */
export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** An answer in JSON. */
export function jsonReply(status: number, value: unknown, headers: Record<string, string> = {}): Reply {
  return bytesReply(status, Buffer.from(JSON.stringify(value)), headers);
}

/** An answer whose body is JSON text already. */
export function bytesReply(status: number, body: Buffer, headers: Record<string, string> = {}): Reply {
  return { status, headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers }, body };
}
