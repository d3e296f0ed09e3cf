import { activityError } from './activityErrors';
import type { Blob, ListPosition } from './blob';
import type { Call } from './call';
import { bytesReply, jsonReply, type Reply } from './reply';
import type { Service } from './service';
import type { ContentType, TenantControl } from './tenant';

const hourMs = 3_600_000;
const timeFormat = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?)?$/;

/** One element of the content list. */
export interface ContentItem {
  contentUri: string;
  contentId: string;
  contentType: string;
  contentCreated: string;
  contentExpiration: string;
}

interface Window {
  startMs: number;
  endMs: number;
}

/** Lists content (or notifications about it) of one subscribed feed, page by page. */
export function answerContent(service: Service, control: TenantControl, contentType: ContentType, call: Call): Reply {
  const nowMs = service.nowMs();
  const window = readWindow(service, call, nowMs);
  if ('status' in window) return window;
  const nextPage = call.query.get('nextPage');
  const after = nextPage === null ? undefined : readPosition(nextPage);
  if (nextPage !== null && !after) return activityError('AF20031', nextPage.slice(0, 100));

  const { tenantId } = control.tenant;
  const first = service.subscriptions.get(tenantId, contentType)?.firstStartMs ?? -Infinity;
  if (service.clock.now().getTime() < first + (control.tenant.firstContentAfterMs ?? 0)) return jsonReply(200, []);

  // Content appears by the true clock: an offset is the error of the server's own clock, not a different now.
  const visible = { ...window, nowMs: service.clock.now().getTime() };
  const page = service.content.list({ tenantId, contentType }, visible, { size: service.settings.pageSize, after });
  const items = page.blobs.map((blob) => describeBlob(service, blob));
  const notified = items.map((item) => ({ ...item, notificationSent: item.contentCreated, notificationStatus: 'success' }));
  return jsonReply(
    200,
    call.operation === 'notifications' ? notified : items,
    page.next ? { NextPageUri: nextPageUri(service, call, page.next) } : {},
  );
}

/** Serves one blob: the bytes are ready, nothing is made for each record. */
export async function answerBlob(service: Service, call: Call): Promise<Reply> {
  const { tenantId, contentId } = call;
  if (contentId === undefined || contentId === '') return activityError('AF20052', call.path.slice(-100));
  const blob = service.content.find(tenantId ?? '', contentId, service.clock.now().getTime());
  if (!blob) return activityError('AF20050', contentId);
  if (service.nowMs() >= blob.expiresMs) return activityError('AF20051', contentId);
  return bytesReply(200, await blob.body());
}

function describeBlob(service: Service, blob: Blob): ContentItem {
  const segment = encodeURIComponent(blob.contentId).replaceAll('%24', '$');
  return {
    contentUri: `${service.urls.management}/api/v1.0/${blob.tenantId}/activity/feed/audit/${segment}`,
    contentId: blob.contentId,
    contentType: blob.contentType,
    contentCreated: new Date(blob.createdMs).toISOString(),
    contentExpiration: new Date(blob.expiresMs).toISOString(),
  };
}

function readWindow(service: Service, call: Call, nowMs: number): Window | Reply {
  const startText = call.query.get('startTime');
  const endText = call.query.get('endTime');
  if (startText === null && endText === null) return { startMs: nowMs - 24 * hourMs, endMs: nowMs };
  if (startText === null || endText === null) {
    service.violate('windowIncomplete', call, `startTime=${startText ?? ''} endTime=${endText ?? ''}`);
    return activityError('AF20030');
  }
  const startMs = readTime(startText);
  const endMs = readTime(endText);
  if (startMs === undefined || endMs === undefined) {
    service.violate('timeFormat', call, `${startText} ${endText}`);
    return activityError('AF20002', startMs === undefined ? 'startTime' : 'endTime', 'datetime');
  }
  const detail = `${startText}/${endText} at ${new Date(nowMs).toISOString()}`;
  if (startMs >= endMs || startMs > nowMs) {
    service.violate(startMs >= endMs ? 'windowBackwards' : 'windowInFuture', call, detail);
    return activityError('AF20055');
  }
  if (endMs - startMs > 24 * hourMs || startMs < nowMs - 7 * 24 * hourMs) {
    service.violate(endMs - startMs > 24 * hourMs ? 'windowTooWide' : 'windowTooOld', call, detail);
    return activityError('AF20030');
  }
  return { startMs, endMs };
}

function readTime(text: string): number | undefined {
  if (!timeFormat.test(text)) return undefined;
  const time = Date.parse(text.length === 10 ? `${text}T00:00:00Z` : `${text}Z`);
  return Number.isNaN(time) ? undefined : time;
}

// The documented sample of this header has /api/v1/ in its path although the request had /api/v1.0/.
function nextPageUri(service: Service, call: Call, position: ListPosition): string {
  const query = new URLSearchParams();
  for (const name of ['contentType', 'startTime', 'endTime']) {
    const value = call.query.get(name);
    if (value !== null) query.set(name, value);
  }
  const token = Buffer.from(`v1:${position.createdMs}:${position.sequence}`).toString('base64url');
  const path = `/api/v1/${call.tenantId ?? ''}/activity/feed/subscriptions/${call.operation === 'notifications' ? 'notifications' : 'content'}`;
  return `${service.urls.management}${path}?${query.toString()}&nextPage=${token}`;
}

function readPosition(token: string): ListPosition | undefined {
  const found = /^v1:(-?\d+):(\d+)$/.exec(Buffer.from(token, 'base64url').toString());
  return found ? { createdMs: Number(found[1]), sequence: Number(found[2]) } : undefined;
}
