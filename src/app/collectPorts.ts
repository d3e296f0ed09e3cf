import type { CloudId, Clouds } from '../domain/cloud';
import type { EventFormat } from '../domain/event';
import type { Api } from '../domain/failure';
import type { LimitId, LimitUse } from '../domain/limit';
import type {
  Clock,
  CollectQueue,
  CoverageStore,
  Credentials,
  Ledger,
  OversizeStore,
  ProfileStore,
  ScheduleIndex,
  SentMemory,
  Sink,
  SourceStore,
  Telemetry,
  TenantFacts,
  TenantSend,
  TenantStore,
} from '../domain/ports';
import type { PollingBounds } from '../domain/schedule';
import type { Source } from '../domain/source';
import type { TenantId } from '../domain/tenant';

/** How collecting is tuned; every value has a default in the settings. */
export interface CollectOptions {
  /** The provider's tenant id, sent as PublisherIdentifier. */
  readonly publisherId: string;
  /** Names this process in leases. */
  readonly owner: string;
  readonly leaseMs: number;
  /** How long one message may be worked on before the rest goes back on the queue. */
  readonly budgetMs: number;
  /** How long a run that was told to end may take to send and record what it has read. */
  readonly graceMs: number;
  /** After this long without a sign of life a claimed schedule entry fires again. */
  readonly recheckMs: number;
  readonly sourcesAtOnce: number;
  readonly unitsInFlight: number;
  /** How many bytes of events one run holds before it stops fetching. */
  readonly outboxBytes: number;
  /** Units held in memory; more wait in the ledger. */
  readonly unitsInMemory: number;
  readonly polling: PollingBounds;
  readonly shards: number;
  readonly tenantsPerMessage: number;
  readonly queueDepthLimit: number;
  /** Partition keys a tenant's events are spread over. */
  readonly keysPerTenant: number;
  readonly hubOf: (source: { readonly id: string; readonly hub: string }) => string;
  readonly operationsHub: string;
  readonly format: EventFormat;
}

/** All that collecting needs of the outside world. */
export interface CollectPorts {
  readonly clock: Clock;
  readonly sources: ReadonlyMap<string, Source>;
  readonly clouds: Clouds;
  readonly tenants: TenantStore;
  readonly sourceRows: SourceStore;
  readonly ledger: Ledger;
  readonly coverage: CoverageStore;
  readonly sent: SentMemory;
  readonly sink: Sink;
  readonly oversize: OversizeStore;
  readonly schedule: ScheduleIndex;
  readonly queue: CollectQueue;
  readonly profiles: ProfileStore;
  readonly tenantFacts: TenantFacts;
  readonly send: TenantSend;
  /** A run that begins asks for a token itself, whatever another was told seconds ago: see `Credentials`. */
  readonly askAnew: Credentials['askAnew'];
  /** The most that was used of Microsoft's limits for a tenant since this was last asked. */
  readonly limitUse: (tenantId: TenantId, ids: readonly LimitId[]) => readonly LimitUse[];
  /** How far Microsoft's clock is ahead of ours, in ms, as last seen at the API's host in that cloud. */
  readonly clockOffsetMs: (cloud: CloudId, api: Api) => number;
  readonly shardOf: (tenantId: TenantId) => number;
  readonly telemetry: Telemetry;
  readonly options: CollectOptions;
}
