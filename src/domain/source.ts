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
import type { TenantId } from './tenant';
import type { ListingRules, Window } from './window';

/** A permission a source needs, by the name Microsoft gives the app role, and why. */
export interface Permission {
  readonly api: Api;
  readonly role: string;
  readonly why: string;
}

/** What is known about a source without running it. The id is part of stored keys: never renamed. */
export interface SourceFacts {
  readonly id: string;
  readonly title: string;
  readonly docs: `https://learn.microsoft.com/${string}`;
  readonly integration: IntegrationId;
  readonly api: Api;
  readonly permissions: readonly Permission[];
  /** Service plans of which one is needed; empty when every licence has it. */
  readonly anyLicenceOf: readonly string[];
  readonly clouds: readonly CloudId[];
  readonly progress: { readonly kind: 'contentFeed'; readonly rules: ListingRules };
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
}

export type RecordFlag = 'unreadable' | 'notAnObject' | 'withoutId' | 'otherOrganization';

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
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
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

/** What a source remembers between runs, kept by the engine; for a content feed, when its subscription was seen and last started. */
export interface SourceMemory {
  readonly readyAt?: string;
  readonly startedAt?: string;
}

/** A source: facts, and three functions. It proposes; only the engine moves state. */
export interface Source extends SourceFacts {
  /**
   * Makes sure that the feed is there (for a content feed: that the subscription is on). Returns what to remember; `remember` makes it durable
   * before something is done that must not be done twice. Throws a ConnectorError when the feed is not there.
   */
  readonly prepare: (run: Run, memory: SourceMemory, remember: (memory: SourceMemory) => Promise<void>) => Promise<SourceMemory>;
  /** Lists what is available in the windows, in their order. */
  readonly list: (run: Run, windows: readonly Window[]) => AsyncIterable<Listing>;
  /** Reads the records of a unit, in a stable order, some at a time. Their bytes are valid until the next are asked for. */
  readonly read: (run: Run, unit: Unit) => AsyncIterable<readonly SourceRecord[]>;
}
