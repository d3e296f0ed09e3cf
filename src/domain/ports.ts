import type { AlertProductId } from './alertProduct';
import type { CredentialRing, RegisteredCredential, SecretVersion, StoredKind } from './credential';
import type { Gap, HourCoverage } from './coverage';
import type { OutgoingEvent } from './event';
import type { Api } from './failure';
import type { ServicePlan } from './licence';
import type { Change, Invitation, Onboarding, PendingSignIn } from './onboarding';
import type { LedgerChange, LedgerRow, LedgerScope } from './ledger';
import type { MetricDimensions, MetricName } from './metrics';
import type { CollectEntry, CollectMessage, Lane, ScheduleEntry } from './schedule';
import type { Answer, Run, TenantRequest, Unit } from './source';
import type { SourceRow, TenantGlance } from './sourceState';
import type { Tenant, TenantId } from './tenant';
import type { TenantProfile } from './verdict';

/** The only source of time; UTC. */
export interface Clock {
  readonly now: () => Date;
  /** Resolves after the time has passed, rejects when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Where events go. */
export interface Sink {
  /** Sends the events, which share a hub and a partition key, and resolves only when Event Hubs has acknowledged all of them. Throws `hubBusy` or `hubRefused`. */
  readonly write: (events: readonly OutgoingEvent[], signal: AbortSignal) => Promise<void>;
  /** The largest batch the link of this hub takes, in bytes; an event needs some of it for its properties. */
  readonly batchLimitBytes: (hub: string, signal: AbortSignal) => Promise<number>;
}

/** Where records go that are too large for the hub. */
export interface OversizeStore {
  /** Keeps the record under a stable name and returns that name and the SHA-256 (hex) of what was kept. */
  readonly keep: (
    record: { readonly tenantId: TenantId; readonly sourceId: string; readonly id: string; readonly json: Buffer },
    signal: AbortSignal,
  ) => Promise<{ readonly blob: string; readonly sha256: string }>;
}

/** Assessments as they were made: written once, never changed, never deleted by the connector. */
export interface EvidenceStore {
  /** Keeps the document under its tenant and id unless there is one already; resolves, once it is durable, with what is kept there now: this document or the one that came first. */
  readonly keep: (tenantId: TenantId, id: string, document: Buffer, signal: AbortSignal) => Promise<KeptDocument>;
  /** The ids of a tenant from (inclusive) to (exclusive), oldest first. An id is the moment it is filed under, as `Date.toISOString` writes it. */
  readonly ids: (tenantId: TenantId, from: Date, to: Date, signal: AbortSignal) => Promise<readonly string[]>;
  /** Undefined when there is none. Throws `unexpectedResponse` when it is not what was written. */
  readonly read: (tenantId: TenantId, id: string, signal: AbortSignal) => Promise<KeptDocument | undefined>;
}

/** A document, where it is kept, and the SHA-256 (hex) of its bytes. */
export interface KeptDocument {
  readonly blob: string;
  readonly sha256: string;
  readonly document: Buffer;
}

/** The ledger. Every change is conditional on the etag of the row it was made from. */
export interface Ledger {
  /** Adds the units that are not in the ledger yet, as pending, and returns the rows of all given units, new and known. Durable when it resolves. */
  readonly enlist: (scope: LedgerScope, units: readonly Unit[], now: Date, signal: AbortSignal) => Promise<readonly LedgerRow[]>;
  /** The pending rows of a day, oldest first, a page at a time. */
  readonly pending: (scope: LedgerScope, day: string, signal: AbortSignal) => AsyncIterable<readonly LedgerRow[]>;
  /** Writes the changes and returns the rows with their new etags. Throws `conflict` when a row was changed by somebody else; a write whose answer was lost is recognised, not repeated. */
  readonly save: (changes: readonly LedgerChange[], signal: AbortSignal) => Promise<readonly LedgerRow[]>;
  /** A row as it is now; undefined when it is not there. */
  readonly find: (scope: LedgerScope, unit: Unit, signal: AbortSignal) => Promise<LedgerRow | undefined>;
  /** All rows of an hour (`2026-11-22T10`), of a day (`2026-11-22`), or of `undated`. */
  readonly hour: (scope: LedgerScope, hour: string, signal: AbortSignal) => AsyncIterable<readonly LedgerRow[]>;
  /** Deletes rows of a day that are finished and expired before the given time; returns how many stay. */
  readonly forget: (
    scope: LedgerScope,
    day: string,
    expiredBefore: Date,
    signal: AbortSignal,
  ) => Promise<{ readonly kept: number }>;
  /** The days of a scope that hold rows. */
  readonly days: (scope: LedgerScope, signal: AbortSignal) => Promise<readonly string[]>;
}

/** Coverage and gaps: what is shown and proven. */
export interface CoverageStore {
  readonly saveHours: (hours: readonly HourCoverage[], signal: AbortSignal) => Promise<void>;
  /** Hours from (inclusive) to (exclusive), oldest first; hours nothing was recorded for are left out. */
  readonly hours: (scope: LedgerScope, from: string, to: string, signal: AbortSignal) => Promise<readonly HourCoverage[]>;
  /** Idempotent: the same gap recorded twice is one gap. Returns true when it is new. */
  readonly recordGap: (gap: Gap, signal: AbortSignal) => Promise<boolean>;
  readonly gaps: (scope: LedgerScope, signal: AbortSignal) => Promise<readonly Gap[]>;
  /** Gaps that were recorded but not yet sent as events. */
  readonly unsentGaps: (scope: LedgerScope, signal: AbortSignal) => Promise<readonly Gap[]>;
  readonly markGapsSent: (gaps: readonly Gap[], signal: AbortSignal) => Promise<void>;
}

/** Some of what was sent, as it is kept. Rows of a part are numbered from 0; what a later row says of an object counts. */
export interface SentRow {
  /** The hour of the records (`2026-11-22T10`), or the snapshot they follow. */
  readonly part: string;
  readonly number: number;
  /** As `packSent` writes it. */
  readonly entries: Buffer;
}

/** What was sent of the sources that are read more than once: which object in which state. */
export interface SentMemory {
  /** The rows of the parts from (inclusive) to (inclusive), in the order of parts and numbers. */
  readonly load: (scope: LedgerScope, from: string, to: string, signal: AbortSignal) => Promise<readonly SentRow[]>;
  /** Adds rows, all or none; durable when it resolves. Throws `conflict` when a row of that number is there already. */
  readonly append: (scope: LedgerScope, rows: readonly SentRow[], now: Date, signal: AbortSignal) => Promise<void>;
  /** Deletes rows of parts before the given one that were written before the given time. */
  readonly forget: (scope: LedgerScope, part: string, writtenBefore: Date, signal: AbortSignal) => Promise<void>;
}

/** The row of each source of each tenant. */
export interface SourceStore {
  readonly find: (tenantId: TenantId, sourceId: string, signal: AbortSignal) => Promise<SourceRow | undefined>;
  readonly ofTenant: (tenantId: TenantId, signal: AbortSignal) => Promise<readonly SourceRow[]>;
  /** Rejects with `conflict` when the row exists. */
  readonly create: (row: Omit<SourceRow, 'etag'>, signal: AbortSignal) => Promise<SourceRow>;
  /** Rejects with `conflict` when the row changed since its etag; a write whose answer was lost is recognised. */
  readonly save: (row: SourceRow, signal: AbortSignal) => Promise<SourceRow>;
  readonly remove: (tenantId: TenantId, signal: AbortSignal) => Promise<void>;
  /**
   * The sources of all tenants at a glance, a few reads for a thousand tenants: as each stood at the end of its last run. For lists; a write of a row makes
   * it, and a process that dies in between leaves it as it was.
   */
  readonly glances: (signal: AbortSignal) => AsyncIterable<TenantGlance>;
  /** Makes what lists show of a tenant anew from its rows. */
  readonly renewGlance: (tenantId: TenantId, rows: readonly SourceRow[], signal: AbortSignal) => Promise<void>;
}

/** The tenants that are collected. */
export interface TenantStore {
  readonly find: (id: TenantId, signal: AbortSignal) => Promise<{ readonly tenant: Tenant; readonly etag: string } | undefined>;
  readonly all: (signal: AbortSignal) => AsyncIterable<Tenant>;
  /** Conditional on the etag; without one, on the tenant being new. Rejects with `conflict`. */
  readonly save: (tenant: Tenant, expected: string | undefined, signal: AbortSignal) => Promise<string>;
  readonly remove: (id: TenantId, signal: AbortSignal) => Promise<void>;
}

/** What the probe found out about each tenant. It can be made again at any time, so the last writer wins. */
export interface ProfileStore {
  readonly find: (tenantId: TenantId, signal: AbortSignal) => Promise<TenantProfile | undefined>;
  readonly save: (profile: TenantProfile, signal: AbortSignal) => Promise<void>;
  readonly remove: (tenantId: TenantId, signal: AbortSignal) => Promise<void>;
}

/** The index of what is due when, in shards: a hint that is repaired from the source rows, never the truth. */
export interface ScheduleIndex {
  /** The entries of a shard that are due, earliest first. */
  readonly due: (
    shard: number,
    now: Date,
    wanted: { readonly atMost: number; readonly isWanted?: (entry: ScheduleEntry) => boolean },
    signal: AbortSignal,
  ) => Promise<readonly ScheduleEntry[]>;
  readonly put: (entries: readonly ScheduleEntry[], signal: AbortSignal) => Promise<void>;
  /** Moves entries of one shard to a later time, each once: of two callers only one gets an entry. Returns the entries as moved. */
  readonly claim: (entries: readonly ScheduleEntry[], until: Date, signal: AbortSignal) => Promise<readonly ScheduleEntry[]>;
  /** Entries that are not there are ignored. */
  readonly remove: (entries: readonly ScheduleEntry[], signal: AbortSignal) => Promise<void>;
  readonly all: (shard: number, signal: AbortSignal) => AsyncIterable<ScheduleEntry>;
}

/** The queues of collect messages, one a lane. Messages are hints: any may be lost, doubled or late. */
export interface CollectQueue {
  readonly send: (lane: Lane, message: CollectMessage, signal: AbortSignal) => Promise<void>;
  /** About how many messages wait. */
  readonly depth: (lane: Lane, signal: AbortSignal) => Promise<number>;
  /** Puts a message that is not ours aside, with the reason. */
  readonly setAside: (message: string, cause: string, signal: AbortSignal) => Promise<void>;
}

/** What became of messages nobody could process; for the operator. */
export interface PoisonStore {
  readonly record: (
    entry: { readonly cause: string; readonly message: string; readonly entries: readonly CollectEntry[]; readonly at: Date },
    signal: AbortSignal,
  ) => Promise<void>;
}

/** Secrets, in Key Vault only. */
export interface Secrets {
  /** The current value, or undefined when there is none. */
  readonly read: (name: string, signal: AbortSignal) => Promise<string | undefined>;
  readonly write: (name: string, value: string, tags: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<void>;
  readonly remove: (name: string, signal: AbortSignal) => Promise<void>;
}

/** The versions of secrets in Key Vault: what a ring's pointers point at. */
export interface SecretVersions {
  /** The value of a version; undefined when it is not there. Throws `credentialMissing` when it is disabled, empty or has a line break where none may be. */
  readonly read: (name: string, version: string, signal: AbortSignal) => Promise<string | undefined>;
  /** Adds a version and returns its id. A name that was deleted is recovered first. */
  readonly add: (name: string, secret: NewSecretVersion, signal: AbortSignal) => Promise<string>;
  /** All versions; empty when there is no such secret. */
  readonly list: (name: string, signal: AbortSignal) => Promise<readonly SecretVersion[]>;
  /** Makes a version unreadable; one that is not there is fine. */
  readonly disable: (name: string, version: string, signal: AbortSignal) => Promise<void>;
}

/** What a version of a secret is made of; a certificate and its key are PEM texts, with line breaks. */
export interface NewSecretVersion {
  readonly kind: StoredKind;
  readonly value: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly expiresAt?: Date;
}

/** The rings of credentials: pointers, never secrets. */
export interface RingStore {
  readonly find: (name: string, signal: AbortSignal) => Promise<CredentialRing | undefined>;
  /** The rings that are due, in no order. */
  readonly due: (now: Date, signal: AbortSignal) => AsyncIterable<CredentialRing>;
  /** Conditional on the etag; an empty one means that the ring is new. Rejects with `conflict`; a write whose answer was lost is recognised. */
  readonly save: (ring: CredentialRing, signal: AbortSignal) => Promise<CredentialRing>;
  readonly remove: (name: string, signal: AbortSignal) => Promise<void>;
}

/** Whose credentials are meant: an application where it is registered. */
export type ApplicationOfRing = Pick<CredentialRing, 'name' | 'kind' | 'cloud' | 'clientId' | 'tenantId' | 'current'>;

/** The credentials of an application as Entra ID has them. Every call may throw `permissionMissing`; none ever returns a secret but `addPassword`. */
export interface RegisteredApplications {
  readonly list: (application: ApplicationOfRing, signal: AbortSignal) => Promise<readonly RegisteredCredential[]>;
  /** Throws `blockedByPolicy` when a rule of the tenant refuses the life or the kind. */
  readonly addPassword: (
    application: ApplicationOfRing,
    wanted: { readonly displayName: string; readonly expiresAt: Date },
    signal: AbortSignal,
  ) => Promise<{ readonly keyId: string; readonly secret: string; readonly expiresAt: Date }>;
  /** Registers the public part of a certificate (PEM with its key), proven by the certificate in use. */
  readonly addCertificate: (
    application: ApplicationOfRing,
    wanted: { readonly displayName: string; readonly pem: string },
    signal: AbortSignal,
  ) => Promise<{ readonly keyId: string }>;
  /** One that is not there is fine. */
  readonly remove: (
    application: ApplicationOfRing,
    credential: { readonly kind: StoredKind; readonly keyId: string },
    signal: AbortSignal,
  ) => Promise<void>;
}

/** Rows of one kind by their id, each write conditional: on the row being new without an etag, else on the etag. Rejects with `conflict`. */
export interface RowStore<Row extends { readonly id: string }> {
  readonly find: (id: string, signal: AbortSignal) => Promise<{ readonly row: Row; readonly etag: string } | undefined>;
  readonly save: (row: Row, expected: string | undefined, signal: AbortSignal) => Promise<string>;
  readonly all: (signal: AbortSignal) => AsyncIterable<Row>;
  readonly remove: (ids: readonly string[], signal: AbortSignal) => Promise<void>;
}

/** Everything durable about tenants on their way in. */
export interface OnboardingStores {
  readonly invitations: RowStore<Invitation>;
  readonly onboardings: RowStore<Onboarding>;
  readonly signIns: RowStore<PendingSignIn>;
  /** Removed tenants of which nothing is to be kept; the id is the tenant's. */
  readonly purges: RowStore<{ readonly id: TenantId; readonly askedAt: string }>;
}

/** What is kept about a tenant beside its own rows: ledger, coverage, gaps, what was sent, large records, assessments. */
export interface TenantTraces {
  /** Removes all of it, and says how much; `held` are documents that a policy of the storage account does not let go yet. Doing it again finds nothing. */
  readonly purge: (
    tenantId: TenantId,
    signal: AbortSignal,
  ) => Promise<{ readonly rows: number; readonly blobs: number; readonly held: number }>;
}

/** The queue of onboardings to go on with. Messages are hints. */
export interface OnboardingQueue {
  readonly send: (onboardingId: string, delayMs: number, signal: AbortSignal) => Promise<void>;
}

/** Who changed what, or asked for it. Rows are only ever added; the outcome of a change replaces its beginning. */
export interface ChangeStore {
  /** Keeps a change, and remembers that it is still to be told to the operations hub. */
  readonly record: (change: Change, signal: AbortSignal) => Promise<void>;
  /** The newest changes of a tenant, or of all, newest first. */
  readonly newest: (tenantId: TenantId | undefined, limit: number, signal: AbortSignal) => Promise<readonly Change[]>;
  /** Changes that are still to be told to the operations hub, at most so many. */
  readonly untold: (limit: number, signal: AbortSignal) => Promise<readonly Change[]>;
  /** Forgets that a change is still to be told. */
  readonly told: (change: Change, signal: AbortSignal) => Promise<void>;
  /** Deletes the changes that were made before, bar those that are still to be told, and says how many. */
  readonly forget: (madeBefore: Date, signal: AbortSignal) => Promise<number>;
}

/** Access tokens for a tenant's APIs, cached per tenant and API. */
export interface Credentials {
  readonly token: (tenant: Tenant, api: Api, signal: AbortSignal) => Promise<string>;
  /** Forgets a token the API refused, or with no API all tokens and the secret of the tenant. */
  readonly forget: (tenantId: TenantId, api?: Api) => void;
  /**
   * Lets the next login be tried although one was refused a moment ago for what a person mends, and may have mended. One that is under way is shared all the
   * same, and a wait that Microsoft asked for is kept.
   */
  readonly askAnew: (tenantId: TenantId) => void;
}

/** What a tenant tells about itself when it is asked. Each throws a ConnectorError when it cannot be known. */
export interface TenantFacts {
  /** The application permissions that a new token for the API carries. */
  readonly roles: (tenant: Tenant, api: Api, signal: AbortSignal) => Promise<readonly string[]>;
  /** The service plans that open feeds, as far as a licence of the tenant contains them. */
  readonly servicePlans: (run: Run) => Promise<readonly ServicePlan[]>;
  /** When the newest alert of a Defender product was last updated (ISO 8601); undefined when Microsoft holds none. */
  readonly newestAlertAt: (run: Run, product: AlertProductId) => Promise<string | undefined>;
}

/** Sends a request with the tenant's token to the tenant's cloud, within the tenant's request budget. */
export type TenantSend = (tenant: Tenant, request: TenantRequest, signal: AbortSignal) => Promise<Answer>;

/** The instances of the connector that are at work. */
export interface Workers {
  /** About how many there are, this one included; at least 1. */
  readonly count: (signal: AbortSignal) => Promise<number>;
}

export type Severity = 'info' | 'warning' | 'error';

/** Structured events with static names; never a record, a token or a secret. */
export interface Telemetry {
  readonly event: (
    name: string,
    severity: Severity,
    fields?: Readonly<Record<string, string | number | boolean | undefined>>,
  ) => void;
}

/** Takes measurements that are too many for an event each. */
export interface Meter {
  /** Never throws and never waits. */
  readonly measure: (metric: MetricName, value: number, dimensions: MetricDimensions) => void;
}
