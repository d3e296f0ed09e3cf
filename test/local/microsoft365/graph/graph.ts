import type { Call } from '../call';
import { createRandom } from '../random';
import { SimulatedResponse } from '../response/simulatedResponse';
import type { Service } from '../service';
import type { TenantControl } from '../tenant';
import { endpointOf, listOf } from './endpoints';
import { FeedStore, type Draft, type Mark, type Version } from './feedStore';
import { GraphTruth } from './graphTruth';
import { judge, type Verdict } from './judge';
import { LimitCounters } from './limits';
import { defenderOperations, feeds, graphOperations, type Feed, type ObjectOperation } from './operations';
import { makerOf } from './world/makers';
import { hourMs, type Maker, type Put, type World } from './world/world';

/** How an object is published by hand. */
export interface PublishObjectOptions {
  /** Taken from the object when absent. */
  id?: string;
  /** Tells this state of the object from others; the time of publication when absent. */
  version?: string;
  /** Now when absent. */
  visibleFrom?: Date;
  removed?: 'changed' | 'deleted';
  /** The group of a member, the service principal of an assignment. */
  owner?: string;
}

const paces = { busy: 15, steady: 5, quiet: 1, none: 0 } as const;
const sizes = {
  busy: { users: 240, groups: 24, devices: 160, servicePrincipals: 40 },
  steady: { users: 80, groups: 12, devices: 60, servicePrincipals: 20 },
  quiet: { users: 25, groups: 5, devices: 15, servicePrincipals: 8 },
  none: { users: 10, groups: 3, devices: 5, servicePrincipals: 4 },
} as const;

interface TenantData {
  world: World;
  stores: Map<Feed, FeedStore>;
  /** How far each maker has come. */
  filledMs: Map<Maker, number>;
}

/** What is behind Graph and Defender for Endpoint: the objects of every tenant, as time goes by. */
export class SimulatedGraph {
  readonly service: Service;
  readonly seed: number;
  readonly limits = new LimitCounters();
  readonly truth: GraphTruth;
  /** What was done to users and machines. */
  readonly response: SimulatedResponse;
  readonly #data = new Map<string, TenantData>();
  readonly #inFlight = new Map<string, number>();
  readonly #generations = new Map<string, number>();
  #beginMs: number;
  #generatedMs: number;
  #sequence = 0;

  constructor(service: Service, seed: number) {
    this.service = service;
    this.seed = seed;
    this.#beginMs = this.#generatedMs = service.clock.now().getTime();
    this.truth = new GraphTruth(this);
    this.response = new SimulatedResponse({
      now: () => service.clock.now().getTime(),
      objects: (tenantId, feed) => this.#present(tenantId, feed),
      publishUser: (tenantId, user) => void this.publish(tenantId, 'users', user),
    });
  }

  /** Lets the world turn up to a time; nothing of it changes in between. */
  generate(now: Date): void {
    this.#generatedMs = Math.max(this.#generatedMs, now.getTime());
  }

  /** Gives every tenant a past of so many hours; call it before the first request. */
  backfill(hours: number): void {
    this.#beginMs = Math.min(this.#beginMs, this.#generatedMs - hours * hourMs);
    for (const { stores, filledMs } of this.#data.values()) {
      filledMs.clear();
      for (const store of stores.values()) store.forgetGenerated();
    }
  }

  /** When the past of the tenants begins. */
  get beginMs(): number {
    return this.#beginMs;
  }

