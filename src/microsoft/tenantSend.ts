import type { Cloud, CloudId, Clouds } from '../domain/cloud';
import { ConnectorError } from '../domain/failure';
import type { Api, Failure } from '../domain/failure';
import type { LimitId, LimitUse } from '../domain/limit';
import type { Clock, Credentials, Meter, Telemetry, TenantSend, Workers } from '../domain/ports';
import type { Answer, TenantRequest } from '../domain/source';
import type { Tenant, TenantId } from '../domain/tenant';
import { activityErrorCode } from './activityErrors';
import { readAhead } from './answer';
import { checkUrl, isRefused } from './checkUrl';
import type { Http } from './http';
import { LimitCounts } from './limitUse';
import { limits, paceOf, unsaidQuietMs } from './limits';
import { RequestBudget } from './requestBudget';
import { retryAfterMs } from './retryAfter';
import { ServerClocks } from './serverClocks';

interface TenantSendOptions {
  readonly http: Http;
  readonly credentials: Pick<Credentials, 'token' | 'forget'>;
  readonly clouds: Clouds;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Told how long each request took; nobody unless given. */
  readonly meter?: Meter;
  /** Requests a minute to one API of one tenant; Microsoft's baseline is 2,000. https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-reference#activity-api-throttling */
  readonly requestsPerMinute?: number;
  /** Who shares the limits that all tenants have in common; nobody else unless given. */
  readonly workers?: Workers;
  /** From 0 to below 1, for jitter. */
  readonly random?: () => number;
}

/** The one way for a request with a token to leave. */
export interface TenantSender {
  readonly send: TenantSend;
  /** How far the clock of an API's host is ahead of ours, in ms; 0 as long as it has not answered. */
  readonly clockOffsetMs: (api: Api, cloud: CloudId) => number;
  /** The most that was used of Microsoft's limits for a tenant since this was last asked. */
  readonly limitUse: (tenantId: TenantId, ids: readonly LimitId[]) => readonly LimitUse[];
}

const errorBodyBytes = 64 * 1024;

/**
 * Sends a tenant's requests: to the cloud's own host and the tenant's own path only, with the tenant's token, within its budget. An API that refuses
 * the token is asked once more with a new one. After a throttled answer every call of that tenant to that API fails at once as `throttled` until
 * the wait is over; other tenants are not affected. Error bodies are read here, up to 64 KiB, so that their text can be asked for more than once.
 */
