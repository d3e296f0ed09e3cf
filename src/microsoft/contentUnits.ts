import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Failure } from '../domain/failure';
import type { Unit } from '../domain/source';
import { checkUrl, isRefused } from './checkUrl';
import type { ExpectedUrl } from './checkUrl';

const day = 24 * 60 * 60_000;
const longestId = 1_024;

const anyText = z.string().optional().catch(undefined);

const contentItem = z.looseObject({
  contentId: anyText,
  contentUri: anyText,
  contentCreated: anyText,
  contentExpiration: anyText,
});

/** What the items of a list are read against. */
export interface UnitContext {
  readonly expected: ExpectedUrl;
  readonly now: Date;
}

/**
 * The units of one page of the content list, each id once. No item is ever left out: one that cannot be fetched is a unit that says why,
 * one whose time cannot be right is undated.
 * https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-reference#list-available-content
 */
export function toUnits(items: readonly unknown[], context: UnitContext): Unit[] {
  const units = new Map<string, Unit>();
  for (const item of items) {
    const unit = toUnit(item, context);
    if (!units.has(unit.id)) units.set(unit.id, unit);
  }
  return [...units.values()];
}

function toUnit(item: unknown, { expected, now }: UnitContext): Unit {
  const { contentId, contentUri, contentCreated, contentExpiration } = contentItem.safeParse(item).data ?? {};
  const created = contentCreated === undefined ? undefined : contentTime(contentCreated, now);
  const expires = contentExpiration === undefined ? undefined : plausibleTime(contentExpiration);
  const checked = contentUri === undefined ? undefined : checkUrl(contentUri, expected);
  const refused =
    contentId === undefined || contentId === '' ? missing('contentId') : checked === undefined ? missing('contentUri') : checked;
  const usable = !isRefused(refused);
  return {
    id: contentId === undefined || contentId === '' ? `missing:${hash(JSON.stringify(item))}` : stableId(contentId),
    // Always the same moment, because the ledger files a unit by it.
    at: created ?? new Date(0),
    expires: expires !== undefined && expires > (created ?? now) ? expires : new Date((created ?? now).getTime() + 7 * day),
    ref: usable && contentUri !== undefined ? contentUri : '',
    ...(usable ? {} : { refused }),
    ...(created === undefined ? { undated: true } : {}),
  };
}

function missing(field: string): Failure {
  return { kind: 'unexpectedResponse', code: `${field}Missing`, detail: `Microsoft lists a content blob without ${field}.` };
}

/** Content ids are opaque; one that is too long to store, or no proper Unicode, is represented by its hash. */
function stableId(contentId: string): string {
  return contentId.length <= longestId && !/\p{Surrogate}/u.test(contentId) ? contentId : `hash:${hash(contentId)}`;
}

function hash(text: string): string {
  return createHash('sha256').update(text, 'utf16le').digest('hex').slice(0, 32);
}

function contentTime(text: string, now: Date): Date | undefined {
  const time = plausibleTime(text);
  return time !== undefined && time.getTime() <= now.getTime() + day ? time : undefined;
}

const format = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(\.\d{1,7})?Z?$/;

/** A moment in UTC as Microsoft writes it (with or without Z, up to seven fraction digits), between the years 2000 and 2100. */
function plausibleTime(text: string): Date | undefined {
  const match = format.exec(text);
  if (match === null) return undefined;
  const [, date = '', clock = '', fraction = ''] = match;
  const time = new Date(`${date}T${clock}${fraction.slice(0, 4)}Z`);
  // Date moves the 30th of February on to March.
  if (Number.isNaN(time.getTime()) || time.toISOString().slice(0, 10) !== date) return undefined;
  return time.getUTCFullYear() >= 2000 && time.getUTCFullYear() <= 2100 ? time : undefined;
}
