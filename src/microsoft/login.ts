import { ConnectorError, disposition, failureOf } from '../domain/failure';
import type { Api, Failure } from '../domain/failure';
import type { Credentials, Telemetry } from '../domain/ports';
import type { Tenant, TenantId } from '../domain/tenant';
import { HeldCredentials } from './heldCredentials';
import type { HeldCredentialsPorts } from './heldCredentials';
import type { ReceivedToken } from './requestToken';
import { signIn } from './applicationSignIn';
import type { SignInPorts } from './applicationSignIn';

const refreshAheadMs = 5 * 60_000;
const failureHoldMs = 10_000;

interface LoginPorts extends SignInPorts, HeldCredentialsPorts {
  readonly telemetry?: Telemetry;
}

/** What is known for one API of one tenant, for as long as the tenant signs in as the same application. */
interface Entry {
  readonly identity: string;
  token?: { readonly value: string; readonly refreshAt: number; readonly expiresAt: number };
  refused?: { readonly failure: Failure; readonly until: number };
  flight?: Promise<string>;
}

/**
 * Tokens by whatever credential the ring of the tenant's application has. A token is shared by all calls for its tenant and API, asked for once at a time, and renewed five minutes before it
 * expires while the old one is still used, so that an outage of the login service goes unnoticed until then. A refused login is not repeated for ten seconds, unless somebody begins anew.
 * A credential that is refused, or cannot be read, gives way to the one before it for as long as the ring keeps that.
 */
export function createCredentials(ports: LoginPorts): Credentials {
  return new RingCredentials(ports);
}

class RingCredentials implements Credentials {
  readonly #ports: LoginPorts;
  readonly #entries = new Map<TenantId, Map<Api, Entry>>();
  readonly #names = new Map<TenantId, string>();
  readonly #held: HeldCredentials;

  constructor(ports: LoginPorts) {
    this.#ports = ports;
    this.#held = new HeldCredentials(ports);
  }

  readonly token = async (tenant: Tenant, api: Api, signal: AbortSignal): Promise<string> => {
    if (signal.aborted) throw cancelled(api);
    const entry = this.#entry(tenant, api);
    const now = this.#now();
    const { token, refused } = entry;
    const held = refused !== undefined && now < refused.until ? refused.failure : undefined;
    if (token !== undefined && now < token.expiresAt) {
      // Whatever becomes of it is seen when the token has expired.
      if (now >= token.refreshAt && held === undefined) this.#renew(entry, tenant, api).catch(() => undefined);
      return token.value;
    }
    if (held !== undefined) throw new ConnectorError(`signing in for ${api}`, held);
    return await unlessAborted(this.#renew(entry, tenant, api), signal, api);
  };

  readonly forget = (tenantId: TenantId, api?: Api): void => {
    if (api === undefined) {
      this.#entries.delete(tenantId);
      this.#held.forget(this.#names.get(tenantId) ?? '');
      return;
    }
    // A login that is under way stays: its token will be a new one.
    const entry = this.#entries.get(tenantId)?.get(api);
    delete entry?.token;
  };

  readonly askAnew = (tenantId: TenantId): void => {
    for (const entry of this.#entries.get(tenantId)?.values() ?? [])
      if (entry.refused !== undefined && disposition(entry.refused.failure) === 'person') delete entry.refused;
  };

  #now(): number {
    return this.#ports.clock.now().getTime();
  }

  #entry(tenant: Tenant, api: Api): Entry {
    const identity = [tenant.cloud, tenant.clientId, tenant.secretName, tenant.epoch].join('|');
    const ofTenant = this.#entries.get(tenant.id) ?? new Map<Api, Entry>();
    this.#entries.set(tenant.id, ofTenant);
    const known = ofTenant.get(api);
    if (known?.identity === identity) return known;
    const entry: Entry = { identity };
    ofTenant.set(api, entry);
    return entry;
  }

  /** Not tied to any caller's signal, because others may be waiting for the same login; the deadlines of the calls bound it. */
  #renew(entry: Entry, tenant: Tenant, api: Api): Promise<string> {
    this.#names.set(tenant.id, tenant.secretName);
    entry.flight ??= this.#login(tenant, api, new AbortController().signal)
      .then(({ token, lifeMs }) => {
        const now = this.#now();
        entry.token = { value: token, refreshAt: now + lifeMs - Math.min(refreshAheadMs, lifeMs / 2), expiresAt: now + lifeMs };
        delete entry.refused;
        return token;
      })
      .catch((error: unknown) => {
        const failure = failureOf(error);
        if (failure !== undefined) {
          const waitMs = failure.kind === 'throttled' ? Math.max(failureHoldMs, failure.retryAfterMs ?? 0) : failureHoldMs;
          entry.refused = { failure, until: this.#now() + waitMs };
        }
        throw error;
      })
      .finally(() => delete entry.flight);
    return entry.flight;
  }

  async #login(tenant: Tenant, api: Api, signal: AbortSignal): Promise<ReceivedToken> {
    const tried = new Set<string>();
    const first = await this.#firstThatWorks(tenant, api, 'nothing', tried, signal);
    if ('token' in first) return first;
    // Somebody may have given, or rotated to, another one since the pointer was read.
    this.#held.reread(tenant.secretName);
    const second = await this.#firstThatWorks(tenant, api, 'refusal', tried, signal);
    if ('token' in second) return second;
    throw first.error;
  }

  async #firstThatWorks(
    tenant: Tenant,
    api: Api,
    after: 'nothing' | 'refusal',
    tried: Set<string>,
    signal: AbortSignal,
  ): Promise<ReceivedToken | { readonly error: unknown }> {
    const candidates = await this.#held.candidates(tenant.secretName, after, signal);
    let refusal: { readonly error: unknown } | undefined;
    for (const { from, credential } of candidates) {
      try {
        const presented = await credential();
        if (tried.has(presented.value)) continue;
        tried.add(presented.value);
        const { cloud, id: tenantId, clientId } = tenant;
        const token = await signIn(this.#ports, { cloud, tenantId, clientId, api }, presented, signal);
        if (from !== 'current')
          this.#ports.telemetry?.event('credentialFallback', 'warning', {
            tenant: tenant.id,
            credential: tenant.secretName,
            from,
            code: failureOf(refusal?.error)?.code,
          });
        return token;
      } catch (error) {
        if (!givesWay(failureOf(error))) throw error;
        refusal ??= { error };
      }
    }
    return refusal ?? { error: missing(tenant.secretName) };
  }
}

/** Another credential of the same application may do better. */
function givesWay(failure: Failure | undefined): boolean {
  return failure?.kind === 'credentialRejected' || failure?.kind === 'credentialMissing' || failure?.kind === 'storeUnavailable';
}

function missing(name: string): ConnectorError {
  return new ConnectorError('reading the credential', { kind: 'credentialMissing', code: 'secretMissing', detail: name });
}

function cancelled(api: Api): ConnectorError {
  return new ConnectorError(`signing in for ${api}`, { kind: 'cancelled', code: 'aborted' });
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal, api: Api): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(cancelled(api));
    signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}
