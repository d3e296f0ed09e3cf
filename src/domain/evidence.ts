import { createHash } from 'node:crypto';
import type { Gap, HourCoverage } from './coverage';
import type { Failure } from './failure';
import type { LimitId } from './limit';
import type { Permission } from './source';
import type { SourceState } from './sourceState';
import type { Polling, TenantId } from './tenant';

/*
 * assessment   what was found when a tenant was looked at once: one item for each question, kept for good under its tenant and moment.
 * item         the answer to one question: a statement, its figures, the objects it was made from by their SHA-256, and a status.
 * control      a requirement of a framework, such as A.8.15 of ISO/IEC 27001, that an item is evidence for.
 */

/** What an item says about its question. There is no status for an error: what could not be looked at is not available, with the reason. */
export const evidenceStatusTitles = { met: 'Met', attention: 'Attention', notAvailable: 'Not available' } as const;

export type EvidenceStatus = keyof typeof evidenceStatusTitles;

/** A number or a word that was found. `name` is stable and for programs, `title` and `unit` are for people. */
interface Figure {
  readonly name: string;
  readonly title: string;
  readonly value: number | string;
  readonly unit?: string;
}

/** A table for people that goes with the figures. */
export interface EvidenceTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** How many more rows there were than are shown. */
  readonly more?: number;
}

/** An object that an item was made from: its type, its id, and the SHA-256 (hex) of its bytes as they were received or, for facts of our own, written. */
export interface SourceObject {
  readonly type: string;
  readonly id: string;
  readonly sha256: string;
}

/** A half-open span of time [from, to). */
export interface Period {
  readonly from: Date;
  readonly to: Date;
}

/** What came of looking. `notAvailable` is for what was looked at and cannot be judged; what failed is thrown as a failure. */
export interface Finding {
  readonly status: EvidenceStatus;
  readonly statement: string;
  readonly figures: readonly Figure[];
  readonly tables: readonly EvidenceTable[];
  readonly objects: readonly SourceObject[];
  /** What a person can do about it; nothing when there is nothing to do. */
  readonly nextStep?: string;
  /** True when looking again soon may help; it is then done by itself. */
  readonly again?: boolean;
}

/** An object of Microsoft Graph: what it says, parsed, and the SHA-256 (hex) of its bytes as Microsoft sent them. */
export interface GraphObject {
  readonly value: unknown;
  readonly sha256: string;
}

/** A list of Microsoft Graph to be read to its end, or up to so many objects. */
export interface GraphQuery {
  /** After the version: `/security/alerts_v2`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Microsoft's limits that its requests count on. */
  readonly limits: readonly LimitId[];
  /** The permission it needs, by the name Microsoft gives the app role. */
  readonly permission: string;
  /** No more objects than these are read. */
  readonly most: number;
}

/** What was read of a list; `complete` is false when there is more. */
export interface GraphList {
  readonly objects: readonly GraphObject[];
  readonly complete: boolean;
}

/** What the connector knows about collecting from one source, for the hours of a period. */
export interface SourceCoverage {
  readonly sourceId: string;
  readonly title: string;
  /** Undefined when the source has not run yet. */
  readonly state?: SourceState;
  /** Everything that was available before is known; undefined when nothing was listed yet. */
  readonly listedTo?: Date;
  /** From when on Microsoft could be asked at all; undefined when it is not known. */
  readonly listedFrom?: Date;
  readonly hours: readonly HourCoverage[];
  readonly gaps: readonly Gap[];
}

/** What a check may use. */
export interface EvidenceRun {
  readonly tenantId: TenantId;
  readonly now: Date;
  readonly period: Period;
  /** Reads a list of Microsoft Graph. Throws a ConnectorError when it cannot be read completely. */
  readonly list: (query: GraphQuery) => Promise<GraphList>;
  readonly coverage: (period: Period) => Promise<readonly SourceCoverage[]>;
}

/** One question that evidence answers. The id is part of stored documents and of record ids: never renamed. */
export interface EvidenceCheck {
  readonly id: string;
  readonly title: string;
  /** The question, as an auditor would ask it. */
  readonly question: string;
  /** When the answer is "met"; every other answer asks for attention. */
  readonly metWhen: string;
  readonly docs: `https://learn.microsoft.com/${string}` | undefined;
  readonly permissions: readonly Permission[];
  /** The licence it needs, in words; empty when every licence has it. */
  readonly licence: string;
  /** True when the answer is about a period, and can be given for any. */
  readonly isOfPeriod?: true;
  /** Looks, and judges what it sees. Throws a ConnectorError when it cannot look. */
  readonly gather: (run: EvidenceRun) => Promise<Finding>;
}

