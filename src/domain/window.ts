/** A half-open span of time [from, to), both in whole seconds: Microsoft's listing takes seconds, so a boundary is floored, never moved on. */
export interface Window {
  readonly from: Date;
  readonly to: Date;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** How far back and how often a content feed is listed. Spans in milliseconds. */
export interface ListingRules {
  /** Longest span of one request; more is refused or, worse, silently partial. */
  readonly maxSpanMs: number;
  /** How far back the API lists. Five minutes under Microsoft's seven days, because a request may wait. */
  readonly retentionMs: number;
  /** What each listing repeats, because content appears late and out of order. */
  readonly overlapMs: number;
}

/** The Management Activity API: at most 24 h a request, at most 7 days back. https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-reference#list-available-content */
export const activityListing: ListingRules = { maxSpanMs: day, retentionMs: 7 * day - 5 * minute, overlapMs: hour };

/** How far a source has been listed. All times ISO 8601 UTC. */
export interface ListingCursor {
  /** The watermark: every unit available before it is in the ledger. */
  readonly listedTo?: string;
  readonly dayRelistedAt?: string;
  readonly weekRelistedAt?: string;
}

/** What to list now, in this order, and the span that can no longer be listed (a gap), if any. */
export interface ListingPlan {
  readonly windows: readonly Window[];
  /** Where the watermark stands before the first window is listed. */
  readonly watermark: Date;
  readonly lost?: Window;
  /** Which of the wider re-lists this plan includes; noted in the cursor once all windows are listed. */
  readonly relists: 'none' | 'day' | 'week';
}

const floor = (at: number): number => Math.floor(at / second) * second;

function slices(from: number, to: number, maxSpanMs: number): Window[] {
  const result: Window[] = [];
  for (let start = from; start < to; start += maxSpanMs)
    result.push({ from: new Date(start), to: new Date(Math.min(start + maxSpanMs, to)) });
  return result;
}

const time = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
};

/**
 * Plans the listing of a content feed. Oldest first, so that nothing expires while newer content is fetched; but when the feed is more than
 * an hour behind, the newest hour is listed before all else. The last hour is always listed again, the last 24 h each hour, all that Microsoft holds each day.
 * A watermark in the future (a corrupt row, a clock that jumped) is not believed: everything is listed again.
 */
export function planListing(cursor: ListingCursor, now: Date, rules: ListingRules = activityListing): ListingPlan {
  const end = floor(now.getTime());
  const oldest = Math.ceil((end - rules.retentionMs) / second) * second;
  const saved = time(cursor.listedTo);
  const listedTo = saved !== undefined && saved <= end + minute ? saved : undefined;
  const lost = listedTo !== undefined && listedTo < oldest ? { from: new Date(floor(listedTo)), to: new Date(oldest) } : undefined;

  const since = (at: string | undefined): number => {
    const then = time(at);
    return then === undefined || then > end + minute ? Infinity : end - then;
  };
  const first = listedTo === undefined;
  const relists = first || since(cursor.weekRelistedAt) >= day ? 'week' : since(cursor.dayRelistedAt) >= hour ? 'day' : 'none';
  const reach = { week: rules.retentionMs, day, none: rules.overlapMs }[relists];
  const from = Math.max(oldest, Math.min(floor(listedTo ?? oldest) - rules.overlapMs, Math.ceil((end - reach) / second) * second));

  const windows = slices(from, end, rules.maxSpanMs);
  const behind = end - (listedTo ?? oldest) > hour;
  const newest = behind && end - hour > from ? [{ from: new Date(end - hour), to: new Date(end) }] : [];
  const watermark = new Date(Math.max(listedTo ?? from, from));
  return { windows: [...newest, ...windows], watermark, relists, ...(lost === undefined ? {} : { lost }) };
}

/** The watermark after a window was listed completely: it moves on only when the window joins what was listed before, and never back. */
export function advanceWatermark(watermark: Date, listed: Window): Date {
  return listed.from <= watermark && listed.to > watermark ? listed.to : watermark;
}

/** `2026-11-22T10:11:12`: seconds, UTC, no zone, as the listing wants its times. */
export function toSeconds(at: Date): string {
  return at.toISOString().slice(0, 19);
}

/** The UTC hour a moment belongs to, as `2026-11-22T10`. */
export function hourOf(at: Date): string {
  return at.toISOString().slice(0, 13);
}

/** The UTC day a moment belongs to, as `2026-11-22`. */
export function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}
