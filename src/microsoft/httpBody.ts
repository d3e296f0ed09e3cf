import type { IncomingMessage } from 'node:http';
import { ConnectorError } from '../domain/failure';
import type { Failure } from '../domain/failure';

/** How long to wait for an answer, in milliseconds: for its headers, between two chunks of its body, and for the whole body. */
export interface Deadlines {
  readonly headersMs: number;
  readonly idleMs: number;
  readonly bodyMs: number;
}

// Of each answer that is read; many are under way at once.
const highWaterBytes = 128 * 1024;
const drainBytes = 64 * 1024;

/** The failure behind an error of Node's network code; its code is safe to show, its message may not be. */
export function transportFailure(error: unknown): Failure {
  const known = typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string';
  return { kind: 'unavailable', code: known ? String(error.code) : 'connectionFailed' };
}

/**
 * The body of an answer as the chunks that arrive, not copied. It pauses the socket while nobody reads, and ends only where the server ended it:
 * a connection that breaks off is an error of the iterator, never an end.
 */
export class HttpBody implements AsyncIterableIterator<Buffer> {
  readonly #response: IncomingMessage;
  readonly #doing: string;
  readonly #signal: AbortSignal;
  readonly #deadlines: Deadlines;
  readonly #whole: NodeJS.Timeout;
  #idle: NodeJS.Timeout | undefined;
  #chunks: Buffer[] = [];
  #waitingBytes = 0;
  #receivedBytes = 0;
  #mode: 'unread' | 'reading' | 'draining' | 'ended' = 'unread';
  #error: ConnectorError | undefined;
  #wake: (() => void) | undefined;

  constructor(response: IncomingMessage, doing: string, signal: AbortSignal, deadlines: Deadlines) {
    this.#response = response;
    this.#doing = doing;
    this.#signal = signal;
    this.#deadlines = deadlines;
    this.#whole = setTimeout(() => this.#fail({ kind: 'unavailable', code: 'timeout:body' }), deadlines.bodyMs);
    signal.addEventListener('abort', this.#onAbort);
    response.on('error', (error) => this.#fail(transportFailure(error), error));
    response.on('end', () => {
      if (response.complete) this.#finish();
      else this.#fail({ kind: 'unavailable', code: 'truncated' });
    });
    response.on('close', () => this.#fail({ kind: 'unavailable', code: 'truncated' }));
    if (signal.aborted) this.#onAbort();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next chunk; the end only when the server completed the body. */
  async next(): Promise<IteratorResult<Buffer, undefined>> {
    if (this.#mode === 'unread') this.#start('reading');
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#waitingBytes -= chunk.length;
        if (this.#waitingBytes === 0 && this.#response.isPaused()) {
          this.#idle?.refresh();
          this.#response.resume();
        }
        return { done: false, value: chunk };
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#mode !== 'reading') return { done: true, value: undefined };
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Stops reading; what is left of the body is thrown away. */
  return(): Promise<IteratorResult<Buffer, undefined>> {
    this.discard();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Throws the rest away: a small one is read, so that the connection can be used again; a large one costs the connection. */
  discard(): void {
    if (this.#mode === 'ended') return;
    const announced = Number(this.#response.headers['content-length'] ?? 0);
    const received = this.#receivedBytes;
    this.#chunks = [];
    this.#waitingBytes = 0;
    if (announced - received > drainBytes) {
      this.#finish();
      this.#response.destroy();
    } else if (this.#mode === 'unread') this.#start('draining');
    else {
      this.#mode = 'draining';
      this.#receivedBytes = 0;
      this.#response.resume();
    }
  }

  readonly #onAbort = (): void => {
    this.#chunks = [];
    this.#fail({ kind: 'cancelled', code: 'aborted' });
  };

  #start(mode: 'reading' | 'draining'): void {
    this.#mode = mode;
    this.#idle = setTimeout(() => this.#onIdle(), this.#deadlines.idleMs);
    this.#response.on('data', (chunk: Buffer) => this.#take(chunk));
  }

  #onIdle(): void {
    // While the socket is paused nobody can say that the server is slow.
    if (this.#response.isPaused()) this.#idle?.refresh();
    else this.#fail({ kind: 'unavailable', code: 'timeout:idle' });
  }

  #take(chunk: Buffer): void {
    this.#idle?.refresh();
    this.#receivedBytes += chunk.length;
    if (this.#mode === 'reading') {
      this.#chunks.push(chunk);
      this.#waitingBytes += chunk.length;
      if (this.#waitingBytes >= highWaterBytes) this.#response.pause();
      this.#notify();
    } else if (this.#receivedBytes > drainBytes) {
      this.#finish();
      this.#response.destroy();
    }
  }

  #fail(failure: Failure, cause?: unknown): void {
    if (this.#mode === 'ended') return;
    this.#error = new ConnectorError(this.#doing, failure, cause);
    this.#finish();
    this.#response.destroy();
  }

  #finish(): void {
    this.#mode = 'ended';
    clearTimeout(this.#whole);
    clearTimeout(this.#idle);
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
