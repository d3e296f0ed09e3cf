import { failureOf } from '../domain/failure';

/** Creates something (a table, a queue, a container) before its first use, once per process; a failed creation is tried again by the next caller. */
export class CreatedOnce {
  readonly #create: (signal: AbortSignal) => Promise<void>;
  #created: Promise<void> | undefined;

  constructor(create: (signal: AbortSignal) => Promise<void>) {
    this.#create = create;
  }

  /** Resolves when it is there. A caller that gives up does not take the others that wait with it. */
  async ready(signal: AbortSignal): Promise<void> {
    for (;;) {
      const creation = (this.#created ??= this.#create(signal));
      try {
        await creation;
        return;
      } catch (error) {
        if (this.#created === creation) this.#created = undefined;
        if (signal.aborted || failureOf(error)?.kind !== 'cancelled') throw error;
      }
    }
  }

  /** Makes the next caller create it again: it turned out not to be there. */
  forget(): void {
    this.#created = undefined;
  }
}
