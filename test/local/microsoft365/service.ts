import type { Call } from './call';
import { Identity } from './identity/identity';
import type { ContentStore } from './contentStore';
import type { Random } from './random';
import type { Rule, Violation } from './requestLog';
import type { Clock, Settings } from './settings';
import type { Subscriptions } from './subscriptions';
import type { Api, TenantControl } from './tenant';
import type { Tokens } from './tokens';

/** The origins of the listeners, without a slash at the end. */
export type Urls = Record<'login' | Api, string>;

const violationLimit = 1000;

/** What every part of the simulated service shares. */
export class Service {
  readonly clock: Clock;
  readonly settings: Settings;
  readonly urls: Urls;
  readonly tokens: Tokens;
  readonly content: ContentStore;
  readonly subscriptions: Subscriptions;
  readonly random: Random;
  readonly tenants = new Map<string, TenantControl>();
  readonly violations: Violation[] = [];
  readonly identity = new Identity(() => this);

  constructor(parts: Pick<Service, 'clock' | 'settings' | 'urls' | 'tokens' | 'content' | 'subscriptions' | 'random'>) {
    this.clock = parts.clock;
    this.settings = parts.settings;
    this.urls = parts.urls;
    this.tokens = parts.tokens;
    this.content = parts.content;
    this.subscriptions = parts.subscriptions;
    this.random = parts.random;
  }

  /** The time as the service believes it to be. */
  nowMs(): number {
    return this.clock.now().getTime() + this.settings.serverClockOffsetMs;
  }

  /** Finds a tenant by GUID or domain. */
  tenantByName(name: string): TenantControl | undefined {
    const wanted = name.toLowerCase();
    const byId = this.tenants.get(wanted);
    if (byId) return byId;
    for (const control of this.tenants.values()) if (control.domain === wanted) return control;
    return undefined;
  }

  /** Notes that the client broke a rule; the list is bounded. */
  violate(rule: Rule, call: Call, detail: string): void {
    if (this.violations.length >= violationLimit) return;
    const { operation, tenantId } = call;
    this.violations.push({ rule, operation, tenantId, detail, at: this.clock.now() });
  }
}