export function createTenantSend(options: TenantSendOptions): TenantSender {
  const { http, credentials, clouds, clock, telemetry } = options;
  const budget = new RequestBudget({
    clock,
    requestsPerMinute: options.requestsPerMinute ?? 2_000,
    random: options.random ?? Math.random,
  });
  const clocks = new ServerClocks(clock, telemetry);
  const counts = new LimitCounts();

  const send: TenantSend = async (tenant, request, signal) => {
    const cloud = cloudOf(tenant, clouds);
    const origin = cloud.hosts[request.api];
    const url = permitted(tenant, request, origin);
    const { limits: ids = [], units = 1 } = request;
    // What is throttled is what counts on the same limit; other feeds of the API go on.
    const key = `${tenant.id}|${ids[0] ?? request.api}`;

    const attempt = async (): Promise<{ readonly answer: Answer; readonly token: string }> => {
      throwWhileQuiet(request, budget.quiet(key));
      await turn(tenant, request, ids, units);
      throwWhileQuiet(request, budget.quiet(key));
      // Only now: the turn may be long in coming, and a token that was taken before would have expired.
      const token = await credentials.token(tenant, request.api, signal);
      const headers = { ...request.headers, authorization: `Bearer ${token}` };
      const body = request.body === undefined ? {} : { body: request.body };
      const began = clock.now().getTime();
      const measure = (outcome: 'ok' | 'throttled' | 'failed'): void =>
        options.meter?.measure('requestMs', clock.now().getTime() - began, { tenant: tenant.id, api: request.api, outcome });
      const answer = await http.send({ method: request.method, url, headers, ...body }, signal).catch((error: unknown) => {
        measure('failed');
        throw error;
      });
      clocks.note(origin, answer.headers['date']);
      if (answer.status >= 200 && answer.status < 300) {
        budget.answered(key);
        measure('ok');
        return { answer, token };
      }
      const { answer: refusal, text } = await readAhead(answer, errorBodyBytes);
      const code = throttlingCode(answer.status, text);
      measure(code === undefined ? 'failed' : 'throttled');
      if (code === undefined) {
        budget.answered(key);
        return { answer: refusal, token };
      }
      // A date is meant by the server's clock, which may not be ours.
      const serverNow = new Date(clock.now().getTime() + clocks.offsetMs(origin));
      const askedMs = retryAfterMs(answer.headers['retry-after'], serverNow);
      for (const id of ids.slice(0, 1)) counts.throttled(tenant.id, id, clock.now().getTime());
      throw throttledError(request, code, budget.throttled(key, code, askedMs, ids.length === 0 ? undefined : unsaidQuietMs));
    };

    const turn = async (
      { id: tenantId }: Tenant,
      { operation }: TenantRequest,
      limitIds: readonly LimitId[],
      cost: number,
    ): Promise<void> => {
      try {
        if (limitIds.length === 0) await budget.turn(key, signal);
        for (const id of limitIds) {
          const facts = limits[id];
          const isShared = facts.scope === 'application';
          const amount = facts.counts === 'units' ? cost : 1;
          const alive = isShared ? ((await options.workers?.count(signal)) ?? 1) : 1;
          await budget.turn(`${isShared ? '' : tenantId}|limit:${id}`, signal, paceOf(facts, alive, amount));
          counts.count(tenantId, id, amount, clock.now().getTime());
        }
      } catch (error) {
        throw signal.aborted ? new ConnectorError(operation, { kind: 'cancelled', code: 'aborted' }, error) : error;
      }
    };

    const { answer, token } = await attempt();
    if (answer.status !== 401) return answer;
    // Of many calls that were refused together, the first forgets the token and the others find a new one.
    if ((await credentials.token(tenant, request.api, signal)) === token) credentials.forget(tenant.id, request.api);
    return (await attempt()).answer;
  };

  const clockOffsetMs = (api: Api, cloud: CloudId): number => {
    const origin = clouds(cloud)?.hosts[api];
    return origin === undefined ? 0 : clocks.offsetMs(origin);
  };

  return { send, clockOffsetMs, limitUse: (tenantId, ids) => counts.take(tenantId, ids) };
}

function cloudOf(tenant: Tenant, clouds: Clouds): Cloud {
  const cloud = clouds(tenant.cloud);
  if (cloud !== undefined) return cloud;
  throw new ConnectorError('sending for a tenant', { kind: 'rejectedRequest', code: 'cloudNotConfigured', detail: tenant.cloud });
}

function permitted(tenant: Tenant, { api, operation, url }: TenantRequest, origin: string): URL {
  // Only the Management Activity API names the tenant in its path.
  const checked = checkUrl(url, api === 'management' ? { origin, tenantId: tenant.id } : { origin });
  if (isRefused(checked)) throw new ConnectorError(operation, checked);
  return checked;
}

function throttlingCode(status: number, text: string): string | undefined {
  const isThrottled = status === 429 || (status === 403 && activityErrorCode(text) === 'AF429');
  return isThrottled ? (activityErrorCode(text) ?? `HTTP ${status}`) : undefined;
}

function throwWhileQuiet(request: TenantRequest, quiet: { readonly waitMs: number; readonly code: string } | undefined): void {
  if (quiet !== undefined) throw throttledError(request, quiet.code, quiet.waitMs);
}

function throttledError({ operation }: TenantRequest, code: string, waitMs: number): ConnectorError {
  const failure: Failure = { kind: 'throttled', code, retryAfterMs: Math.ceil(waitMs) };
  return new ConnectorError(operation, failure);
}
