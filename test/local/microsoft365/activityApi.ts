import { activityError, tenantWithoutAuditLog } from './activityErrors';
import type { Call } from './call';
import { answerBlob, answerContent } from './activityContent';
import { jsonReply, type Reply } from './reply';
import type { ActivityOperation } from './requestLog';
import type { Service } from './service';
import type { ContentType, TenantControl } from './tenant';

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const zeroGuid = '00000000-0000-0000-0000-000000000000';
const quarterHourMs = 15 * 60_000;

const methodNames: Record<ActivityOperation, string> = {
  openId: '',
  token: '',
  keys: '',
  unknown: '',
  subscriptionsList: 'GetSubscriptions',
  start: 'StartSubscription',
  stop: 'StopSubscription',
  content: 'GetContent',
  nextPage: 'GetContent',
  notifications: 'GetNotifications',
  blob: 'GetBlob',
  dlpSensitiveTypes: 'GetDlpSensitiveTypes',
};

/** The name the service gives an operation in its throttling text. */
export function methodName(call: Call): string {
  return call.operation in methodNames ? methodNames[call.operation as ActivityOperation] : '';
}

/** Notes what is wrong with a request whatever its answer will be; runs before faults do. */
export function inspect(service: Service, call: Call): void {
  if (call.listener === 'login') {
    if (call.headers.authorization !== undefined) service.violate('tokenSentToLogin', call, call.path);
    return;
  }
  const claims = service.tokens.check(bearer(call), service.nowMs());
  if (claims && claims.aud !== service.urls[call.listener]) service.violate('tokenForAnotherService', call, claims.aud);
  if (call.listener !== 'management' || call.operation === 'unknown') return;
  if (!hasPublisherIdentifier(call)) service.violate('publisherIdentifierMissing', call, call.path);
}

/** Answers the requests of the Management Activity API. */
export function answerActivity(service: Service, call: Call): Reply | Promise<Reply> {
  const { operation } = call;
  if (operation === 'unknown') {
    service.violate('unknownRoute', call, `${call.method} ${call.path}`);
    return jsonReply(404, { Message: `No HTTP resource was found that matches the request URI '${call.path}'.` });
  }
  if (call.method !== (operation === 'start' || operation === 'stop' ? 'POST' : 'GET')) {
    service.violate('wrongMethod', call, `${call.method} ${call.path}`);
    return jsonReply(405, { Message: `The requested resource does not support http method '${call.method}'.` });
  }
  const tenantId = call.tenantId ?? '';
  if (!guid.test(tenantId)) return activityError('AF20013', tenantId);
  const refused = refuseToken(service, call, tenantId);
  if (refused) return refused;
  if (service.settings.requirePublisherIdentifier && !hasPublisherIdentifier(call)) {
    return activityError('AF429', methodName(call), zeroGuid);
  }
  const control = service.tenants.get(tenantId);
  if (!control) return activityError('AF20011', tenantId);
  if (control.mood === 'auditOff') {
    return operation === 'start' ? tenantWithoutAuditLog(tenantId, service.random.guid()) : activityError('AF20011', tenantId);
  }
  return answerOperation(service, control, call);
}

function answerOperation(service: Service, control: TenantControl, call: Call): Reply | Promise<Reply> {
  if (call.operation === 'subscriptionsList') return listSubscriptions(service, control);
  if (call.operation === 'blob') return answerBlob(service, call);
  if (call.operation === 'dlpSensitiveTypes') return listSensitiveTypes(call);

  const contentType = call.contentType;
  if (!contentType) {
    service.violate('contentType', call, call.query.get('contentType') ?? 'missing');
    return call.query.has('contentType') ? activityError('AF20020') : activityError('AF20001', 'contentType');
  }
  if (contentType === 'DLP.All' && control.mood === 'dlpWithoutPermission') {
    return activityError('AF10001', control.roles('management').join(' '), 'ActivityFeed.ReadDlp');
  }
  if (call.operation === 'start') return start(service, control, contentType, call);
  const { tenantId } = control.tenant;
  const subscription = service.subscriptions.get(tenantId, contentType);
  if (call.operation === 'stop') {
    if (!subscription?.enabled) return activityError('AF20022');
    service.subscriptions.set(tenantId, contentType, { ...subscription, enabled: false });
    return { status: 200, headers: {}, body: Buffer.alloc(0) };
  }
  if (control.mood === 'subscriptionDisabled') return activityError('AF20023', 'a tenant admin');
  if (!subscription?.enabled) return activityError('AF20022');
  return answerContent(service, control, contentType, call);
}

