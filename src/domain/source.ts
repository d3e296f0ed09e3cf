/*
 * Terminology, used in this sense everywhere.
 *
 * tenant       a Microsoft 365 organisation that is collected. Home tenant: the one that owns the Azure subscription.
 * integration  what a customer ticks; it names sources and the permissions they need.
 * source       one feed of one API, such as activity.exchange.
 * run          one execution of one source for one tenant, under a lease with an epoch.
 * unit         the piece a source is collected by: a content blob, a time window, a step of a delta chain, a snapshot.
 * ledger       the durable list of units and their state. A unit leaves `pending` only by being acknowledged by Event Hubs, or as a gap.
 * watermark    every unit that was available before it is in the ledger.
 * coverage     what the ledger proves, per tenant, source and hour.
 * gap          a span or unit that is lost for good, with its cause; it is recorded, counted and sent as an event of its own.
 * record       one JSON object as Microsoft sent it, byte for byte.
 * event        one Event Hubs message, which carries many records. A batch is what is sent, and acknowledged, at once.
 * sink         where events go.
 * failure      a typed reason why something did not work, with the next step for a person.
 */
import type { Cloud, CloudId } from './cloud';
import type { Api, Failure } from './failure';
import type { IntegrationId } from './integration';
import type { ServicePlan } from './licence';
import type { LimitId } from './limit';
import type { SentKey } from './sentKey';
import type { TenantId } from './tenant';
import type { ListingRules, Window } from './window';

/** A permission a source needs, by the name Microsoft gives the app role, and why. */
export interface Permission {
  readonly api: Api;
  readonly role: string;
  readonly why: string;
}

/**
 * How a source is collected, unit by unit.
 * `contentFeed`: Microsoft lists content blobs, each read once. `timeWindow`: windows of time are read, again and again with an overlap.
 * `delta`: steps of a delta chain, and the whole as a snapshot every so often. `snapshot`: the whole list each time, of which between snapshots only changes are sent.
 * All but content feeds remember what was sent, so that reading again sends only what is new or changed.
 */
export type Progress =
  | { readonly kind: 'contentFeed'; readonly rules: ListingRules }
  | { readonly kind: 'timeWindow'; readonly rules: ListingRules }
  | { readonly kind: 'delta'; readonly snapshotEverySeconds: number }
  | { readonly kind: 'snapshot'; readonly snapshotEverySeconds: number };

/** What is known about a source without running it. The id is part of stored keys: never renamed. */
export interface SourceFacts {
  readonly id: string;
  readonly title: string;
  readonly docs: `https://learn.microsoft.com/${string}`;
  readonly integration: IntegrationId;
  readonly api: Api;
  readonly permissions: readonly Permission[];
  /** Service plans of which one is needed; empty when every licence has it. */
  readonly anyLicenceOf: readonly ServicePlan[];
  readonly clouds: readonly CloudId[];
  readonly progress: Progress;
  /** How often it is asked, in seconds, unless the customer says otherwise; without it, polling follows how much there is (content feeds). */
  readonly everySeconds?: number;
  /** Off unless the tenant turns it on. */
  readonly optional?: true;
  /** Microsoft's limits that its requests count on. */
  readonly limits?: readonly LimitId[];
  /** The `category` of every record of this source; never one of Microsoft's own for another payload. */
  readonly category: string;
  /** The `resourceId` of every record, after `/tenants/<tenant id>/providers/`. */
  readonly resourceProvider: string;
  /** The hub the events go to unless the settings say otherwise. */
  readonly hub: string;
}

/** The piece a source is collected by. `at` is when Microsoft made it available; `ref` is what `read` needs to get it, such as a content URI. */
export interface Unit {
  readonly id: string;
  readonly at: Date;
  readonly expires: Date;
  readonly ref: string;
  /** Set when Microsoft's own description of the unit cannot be used; the unit is then kept and reported, never fetched. */
  readonly refused?: Failure;
  /** True when the time Microsoft gave cannot be right; such units are kept apart from the days. */
  readonly undated?: boolean;
  /** Where a window of time begins that ends with `at`, in whole seconds. */
  readonly from?: Date;
  /** The id of the snapshot that the unit is: all its records are sent, changed or not, and carry the id. */
  readonly snapshot?: string;
}

/** Some of what there is to collect. `completes` names the window whose list is complete with this listing. */
export interface Listing {
  readonly units: readonly Unit[];
  readonly completes?: Window;
}

