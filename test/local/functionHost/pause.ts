// setTimeout takes at most this many milliseconds (about 24.8 days) and fires at once above it.
const longest = 2 ** 31 - 1;

/** A wait that somebody else can end. */
export interface Pause {
  /** Resolves after a time, or when it is ended. */
  wait(ms: number): Promise<void>;
  /** Ends the wait that is on, if any. */
  end(): void;
}

/** Makes a pause; it waits for one caller at a time. */
export function createPause(): Pause {
  let finish = () => {
    // Nobody waits yet.
  };
  return {
    wait: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, Math.min(Math.max(ms, 0), longest));
        finish = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    end: () => finish(),
  };
}
