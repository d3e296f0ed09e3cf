import { latenessAt } from './lateness';
import type { Lateness } from './lateness';

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
  /** How far back the first listing goes; as far as the API lists unless given. */
  readonly firstMs?: number;
  /** How far back the daily re-list goes; as far as the API lists unless given. */
  readonly relistMs?: number;
}

/** The Management Activity API: at most 24 h a request, at most 7 days back. https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-reference#list-available-content */
export const activityListing: ListingRules = { maxSpanMs: day, retentionMs: 7 * day - 5 * minute, overlapMs: hour };

/** How far a source has been listed. All times ISO 8601 UTC, by Microsoft's clock. */
export interface ListingCursor {
  /** The watermark: every unit available before it is in the ledger. */
  readonly listedTo?: string;
  readonly dayRelistedAt?: string;
  readonly weekRelistedAt?: string;
  /** How far the re-list of all that Microsoft holds came, when a run ended in the middle of it. */
  readonly weekRelistedTo?: string;
  /** How late records of windows were seen to appear, as a histogram in text; the overlap follows it. */
  readonly lateness?: string;
}

/** What to list now, in this order, and the span that can no longer be listed (a gap), if any. */
export interface ListingPlan {
  readonly windows: readonly Window[];
  /** When the plan was made, by Microsoft's clock; all windows end at or before it. */
  readonly at: Date;
  /** Where the watermark stands before the first window is listed. */
  readonly watermark: Date;
  readonly lost?: Window;
  /** Which of the wider re-lists this plan includes; noted in the cursor once all windows are listed. */
  readonly relists: 'none' | 'day' | 'week';
  /** True when the saved watermark lies in the future and everything is listed again. */
  readonly rewound: boolean;
}

const floor = (at: number): number => Math.floor(at / second) * second;
const ceil = (at: number): number => Math.ceil(at / second) * second;

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
 * Plans the listing of a content feed. What was not listed yet comes first, oldest first, so that nothing expires while newer content is fetched; but when
 * the feed is more than an hour behind, the newest hour is listed before all else. Re-lists come last, so that the watermark moves however long they take:
 * the last hour always, the last 24 h each hour, all that Microsoft holds each day.
 * A watermark in the future (a corrupt row, a clock that jumped) is not believed: everything is listed again.
 */
export function planListing(cursor: ListingCursor, now: Date, rules: ListingRules = activityListing): ListingPlan {
  const end = floor(now.getTime());
  const oldest = ceil(end - rules.retentionMs);
  const saved = time(cursor.listedTo);
  const rewound = saved !== undefined && saved > end + minute;
  const listedTo = rewound ? undefined : saved;
  const first = rules.firstMs === undefined ? oldest : Math.max(oldest, ceil(end - rules.firstMs));
  const lost =
    listedTo !== undefined && floor(listedTo) < oldest ? { from: new Date(floor(listedTo)), to: new Date(oldest) } : undefined;

  const since = (at: string | undefined): number => {
    const then = time(at);
    return then === undefined || then > end + minute ? Infinity : end - then;
  };
  const relists =
    listedTo === undefined || since(cursor.weekRelistedAt) >= day ? 'week' : since(cursor.dayRelistedAt) >= hour ? 'day' : 'none';
  const from = Math.max(oldest, listedTo === undefined ? first : Math.min(floor(listedTo), end) - rules.overlapMs);
  const week = Math.max(oldest, ceil(end - (rules.relistMs ?? rules.retentionMs)));
  const relistFrom = { week: weekRelistFrom(cursor, week, from), day: Math.max(oldest, ceil(end - day)), none: from }[relists];

  const behind = end - (listedTo ?? first) > hour && end - hour > from;
  const windows = [
    ...(behind ? slices(end - hour, end, rules.maxSpanMs) : []),
    ...slices(from, end, rules.maxSpanMs),
    ...slices(relistFrom, from, rules.maxSpanMs),
  ];
  const watermark = new Date(Math.max(listedTo ?? from, from));
  return { windows, at: new Date(end), watermark, relists, rewound, ...(lost === undefined ? {} : { lost }) };
}

/** The rules of a source that is read as a whole: there is nothing older to go back to. */
export const wholeListing: ListingRules = { maxSpanMs: Infinity, retentionMs: 36_500 * day, overlapMs: 0 };

/** Plans the reading of a source that is read as a whole: one window, from the last time until now. */
export function planWhole(cursor: ListingCursor, now: Date): ListingPlan {
  const end = floor(now.getTime());
  const saved = time(cursor.listedTo);
  const rewound = saved !== undefined && saved > end + minute;
  const from = saved === undefined || rewound ? end - second : Math.min(floor(saved), end - second);
  const counted = time(cursor.weekRelistedAt);
  return {
    windows: [{ from: new Date(from), to: new Date(end) }],
    at: new Date(end),
    watermark: new Date(from),
    relists: counted === undefined || counted > end || end - counted >= day ? 'week' : 'none',
    rewound,
  };
}

const shortestOverlapMs = 15 * minute;
const longestOverlapMs = 6 * hour;
const tellingRecords = 100;

/** What windows repeat: twice the lateness that nearly all records stay under, between 15 minutes and 6 hours; as the rules say while little was seen. */
export function overlapFor(lateness: Lateness, usualMs: number): number {
  const seen = lateness.reduce((sum, count) => sum + count, 0);
  const seconds = latenessAt(lateness, 0.995);
  if (seen < tellingRecords || seconds === undefined) return usualMs;
  return Math.min(longestOverlapMs, Math.max(shortestOverlapMs, 2 * seconds * second));
}

function weekRelistFrom(cursor: ListingCursor, oldest: number, from: number): number {
  const resumeAt = time(cursor.weekRelistedTo);
  return resumeAt !== undefined && resumeAt > oldest && resumeAt <= from ? floor(resumeAt) : oldest;
}

/** How long a planned window may wait for its turn before a part of it may have become too old to be listed. */
const patienceMs = 4 * minute;

/** The oldest time that can still be listed, a little beyond what is planned with. */
export function listableSince(now: Date, rules: ListingRules): Date {
  return new Date(ceil(now.getTime() - rules.retentionMs - patienceMs));
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