/** One JSON element as Microsoft sent it; `json` holds exactly its bytes. */
export interface SourceRecord {
  readonly json: Buffer;
  readonly id?: string;
  /** When it happened, as the record says; the engine reads it as UTC. */
  readonly time?: string;
  readonly operation?: string;
  /** What is odd about it: such a record is delivered, and flagged. */
  readonly flags?: readonly RecordFlag[];
  /** By what it is known whether it was sent already; without it, it is sent whenever it is read. */
  readonly sent?: SentKey;
  /** In place of the source's category: for what the connector says about the records. */
  readonly category?: string;
}

export type RecordFlag = 'unreadable' | 'notAnObject' | 'withoutId' | 'otherOrganization';

/** A part of a unit that cannot be read, whatever is tried: it becomes a gap, and the unit goes on without it. */
export interface LostPart {
  readonly from: Date;
  readonly to: Date;
  /** The object that cannot be read, where it is known. */
  readonly id?: string;
  readonly cause: Failure;
}

/** Some of the records of a unit, in order. */
export interface Page {
  readonly records: readonly SourceRecord[];
  /** Where to go on reading once all records up to the end of this page are acknowledged. */
  readonly resumeAt?: string;
  /** Said at the end of a read: where the unit after this one begins (a delta link). */
  readonly next?: string;
  /** Said at the end of a read: these were all objects there are, so that those not among them are gone. */
  readonly isWhole?: true;
  readonly lost?: LostPart;
  /** What an operator should know about how it was read: static names. */
  readonly notes?: readonly ReadNote[];
}

export type ReadNote = 'deltaResync' | 'queryDegraded' | 'filterIgnored' | 'partialResult';

/** Where and how a unit is read again: from where an earlier read was acknowledged up to, and after how many attempts that failed. */
export interface ReadAgain {
  readonly resumeAt?: string;
  readonly attempts: number;
}

/** An answer of a Microsoft API: the body is read as it comes, and must be read or discarded. */
export interface Answer {
  readonly status: number;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: AsyncIterable<Buffer>;
  /** The body as text. Throws `unexpectedResponse` when it is longer. */
  readonly text: (maxBytes: number) => Promise<string>;
  readonly discard: () => void;
}

/** A call to one of the tenant's APIs. The URL may come from outside: it is checked against the cloud's hosts and the tenant before a token is attached. */
export interface TenantRequest {
  readonly api: Api;
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The limits of Microsoft that it counts on; the tenant's budget for the API when there are none. */
  readonly limits?: readonly LimitId[];
  /** What it costs where a limit counts resource units; 1 unless given. */
  readonly units?: number;
}

/** What a source may use while it works for a tenant. Nothing here can write an event, a cursor or a ledger row. */
export interface Run {
  readonly tenant: { readonly id: TenantId; readonly cloud: Cloud };
  /** The provider's tenant id, sent with every call so that the requests count on its quota. */
  readonly publisherId: string;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  /** Sends with the tenant's token, within its request budget. Resolves for every status that is an answer of the API; throws a ConnectorError for failures of transport, login and throttling. */
  readonly send: (request: TenantRequest) => Promise<Answer>;
}

/** What is remembered of a source between runs, kept by the engine. */
export interface SourceMemory {
  /** When the source was last seen to be there (for a content feed, its subscription). */
  readonly readyAt?: string;
  readonly startedAt?: string;
  /** What the last run that asked used of Microsoft's limits, as `formatLimitUse` writes it. */
  readonly limitUse?: string;
  /** How many records came in the last hours, as `countRecent` writes it. */
  readonly recent?: string;
  /** Where the next step of a delta chain begins. */
  readonly link?: string;
  /** The last snapshot that was delivered to its end, and when it began. */
  readonly snapshot?: string;
  readonly snapshotAt?: string;
}

/** A source: facts, and functions. It proposes; only the engine moves state. */
export interface Source extends SourceFacts {
  /**
   * Makes sure that the feed is there (for a content feed: that the subscription is on). Returns what to remember; `remember` makes it durable
   * before something is done that must not be done twice. Throws a ConnectorError when the feed is not there.
   */
  readonly prepare: (run: Run, memory: SourceMemory, remember: (memory: SourceMemory) => Promise<void>) => Promise<SourceMemory>;
  /** Asks the API for as little as possible, to find out whether it lets us in: for the probe. Throws the failure of the refusal. */
  readonly check?: (run: Run) => Promise<void>;
  /** Lists what there is to read in the windows, in their order. */
  readonly list: (run: Run, windows: readonly Window[], memory: SourceMemory) => AsyncIterable<Listing>;
  /** Reads the records of a unit, some at a time; of a content blob, in a stable order. Their bytes are valid until the next are asked for. */
  readonly read: (run: Run, unit: Unit, again: ReadAgain) => AsyncIterable<Page>;
}