  /** The present. */
  mark(): Mark {
    return { generatedMs: this.#generatedMs, publishedMs: this.service.clock.now().getTime(), sequence: this.#sequence };
  }

  /** The objects of a feed, complete up to the present. */
  store(tenantId: string, feed: Feed): FeedStore {
    const data = this.#dataOf(tenantId);
    const maker = makerOf(feed);
    const put: Put = (which, draft) => void this.#storeOf(data, which).add(draft, 0);
    let from = data.filledMs.get(maker);
    if (from === undefined) {
      maker.begin?.(data.world, this.#beginMs, put);
      from = this.#beginMs;
    }
    if (from <= this.#generatedMs) {
      maker.fill?.(data.world, from, this.#generatedMs, put);
      data.filledMs.set(maker, this.#generatedMs);
    }
    return this.#storeOf(data, feed);
  }

  /** Publishes a state of an object, whatever its text. */
  publish(tenantId: string, feed: Feed, object: Record<string, unknown> | string, options: PublishObjectOptions = {}): Version {
    const store = this.store(tenantId.toLowerCase(), feed);
    const timeMs = this.service.clock.now().getTime();
    const id = options.id ?? (typeof object === 'string' ? undefined : String(object['id']));
    if (id === undefined) throw new Error('An object published as text needs its id in the options.');
    const draft: Draft = {
      id: feed === 'groupMembers' && options.owner !== undefined ? `${options.owner}|${id}` : id,
      version: options.version ?? new Date(timeMs).toISOString(),
      timeMs,
      visibleFromMs: options.visibleFrom?.getTime() ?? timeMs,
      object: typeof object === 'string' ? Buffer.from(object) : object,
      removed: options.removed,
      owner: options.owner,
    };
    return store.add(draft, ++this.#sequence);
  }

  /** Lets every delta and page token given out so far answer 410 Gone. */
  expireDeltas(tenantId: string): void {
    this.#generations.set(tenantId.toLowerCase(), this.generation(tenantId.toLowerCase()) + 1);
  }

  /** How often `expireDeltas` was called for a tenant. */
  generation(tenantId: string): number {
    return this.#generations.get(tenantId) ?? 0;
  }

  /** What a client that asks an endpoint should find out. */
  verdict(tenantId: string, operation: ObjectOperation): Verdict {
    const control = this.#control(tenantId.toLowerCase());
    const endpoint = endpointOf(operation);
    return judge(control, endpoint, control.roles(endpoint.api)).verdict;
  }

  /** The verdicts of all endpoints. */
  verdicts(tenantId: string): Record<ObjectOperation, Verdict> {
    const pairs = [...graphOperations, ...defenderOperations].map((operation) => [operation, this.verdict(tenantId, operation)]);
    return Object.fromEntries(pairs) as Record<ObjectOperation, Verdict>;
  }

  /** Whether the endpoint that lists a feed answers this tenant. */
  isReadable(tenantId: string, feed: Feed): boolean {
    return this.verdict(tenantId, listOf(feed).operation) === 'ok';
  }

  /** Counts a request as in flight until the returned function is called. */
  enter({ tenantId = '', operation }: Pick<Call, 'tenantId' | 'operation'>): () => void {
    const key = `${tenantId}|${operation}`;
    this.#inFlight.set(key, this.inFlight(tenantId, operation) + 1);
    return () => void this.#inFlight.set(key, this.inFlight(tenantId, operation) - 1);
  }

  /** Requests of a kind that are not answered yet. */
  inFlight(tenantId: string, operation: Call['operation']): number {
    return this.#inFlight.get(`${tenantId}|${operation}`) ?? 0;
  }

  /** What a tenant's licences switch on. */
  features(tenantId: string): TenantControl['features'] {
    return this.#control(tenantId).features;
  }

  /** Users, as the size of the tenant counts for limits. */
  users(tenantId: string): number {
    return this.#dataOf(tenantId).world.size.users;
  }

  /** The tenants there are. */
  tenantIds(): string[] {
    return [...this.service.tenants.keys()];
  }

  /** Every feed. */
  get feeds(): readonly Feed[] {
    return feeds;
  }

  *#present(tenantId: string, feed: Feed): Generator<Record<string, unknown>> {
    const store = this.store(tenantId, feed);
    for (const state of store.statesAt(this.mark())) if (state.removed === undefined) yield store.parse(state);
  }

  #control(tenantId: string): TenantControl {
    const control = this.service.tenants.get(tenantId);
    if (!control) throw new Error(`There is no simulated tenant ${tenantId}.`);
    return control;
  }

  #storeOf({ stores }: TenantData, feed: Feed): FeedStore {
    let store = stores.get(feed);
    if (!store) stores.set(feed, (store = new FeedStore(feed)));
    return store;
  }

  #dataOf(tenantId: string): TenantData {
    const known = this.#data.get(tenantId);
    if (known) return known;
    const control = this.#control(tenantId);
    const activity = control.graphActivity;
    const { settings } = this.service;
    const world: World = {
      key: createRandom(this.seed, tenantId).hex(12),
      tenantId,
      name: control.tenant.name,
      domain: control.domain,
      skus: control.skus,
      features: control.features,
      pace: paces[activity] * settings.rate,
      size: { ...sizes[activity], ...control.tenant.size },
      late: { share: settings.graphLateShare, upToMs: settings.graphLateUpToMs },
    };
    const data: TenantData = { world, stores: new Map(), filledMs: new Map() };
    this.#data.set(tenantId, data);
    return data;
  }
}