/** A requirement of a framework, and the checks that are evidence for it. */
export interface Control {
  /** Such as `ISO/IEC 27001:2022`. */
  readonly framework: string;
  readonly id: string;
  readonly title: string;
  readonly checks: readonly string[];
}

/** A control as an item names it. */
export type ControlReference = Pick<Control, 'framework' | 'id' | 'title'>;

/** One item of an assessment, as it is kept and sent. Times are ISO 8601 in UTC. */
export interface EvidenceItem extends Finding {
  readonly check: string;
  readonly title: string;
  readonly question: string;
  readonly controls: readonly ControlReference[];
  readonly collectedAt: string;
  /** The SHA-256 (hex) over all source objects, as `objectsDigest` makes it. */
  readonly objectsSha256: string;
  /** What kept us from looking, when something did. */
  readonly failure?: Pick<Failure, 'kind' | 'code'>;
}

/** An assessment as it is kept. */
export interface Assessment {
  readonly v: 1;
  /** Unique for the tenant, and the moment it is filed under: `2026-11-22T10:00:00.000Z`. */
  readonly id: string;
  readonly tenantId: TenantId;
  readonly tenantName: string;
  readonly cloud: string;
  readonly assessedAt: string;
  /** What the figures about collecting speak of. */
  readonly period: { readonly from: string; readonly to: string };
  readonly items: readonly EvidenceItem[];
}

/** The controls that a check is evidence for. */
export function controlsOf(controls: readonly Control[], check: string): ControlReference[] {
  return controls.filter(({ checks }) => checks.includes(check)).map(({ framework, id, title }) => ({ framework, id, title }));
}

/** One hash for many objects: the SHA-256 (hex) over a line `type id sha256` for each, sorted, each ended by a line feed. */
export function objectsDigest(objects: readonly SourceObject[]): string {
  const lines = objects.map(({ type, id, sha256 }) => `${type} ${id} ${sha256}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex');
}

/** The SHA-256 (hex) of a text in UTF-8, or of bytes. */
export function sha256Of(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

const hourMs = 60 * 60_000;

/** How long an assessment is good for, in milliseconds, by how often the customer wants it: a day, or as often as it says, or, on request, an hour. */
export function assessmentIntervalMs(polling: Polling): number {
  switch (polling.kind) {
    case 'adaptive':
      return 24 * hourMs;
    case 'every':
      return Math.max(hourMs, polling.seconds * 1_000);
    case 'disabled':
      return hourMs;
  }
}

/**
 * Whether a tenant is to be assessed now: never assessed, or not for the interval; an hour after the last one when something could not be looked at
 * that may be there again.
 */
export function isAssessmentDue(
  latest: { readonly id: string; readonly again: boolean } | undefined,
  now: Date,
  intervalMs: number,
): boolean {
  if (latest === undefined) return true;
  const waitMs = latest.again ? Math.min(hourMs, intervalMs) : intervalMs;
  return now.getTime() - Date.parse(latest.id) >= waitMs;
}

/** The moment a scheduled assessment is filed under: the hour it is made in, so that two instances that make it at once make one. */
export function scheduledAssessmentId(now: Date): string {
  return new Date(Math.floor(now.getTime() / hourMs) * hourMs).toISOString();
}

/** The 24 full hours that an assessment looks back on; the newest hour that is over is left out, because its content may still be on its way. */
export function assessedPeriod(now: Date): Period {
  const to = (Math.floor(now.getTime() / hourMs) - 1) * hourMs;
  return { from: new Date(to - 24 * hourMs), to: new Date(to) };
}

/** The full hours of a period in which a tenant was collected: those after it was added. */
export function collectedPeriod({ from, to }: Period, addedAt: Date): Period {
  const begin = Math.max(Math.floor(from.getTime() / hourMs), Math.ceil(addedAt.getTime() / hourMs)) * hourMs;
  const end = Math.floor(to.getTime() / hourMs) * hourMs;
  return { from: new Date(Math.min(begin, end)), to: new Date(end) };
}
