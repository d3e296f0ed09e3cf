import type { Cloud, CloudId, Clouds } from '../domain/cloud';
import { ConnectorError } from '../domain/failure';
import type { Api, Failure } from '../domain/failure';
import type { Clock, Credentials, Meter, Telemetry, TenantSend } from '../domain/ports';
import type { Answer, TenantRequest } from '../domain/source';
import type { Tenant } from '../domain/tenant';
import { activityErrorCode } from './activityErrors';
import { readAhead } from './answer';
import { checkUrl, isRefused } from './checkUrl';
import type { Http } from './http';
import { RequestBudget } from './requestBudget';
import { retryAfterMs } from './retryAfter';
import { ServerClocks } from './serverClocks';

interface TenantSendOptions {
  readonly http: Http;
  readonly credentials: Credentials;
  readonly clouds: Clouds;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Told how long each request took; nobody unless given. */
  readonly meter?: Meter;
  /** Requests a minute to one API of one tenant; Microsoft's baseline is 2,000. https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-reference#activity-api-throttling */
  readonly requestsPerMinute?: number;
  /** From 0 to below 1, for jitter. */
  readonly random?: () => number;
}

/** The one way for a request with a token to leave. */
export interface TenantSender {
  readonly send: TenantSend;
  /** How far the clock of an API's host is ahead of ours, in ms; 0 as long as it has not answered. */
  readonly clockOffsetMs: (api: Api, cloud: CloudId) => number;
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

  const send: TenantSend = async (tenant, request, signal) => {
    const cloud = cloudOf(tenant, clouds);
    const origin = cloud.hosts[request.api];
    const url = permitted(tenant, request, origin);
    const key = `${tenant.id}|${request.api}`;

    const attempt = async (): Promise<{ readonly answer: Answer; readonly token: string }> => {
      throwWhileQuiet(request, budget.quiet(key));
      await turn(key, request, signal);
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
      throw throttledError(request, code, budget.throttled(key, code, askedMs));
    };

    const turn = async (ofKey: string, { operation }: TenantRequest, until: AbortSignal): Promise<void> => {
      try {
        await budget.turn(ofKey, until);
      } catch (error) {
        throw until.aborted ? new ConnectorError(operation, { kind: 'cancelled', code: 'aborted' }, error) : error;
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

  return { send, clockOffsetMs };
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
