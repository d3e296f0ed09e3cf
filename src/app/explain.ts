import { stateTitles } from '../domain/sourceState';
import type { SourceGlance, StateName } from '../domain/sourceState';
import type { Source } from '../domain/source';
import type { Tenant } from '../domain/tenant';
import { describeFailure } from './describe';
import { choiceOf, sourcesOf } from './schedule';

/** What a person is shown as a state: that of the last run, or that there is none. */
export type ShownState = StateName | 'disabled' | 'notRunYet';

/** The words for the states, the same everywhere. */
export const shownStateTitles: Readonly<Record<ShownState, string>> = {
  ...stateTitles,
  disabled: 'Disabled',
  notRunYet: 'Not run yet',
};

/** A state as it is told: since when, why, and what to do next. */
export interface Explanation {
  readonly state: ShownState;
  readonly stateTitle: string;
  readonly since: string | undefined;
  readonly why: string;
  readonly nextStep: string;
}

/** What the units of a source are called. */
export function unitWord(kind: Source['progress']['kind']): string {
  return { contentFeed: 'content blobs', timeWindow: 'time windows', delta: 'steps', snapshot: 'readings' }[kind];
}

/** Counts of the last 24 hours, for what is said about a source that works. */
interface Counted {
  readonly units: number;
  readonly delivered: number;
}

/** What the explanation of a source depends on besides its row. */
export interface Circumstances {
  /** Polling is disabled: the source runs only when it is asked to. */
  readonly disabled: boolean;
  /** Other sources of the tenant have delivered records. */
  readonly othersDeliver: boolean;
  /** What the source is collected by, in a word people know; content blobs unless given. */
  readonly unitsAre?: string;
  readonly lastDay?: Counted;
}

const nothing = 'Nothing to do.';

/** The states in the order in which they want to be looked at. */
export const worstFirst: readonly ShownState[] = [
  'needsAttention',
  'degraded',
  'catchingUp',
  'waiting',
  'collecting',
  'notAvailable',
  'disabled',
  'paused',
  'notRunYet',
];

/** Explains one source of a tenant. */
export function explainSource(tenant: Tenant, row: SourceGlance | undefined, circumstances: Circumstances): Explanation {
  const { disabled, othersDeliver, lastDay, unitsAre = unitWord('contentFeed') } = circumstances;
  if (tenant.status === 'paused')
    return told(
      'paused',
      tenant.statusSince,
      'The tenant is paused. Microsoft keeps its content for 7 days.',
      `Resume it before they are over: npm run tenant -- resume ${tenant.id}`,
    );
  if (row?.lastRunAt === undefined && row?.leaseOwner !== undefined)
    return told(
      'catchingUp',
      undefined,
      'The first run is under way: the newest hour first, then what Microsoft still holds of the last 7 days.',
      nothing,
    );
  if (row?.lastRunAt === undefined)
    return disabled
      ? told('disabled', tenant.statusSince, 'Polling is disabled, and nothing was collected yet.', syncNow(tenant))
      : told(
          'notRunYet',
          undefined,
          'No run has finished yet.',
          'The first one starts within a minute. If this stays, check that the connector is running.',
        );
  const { state } = row;
  const tell = (why: string, nextStep: string): Explanation => told(state.name, state.since, why, nextStep);
  if (state.failure !== undefined) return explainFailure(row, state.failure, tell);
  const counted =
    lastDay === undefined
      ? ''
      : `${count(lastDay.delivered)} of ${count(lastDay.units)} ${unitsAre} of the last 24 hours delivered.`;
  if (disabled && state.name !== 'catchingUp')
    return told('disabled', state.since, `Polling is disabled. ${counted}`.trimEnd(), syncNow(tenant));
  switch (state.silence) {
    case 'awaitingFirstContent':
      return tell(
        'The subscription is on and Microsoft has not handed anything over yet. The first content follows within 12 hours of the first start.',
        'Nothing to do: we look again by ourselves.',
      );
    case 'silentSinceStart':
      return tell(
        'The subscription has been on for more than 12 hours and Microsoft has never handed anything over.',
        othersDeliver
          ? 'Other feeds of this tenant deliver, so this one may simply have no events. If it should have, search the audit log in the Purview portal.'
          : 'Unified audit logging is off, or was turned on less than a few hours ago: check it in the Purview portal.',
      );
    case 'quiet':
      return tell(
        'Nothing new for more than 24 hours; every listing was answered and was empty.',
        'Nothing to do if the tenant is quiet.',
      );
    case undefined:
  }
  if (state.name === 'waiting' && row.firstRunAt === undefined)
    return tell(
      'We are finding out what the licences, the consent and the cloud of the tenant allow.',
      'Nothing to do: it starts within a minute or two.',
    );
  switch (state.name) {
    case 'catchingUp': {
      const upTo = row.cursor.listedTo === undefined ? '' : `Listed up to ${minute(row.cursor.listedTo)}.`;
      const waiting = row.pendingUnits === 0 ? '' : `${count(row.pendingUnits)} are waiting.`;
      return tell(
        [counted, waiting, upTo].filter((text) => text !== '').join(' ') || 'Working off what is there.',
        'Nothing to do: oldest first, and the newest hour was taken at once.',
      );
    }
    case 'notAvailable':
      return tell(
        'This feed does not exist in the cloud of the tenant, or the cloud is not set up here.',
        'Nothing to do: it is looked at again every day.',
      );
    case 'collecting':
    case 'degraded':
    case 'needsAttention':
    case 'waiting':
    case 'paused':
      return tell(
        lastDay !== undefined && lastDay.units === lastDay.delivered ? `${counted} Nothing missing.` : counted,
        nothing,
      );
  }
}

