import type { AcceptedBatch } from './hub';

/** How often a fault strikes, and on which hub; without a hub on all of them. */
export interface FaultScope {
  /** Default 1; Infinity until it is cleared. */
  times?: number;
  hub?: string;
}

/** A refusal: the batch is not stored and the client gets this error. */
export interface SendRejection extends FaultScope {
  condition: string;
  description?: string;
}

/** What can be made to go wrong while clients are connected. */
export interface EventHubsFaults {
  /** Refuses sends with an error condition; the returned function ends it. */
  rejectSends(rejection: SendRejection): () => void;
  /** Stores a batch and cuts the connection before the answer, so that the client sends it again. */
  loseAnswer(scope?: FaultScope): () => void;
  /** Detaches publisher links that were idle for so long, as the service does after 30 minutes; undefined ends it. */
  detachIdleLinks(afterMs: number | undefined): void;
  /** Detaches every send and receive link now, of one hub or of all, and returns how many. */
  detachLinks(hub?: string): number;
  /** How many send and receive links there are, on one hub or on all; a detached one counts until its client knows. */
  openLinks(hub?: string): number;
  /** Cuts every connection now and returns how many there were. */
  dropConnections(): number;
  /** Answers 401 to every authorization while on. */
  refuseAuthorization(on: boolean): void;
  /** Answers sends so many milliseconds late; 0 ends it. */
  delayAnswers(ms: number): void;
  /** Stores what is sent and holds the answers back until `resume`. */
  pause(): void;
  /** Gives the answers that were held back, in order. */
  resume(): void;
  /** Calls back after a batch is stored and waits for the promise before it is answered; the returned function ends it. */
  onBatch(callback: (batch: AcceptedBatch) => void | Promise<void>): () => void;
  /** Ends every fault and gives the answers that were held back. */
  clear(): void;
}

/** The actions on live connections that faults need. */
export interface LiveConnections {
  openLinks(hub?: string): number;
  detachLinks(hub?: string): number;
  drop(): number;
  detachIdle(afterMs: number): void;
}

interface Rule {
  left: number;
  hub: string | undefined;
}

function takeFrom<R extends Rule>(rules: Set<R>, hub: string): R | undefined {
  for (const rule of rules) {
    if (rule.hub !== undefined && rule.hub !== hub.toLowerCase()) continue;
    rule.left -= 1;
    if (rule.left <= 0) rules.delete(rule);
    return rule;
  }
  return undefined;
}

/** The state behind the faults, asked by the links for every send. */
export class FaultState implements EventHubsFaults {
  readonly #live: LiveConnections;
  readonly #rejections = new Set<Rule & { condition: string; description: string }>();
  readonly #losses = new Set<Rule>();
  readonly #callbacks = new Set<(batch: AcceptedBatch) => void | Promise<void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #idleTimer: NodeJS.Timeout | undefined;
  #delayMs = 0;
  #held: (() => void)[] | undefined;
  authorizationRefused = false;

  constructor(live: LiveConnections) {
    this.#live = live;
  }

  rejectSends({ times = 1, hub, condition, description }: SendRejection): () => void {
    const text = description ?? `The emulator was told to answer ${condition}.`;
    const rule = { left: times, hub: hub?.toLowerCase(), condition, description: text };
    this.#rejections.add(rule);
    return () => this.#rejections.delete(rule);
  }

  loseAnswer({ times = 1, hub }: FaultScope = {}): () => void {
    const rule = { left: times, hub: hub?.toLowerCase() };
    this.#losses.add(rule);
    return () => this.#losses.delete(rule);
  }

  detachIdleLinks(afterMs: number | undefined): void {
    clearInterval(this.#idleTimer);
    if (afterMs === undefined) return;
    this.#idleTimer = setInterval(() => this.#live.detachIdle(afterMs), Math.max(5, afterMs / 4));
    this.#idleTimer.unref();
  }

  detachLinks(hub?: string): number {
    return this.#live.detachLinks(hub);
  }

  openLinks(hub?: string): number {
    return this.#live.openLinks(hub);
  }

  dropConnections(): number {
    return this.#live.drop();
  }

  refuseAuthorization(on: boolean): void {
    this.authorizationRefused = on;
  }

  delayAnswers(ms: number): void {
    this.#delayMs = ms;
  }

  pause(): void {
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const answer of held) answer();
  }

  onBatch(callback: (batch: AcceptedBatch) => void | Promise<void>): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  clear(): void {
    this.#rejections.clear();
    this.#losses.clear();
    this.#callbacks.clear();
    this.detachIdleLinks(undefined);
    this.authorizationRefused = false;
    this.#delayMs = 0;
    this.resume();
  }

  /** Ends all timers and forgets what is held. */
  stop(): void {
    this.#held = undefined;
    this.clear();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  nextRejection(hub: string): { condition: string; description: string } | undefined {
    return takeFrom(this.#rejections, hub);
  }

  /** Runs the answer to a stored batch when no fault holds it back any more, or the cut when it is to be lost. */
  answerTo(batch: AcceptedBatch, answer: () => void, cut: () => void): void {
    const lost = takeFrom(this.#losses, batch.hub) !== undefined;
    const finish = lost ? cut : () => this.#later(answer);
    if (this.#callbacks.size === 0) finish();
    else Promise.all([...this.#callbacks].map(async (callback) => callback(batch))).then(finish, cut);
  }

  #later(answer: () => void): void {
    if (this.#delayMs <= 0) {
      this.#unlessHeld(answer);
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#unlessHeld(answer);
    }, this.#delayMs);
    this.#timers.add(timer);
  }

  #unlessHeld(answer: () => void): void {
    if (this.#held) this.#held.push(answer);
    else answer();
  }
}
