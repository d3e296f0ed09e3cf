/**
 * Memory for the bodies of full events, used again after their acknowledgement. Memory outside V8's heap costs a garbage collection per few
 * megabytes, which at full speed is more work than splitting the records.
 */
export class BodyPool {
  readonly #free: Buffer[] = [];
  readonly #bytes: number;
  readonly #most: number;

  /** Keeps at most so many pieces of so many bytes. */
  constructor(bytes: number, most: number) {
    this.#bytes = bytes;
    this.#most = most;
  }

  /** Memory of at least so many bytes, with anything in it. */
  take(bytes: number): Buffer {
    if (bytes > this.#bytes) return Buffer.allocUnsafeSlow(bytes);
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#bytes);
  }

  /** Takes memory back that nobody looks at any more: what `take` gave, or a view of it. Other memory is left to the collector. */
  give(body: Buffer): void {
    const { buffer } = body;
    if (buffer.byteLength === this.#bytes && this.#free.length < this.#most) this.#free.push(Buffer.from(buffer));
  }
}