function explainFailure(
  row: SourceGlance,
  failure: NonNullable<SourceGlance['state']['failure']>,
  tell: (why: string, nextStep: string) => Explanation,
): Explanation {
  if (failure.code === 'unitsResting')
    return tell(
      `${count(row.pendingUnits)} content blobs could not be fetched yet. They are tried again until Microsoft drops them; nothing is given up.`,
      'Nothing to do now. If the number grows for hours, look at the warnings in Application Insights.',
    );
  const { title, nextStep } = describeFailure(failure);
  // What Microsoft says is the same for both.
  if (failure.kind === 'auditOff')
    return tell(
      `Unified audit logging is off, or was turned on less than a few hours ago, so Microsoft has nothing to hand over. [${failure.code}]`,
      nextStep,
    );
  return tell(title, nextStep);
}

function syncNow(tenant: Tenant): string {
  return `Collect now: npm run tenant -- sync ${tenant.id}`;
}

function told(state: ShownState, since: string | undefined, why: string, nextStep: string): Explanation {
  return { state, stateTitle: shownStateTitles[state], since, why, nextStep };
}

/** What a tenant is shown as: its worst source, with the sources that share its state. */
export interface TenantExplanation extends Explanation {
  readonly sources: readonly string[];
}

/** It waits for its first content, or for what the probe finds out: nothing to worry about while others deliver. */
function isOnlyBeginning({ state, firstRunAt }: SourceGlance): boolean {
  return (
    state.silence === 'awaitingFirstContent' ||
    (state.name === 'waiting' && state.failure === undefined && firstRunAt === undefined)
  );
}

/**
 * Explains a tenant by its worst source. A feed that only waits for its first content does not count while others deliver, and one
 * that has not run yet does not while others have.
 */
export function explainTenant(tenant: Tenant, rows: readonly SourceGlance[], sources: Iterable<Source>): TenantExplanation {
  const byId = new Map(rows.map((row) => [row.sourceId, row]));
  const flows = rows.some(({ lastRecordAt }) => lastRecordAt !== undefined);
  const explained = sourcesOf(tenant, sources).map((source) => {
    const row = byId.get(source.id);
    const disabled = choiceOf(tenant, source)?.polling.kind === 'disabled';
    const waits = flows && row !== undefined && isOnlyBeginning(row);
    return { id: source.id, waits, ...explainSource(tenant, row, { disabled, othersDeliver: flows }) };
  });
  const counted = explained.filter(({ waits }) => !waits);
  const all = counted.length > 0 ? counted : explained;
  const worst = worstFirst.find((state) => all.some((one) => one.state === state));
  const first = all.find(({ state }) => state === worst);
  if (first === undefined) return { ...explainSource(tenant, undefined, { disabled: true, othersDeliver: false }), sources: [] };
  const { state, stateTitle, since, why, nextStep } = first;
  return { state, stateTitle, since, why, nextStep, sources: all.filter((one) => one.state === state).map(({ id }) => id) };
}

const count = (number: number): string => number.toLocaleString('en-US');

/** `2026-11-22 10:11 UTC` */
function minute(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}
