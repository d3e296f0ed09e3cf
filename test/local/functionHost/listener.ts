/** A trigger that is switched on. */
export interface Listener {
  /** Starts nothing new from now on, and resolves when what runs is finished and settled. */
  stop(): Promise<void>;
}
