/** What a batch usually needs: the limit of most hubs. */
const usualBytes = 1024 * 1024;
/** Room for what an event has besides its body. */
const headBytes = 64 * 1024;
const most = 4;

/** Memory for batches, used again, so that sending leaves no garbage behind. */
export class BatchMemory {
  readonly #free: Buffer[] = [];

  /** Memory for a batch of at most so many bytes that begins with an event of this size. */
  take(limitBytes: number, bodyBytes: number): Buffer {
    const bytes = Math.min(limitBytes, Math.max(usualBytes, bodyBytes + headBytes));
    const kept = bytes <= usualBytes ? this.#free.pop() : undefined;
    return (kept ?? Buffer.allocUnsafeSlow(Math.max(bytes, usualBytes))).subarray(0, bytes);
  }

  /** Takes back memory that nobody reads any more. */
  give({ buffer }: Buffer): void {
    if (buffer.byteLength === usualBytes && this.#free.length < most) this.#free.push(Buffer.from(buffer));
  }
}
