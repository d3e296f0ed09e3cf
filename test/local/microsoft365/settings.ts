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
  /** Whether Graph and Defender answer 429 above their limits; a virtual clock that stands still fills them quickly. */
  keepLimits: boolean;
  /** Share of the seconds in which other applications of the tenant use up the limits that all share. */
  sharedLimitUse: number;
  /** The most objects on any page of Graph and Defender, below what a client asks for. */
  graphPageSize: number;
  /** Share of the objects of Graph and Defender that can be read only late, and by how much at most; taken when a tenant is first asked for. */
  graphLateShare: number;
  graphLateUpToMs: number;
  /** How long a nextLink and a deltaLink can be followed. */
  pageTokenLifeMs: number;
  deltaTokenLifeMs: number;
  /** Share of the objects that a delta repeats without need. */
  deltaReplayShare: number;
  /** The most changed members in one appearance of a group. */
  deltaMembersPerEntry: number;
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
  keepLimits: true,
  sharedLimitUse: 0,
  graphPageSize: Infinity,
  graphLateShare: 0,
  graphLateUpToMs: 48 * 3_600_000,
  pageTokenLifeMs: 3_600_000,
  deltaTokenLifeMs: 7 * 24 * 3_600_000,
  deltaReplayShare: 0,
  deltaMembersPerEntry: 20,
};