function bearer(call: Call): string {
  return /^bearer (.+)$/i.exec(call.headers.authorization ?? '')?.[1] ?? '';
}

function hasPublisherIdentifier({ publisherIdentifier }: Call): boolean {
  return publisherIdentifier !== undefined && guid.test(publisherIdentifier.toLowerCase()) && publisherIdentifier !== zeroGuid;
}

function refuseToken(service: Service, call: Call, tenantId: string): Reply | undefined {
  const claims = service.tokens.check(bearer(call), service.nowMs());
  if (!claims || claims.aud !== service.urls.management) {
    if (call.headers.authorization === undefined) service.violate('tokenMissing', call, call.path);
    const challenge = { 'WWW-Authenticate': `Bearer authorization_uri="${service.urls.login}/common/oauth2/authorize"` };
    return jsonReply(401, { Message: 'Authorization has been denied for this request.' }, challenge);
  }
  if (claims.tid !== tenantId) {
    service.violate('tokenOfAnotherTenant', call, claims.tid);
    return activityError('AF20010', tenantId, claims.tid);
  }
  const roles = claims.roles ?? [];
  return roles.includes('ActivityFeed.Read') ? undefined : activityError('AF10001', roles.join(' '), 'ActivityFeed.Read');
}

function describe(contentType: ContentType, status: 'enabled' | 'disabled'): object {
  return { contentType, status, webhook: null };
}

function listSubscriptions(service: Service, { tenant, mood }: TenantControl): Reply {
  const status = mood === 'subscriptionDisabled' ? 'disabled' : 'enabled';
  const types =
    mood === 'subscriptionDisabled' ? (tenant.contentTypes ?? ['Audit.General']) : service.subscriptions.enabled(tenant.tenantId);
  return jsonReply(
    200,
    types.map((contentType) => describe(contentType, status)),
  );
}

function start(service: Service, { tenant, mood }: TenantControl, contentType: ContentType, call: Call): Reply {
  const { tenantId } = tenant;
  const now = service.nowMs();
  const before = service.subscriptions.get(tenantId, contentType);
  if (before?.lastStartMs !== undefined && now - before.lastStartMs < quarterHourMs) {
    service.violate('startWithin15Minutes', call, `${contentType} again after ${now - before.lastStartMs} ms`);
  }
  const refused =
    mood === 'subscriptionDisabled'
      ? activityError('AF20023', 'a tenant admin')
      : wantsWebhook(call.body)
        ? activityError('AF20021', 'given', 'The simulated service calls nobody.')
        : before?.enabled
          ? activityError('AF20024')
          : undefined;
  service.subscriptions.set(tenantId, contentType, {
    enabled: before?.enabled === true || refused === undefined,
    lastStartMs: now,
    // By the true clock, as content appears: the clock that is wrong may be put right later.
    firstStartMs: before?.firstStartMs ?? (refused ? undefined : service.clock.now().getTime()),
  });
  return refused ?? jsonReply(200, describe(contentType, 'enabled'));
}

function wantsWebhook(body: string): boolean {
  try {
    const value = JSON.parse(body || '{}') as { webhook?: unknown } | null;
    return value?.webhook !== undefined && value.webhook !== null;
  } catch {
    return false;
  }
}

function listSensitiveTypes(call: Call): Reply {
  const language = call.headers['accept-language'] ?? 'en-US';
  if (language.includes(',')) return activityError('AF20053');
  if (!/^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$/.test(language)) return activityError('AF20054');
  return jsonReply(200, [
    { id: '50842eb7-edc8-4019-85dd-5a5c1f2bb085', name: 'Credit Card Number' },
    { id: 'a44669fe-0d48-453d-a9b1-2cc83f2cba77', name: 'U.S. Social Security Number (SSN)' },
    { id: 'e7dc4711-11b7-4cb0-b88b-2c394a771f0e', name: 'International Banking Account Number (IBAN)' },
  ]);
}
