/** Time as the simulation sees it; tests pass a virtual one. */
export interface Clock {
  now(): Date;
}

/** What can be changed while the simulation runs; fault presets change it too, and `faults.clear()` puts it back. */
export interface Settings {
  /** Added to the Date header, token times and every window check. */
  serverClockOffsetMs: number;
  /** Overrides the token life of every tenant when set. */
  tokenLifeSeconds: number | undefined;
  /** Elements per page of the content list. */
  pageSize: number;
  /** Answers AF429 of the shared pool when the PublisherIdentifier is missing or all zeros. */
  requirePublisherIdentifier: boolean;
  /** Share of published blobs that are listed late, and by how much at most. */
  lateShare: number;
  lateUpToMs: number;
  /** Share of generated records that appear again in a later blob. */
  repeatShare: number;
  /** Multiplies what the generator makes. */
  rate: number;
  /** Milliseconds added to every answer. */
  latencyMs: number;
}

/** The settings of an undisturbed service. */
export const defaultSettings: Settings = {
  serverClockOffsetMs: 0,
  tokenLifeSeconds: undefined,
  pageSize: 200,
  requirePublisherIdentifier: false,
  lateShare: 0,
  lateUpToMs: 3 * 3_600_000,
  repeatShare: 0.01,
  rate: 1,
  latencyMs: 0,
};
