import type { Clouds } from '../domain/cloud';
import { ConnectorError, failureOf } from '../domain/failure';
import type { Api, Failure } from '../domain/failure';
import type { Clock, Credentials, Secrets } from '../domain/ports';
import type { Tenant, TenantId } from '../domain/tenant';
import type { Http } from './http';
import { requestToken } from './requestToken';

const refreshAheadMs = 5 * 60_000;
const failureHoldMs = 10_000;
const secretReadEveryMs = 60_000;

interface LoginPorts {
  readonly http: Http;
  readonly clouds: Clouds;
  readonly secrets: Secrets;
  readonly clock: Clock;
}

/** What is known for one API of one tenant, for as long as the tenant signs in as the same application. */
interface Entry {
  readonly identity: string;
  token?: { readonly value: string; readonly refreshAt: number; readonly expiresAt: number };
  refused?: { readonly failure: Failure; readonly until: number };
  flight?: Promise<string>;
}

interface HeldSecret {
  readonly name: string;
  readonly value: string;
  readonly readAt: number;
}

/**
 * Tokens by client secret. A token is shared by all calls for its tenant and API, asked for once at a time, and renewed five minutes before it
 * expires while the old one is still used, so that an outage of the login service goes unnoticed until then. A refused login is not repeated for ten seconds.
 */
export function createCredentials(ports: LoginPorts): Credentials {
  return new ClientSecretCredentials(ports);
}

class ClientSecretCredentials implements Credentials {
  readonly #ports: LoginPorts;
  readonly #entries = new Map<TenantId, Map<Api, Entry>>();
  readonly #secrets = new Map<TenantId, HeldSecret>();

  constructor(ports: LoginPorts) {
    this.#ports = ports;
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
      this.#secrets.delete(tenantId);
      return;
    }
    // A login that is under way stays: its token will be a new one.
    const entry = this.#entries.get(tenantId)?.get(api);
    delete entry?.token;
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

  async #login(tenant: Tenant, api: Api, signal: AbortSignal): Promise<{ token: string; lifeMs: number }> {
    const cloud = this.#ports.clouds(tenant.cloud);
    if (cloud === undefined)
      throw new ConnectorError(`signing in for ${api}`, {
        kind: 'rejectedRequest',
        code: 'cloudNotConfigured',
        detail: tenant.cloud,
      });
    const held = this.#secrets.get(tenant.id);
    const known = held?.name === tenant.secretName ? held : undefined;
    const secret = known ?? (await this.#readSecret(tenant, signal));
    const ask = async ({ value }: HeldSecret) =>
      requestToken(this.#ports, { cloud, tenantId: tenant.id, clientId: tenant.clientId, api, secret: value }, signal);
    try {
      return await ask(secret);
    } catch (error) {
      if (failureOf(error)?.kind !== 'credentialRejected' || known === undefined) throw error;
      if (this.#now() - known.readAt < secretReadEveryMs) throw error;
      const newer = await this.#readSecret(tenant, signal);
      if (newer.value === known.value) throw error;
      return await ask(newer);
    }
  }

  async #readSecret(tenant: Tenant, signal: AbortSignal): Promise<HeldSecret> {
    const value = await this.#ports.secrets.read(tenant.secretName, signal);
    if (value === undefined || value === '')
      throw new ConnectorError('reading the client secret', {
        kind: 'credentialMissing',
        code: 'secretMissing',
        detail: tenant.secretName,
      });
    const held = { name: tenant.secretName, value, readAt: this.#now() };
    this.#secrets.set(tenant.id, held);
    return held;
  }
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
