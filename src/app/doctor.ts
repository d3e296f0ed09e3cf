import { latenessAt, addLateness, noLateness } from '../domain/lateness';
import type { Gap } from '../domain/coverage';
import type { Clock, CoverageStore, SourceStore } from '../domain/ports';
import type { Source } from '../domain/source';
import { stateTitles } from '../domain/sourceState';
import type { SourceRow, StateName } from '../domain/sourceState';
import type { Tenant } from '../domain/tenant';
import { hourOf } from '../domain/window';
import { describeFailure } from './describe';
import { choiceOf, sourcesOf } from './schedule';

const hourMs = 3_600_000;

/** One source of a tenant, in words: its state, since when, why, and what to do next. */
export interface Diagnosis {
  readonly source: string;
  readonly title: string;
  readonly state: StateName | 'notRunYet';
  readonly stateTitle: string;
  readonly since: string | undefined;
  readonly why: string;
  readonly nextStep: string;
  readonly lastRecordAt: string | undefined;
  readonly listedTo: string | undefined;
  readonly nextRunAt: string | undefined;
  /** The last 24 hours, by availability. */
  readonly lastDay: {
    readonly units: number;
    readonly delivered: number;
    readonly pending: number;
    readonly lost: number;
    readonly records: number;
    readonly latenessSecondsP50: number | undefined;
    readonly latenessSecondsP95: number | undefined;
  };
  readonly gaps: readonly Gap[];
}

export interface DoctorPorts {
  readonly clock: Clock;
  readonly sources: ReadonlyMap<string, Source>;
  readonly sourceRows: SourceStore;
  readonly coverage: CoverageStore;
}

/** Explains, source by source, whether the data of a tenant flows and, if not, why and what to do. */
export async function diagnose(ports: DoctorPorts, tenant: Tenant, signal: AbortSignal): Promise<readonly Diagnosis[]> {
  const rows = new Map((await ports.sourceRows.ofTenant(tenant.id, signal)).map((row) => [row.sourceId, row]));
  const now = ports.clock.now();
  const elsewhere = [...rows.values()].some(({ lastRecordAt }) => lastRecordAt !== undefined);
  return Promise.all(
    sourcesOf(tenant, ports.sources.values()).map(async (source) => {
      const scope = { tenantId: tenant.id, sourceId: source.id };
      const row = rows.get(source.id);
      const from = hourOf(new Date(now.getTime() - 24 * hourMs));
      const hours = await ports.coverage.hours(scope, from, hourOf(new Date(now.getTime() + hourMs)), signal);
      const sum = (count: (hour: (typeof hours)[number]) => number) => hours.reduce((total, hour) => total + count(hour), 0);
      const lateness = hours.reduce((all, hour) => addLateness(all, hour.lateness), noLateness);
      const lastDay = {
        units: sum(({ listed }) => listed),
        delivered: sum(({ delivered }) => delivered),
        pending: sum(({ pending }) => pending),
        lost: sum(({ gaps }) => gaps),
        records: sum(({ records }) => records),
        latenessSecondsP50: latenessAt(lateness, 0.5),
        latenessSecondsP95: latenessAt(lateness, 0.95),
      };
      const polling = choiceOf(tenant, source)?.polling;
      return {
        source: source.id,
        title: source.title,
        ...words(tenant, row, polling?.kind === 'disabled', lastDay, elsewhere),
        lastRecordAt: row?.lastRecordAt,
        listedTo: row?.cursor.listedTo,
        nextRunAt: row === undefined || polling?.kind === 'disabled' || tenant.status === 'paused' ? undefined : row.dueAt,
        lastDay,
        gaps: row === undefined || row.gapsTotal === 0 ? [] : await ports.coverage.gaps(scope, signal),
      };
    }),
  );
}

type Words = Pick<Diagnosis, 'state' | 'stateTitle' | 'since' | 'why' | 'nextStep'>;

function words(
  tenant: Tenant,
  row: SourceRow | undefined,
  disabled: boolean,
  lastDay: Diagnosis['lastDay'],
  elsewhere: boolean,
): Words {
  if (tenant.status === 'paused')
    return said('paused', tenant.statusSince, 'The tenant is paused.', `Resume it: npm run tenant -- resume ${tenant.id}`);
  if (row === undefined || row.lastRunAt === undefined) {
    const next = disabled
      ? `Polling is disabled. Collect now: npm run tenant -- sync ${tenant.id}`
      : 'The first run starts within a minute of adding the tenant. If this stays, check that the connector is running.';
    return { state: 'notRunYet', stateTitle: 'Not run yet', since: undefined, why: 'No run has finished yet.', nextStep: next };
  }
  const { state } = row;
  if (state.failure !== undefined) {
    if (state.failure.code === 'unitsResting')
      return said(
        state.name,
        state.since,
        `${row.pendingUnits} content blobs could not be fetched yet. They are tried again until Microsoft drops them; nothing is given up.`,
        'Nothing to do now. If the number grows for hours, look at the warnings in Application Insights.',
      );
    const { title, nextStep } = describeFailure(state.failure);
    return said(state.name, state.since, title, nextStep);
  }
  switch (state.silence) {
    case 'awaitingFirstContent':
      return said(
        state.name,
        state.since,
        'The subscription is on and Microsoft has not handed anything over yet. The first content follows within 12 hours of the first start.',
        'Nothing to do. We look again by ourselves.',
      );
    case 'silentSinceStart':
      return said(
        state.name,
        state.since,
        'The subscription has been on for more than 12 hours and Microsoft has never handed anything over.',
        elsewhere
          ? 'Other feeds of this tenant deliver, so this one may simply have no events. If it should have, search the audit log in the Purview portal.'
          : 'Check in the Purview portal that unified audit logging is on: it is off, or was turned on less than a few hours ago.',
      );
    case 'quiet':
      return said(
        state.name,
        state.since,
        'Nothing new for more than 24 hours; every listing was answered and was empty.',
        'Nothing to do if the tenant is quiet.',
      );
    case undefined:
  }
  const { units, delivered } = lastDay;
  const counted = `${delivered} of ${units} content blobs of the last 24 hours delivered.`;
  if (state.name === 'catchingUp') {
    const upTo = row.cursor.listedTo === undefined ? '' : ` Listed up to ${row.cursor.listedTo}.`;
    return said(
      state.name,
      state.since,
      `${counted} ${row.pendingUnits} are waiting.${upTo}`,
      'Nothing to do. Oldest first, the newest hour already delivered.',
    );
  }
  if (disabled)
    return said(state.name, state.since, `${counted} Polling is disabled.`, `Collect now: npm run tenant -- sync ${tenant.id}`);
  return said(state.name, state.since, units === delivered ? `${counted} Nothing missing.` : counted, 'Nothing to do.');
}

function said(state: StateName, since: string, why: string, nextStep: string): Words {
  return { state, stateTitle: stateTitles[state], since, why, nextStep };
}
