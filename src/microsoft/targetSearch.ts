import { z } from 'zod';
import type { ActionRun } from '../domain/action';
import { ConnectorError, failureOf } from '../domain/failure';
import { parsedAnswer } from './actionRequests';
import { ask } from './graphAsk';

/** A user or device that was found by name, with the alerts about it. */
interface Found {
  readonly id: string;
  readonly name: string;
  readonly detail: string;
  readonly alerts: readonly { readonly title: string; readonly severity: string; readonly at: string }[];
}

const mostFound = 10;
const alertsRead = 100;
const alertsShown = 5;

const user = z.looseObject({
  id: z.string(),
  displayName: z.string().nullish(),
  userPrincipalName: z.string(),
  accountEnabled: z.boolean().nullish(),
  onPremisesSyncEnabled: z.boolean().nullish(),
});
const machine = z.looseObject({
  id: z.string(),
  computerDnsName: z.string().nullish(),
  osPlatform: z.string().nullish(),
  healthStatus: z.string().nullish(),
});
const alert = z.looseObject({
  title: z.string().nullish(),
  severity: z.string().nullish(),
  createdDateTime: z.string().nullish(),
  evidence: z.array(z.unknown()).catch([]),
});

/** Finds users by the beginning of their name or address, or machines by that of their name, with the newest alerts about each. Without the permission to read alerts there are none beside them. */
export async function searchTargets(run: ActionRun, kind: 'user' | 'device', text: string): Promise<readonly Found[]> {
  const [found, alerts] = await Promise.all([kind === 'user' ? users(run, text) : devices(run, text), newestAlerts(run)]);
  return found.map((one) => ({
    ...one,
    alerts: alerts
      .filter(({ about }) => about.includes(one.id))
      .slice(0, alertsShown)
      .map((each) => each.shown),
  }));
}

/** A text as it stands between the quotation marks of a filter. https://learn.microsoft.com/graph/filter-query-parameter */
const quoted = (text: string): string => encodeURIComponent(`'${text.replaceAll("'", "''")}'`);

async function users(run: ActionRun, text: string): Promise<Omit<Found, 'alerts'>[]> {
  const filter = `startswith(displayName,${quoted(text)})%20or%20startswith(userPrincipalName,${quoted(text)})`;
  const select = 'id,displayName,userPrincipalName,accountEnabled,onPremisesSyncEnabled';
  const doing = 'looking for users';
  const found = await ask(run, {
    ...{ doing, path: `/v1.0/users?$filter=${filter}&$select=${select}&$top=${mostFound}` },
    ...{ permission: { api: 'graph', role: 'User.Read.All' }, limits: ['directory'] },
  });
  return found.map((one) => {
    const { id, displayName, userPrincipalName, accountEnabled, onPremisesSyncEnabled } = parsedAnswer(doing, user, one);
    const state = accountEnabled === false ? 'disabled' : 'enabled';
    const synced = onPremisesSyncEnabled === true ? ', synced from on premises' : '';
    return { id: id.toLowerCase(), name: `${displayName ?? ''} (${userPrincipalName})`, detail: `${state}${synced}` };
  });
}

async function devices(run: ActionRun, text: string): Promise<Omit<Found, 'alerts'>[]> {
  const doing = 'looking for machines';
  const found = await ask(run, {
    ...{ doing, path: `/api/machines?$filter=startswith(computerDnsName,${quoted(text)})&$top=${mostFound}` },
    ...{ permission: { api: 'defender', role: 'Machine.Read.All' }, limits: ['defenderMinute', 'defenderHour'] },
  });
  return found.map((one) => {
    const { id, computerDnsName, osPlatform, healthStatus } = parsedAnswer(doing, machine, one);
    return {
      id: id.toLowerCase(),
      name: computerDnsName ?? id,
      detail: `${osPlatform ?? 'unknown'}, ${healthStatus ?? 'health unknown'}`,
    };
  });
}

interface Known {
  /** The ids that stand in its evidence. */
  readonly about: string;
  readonly shown: Found['alerts'][number];
}

async function newestAlerts(run: ActionRun): Promise<Known[]> {
  try {
    const found = await ask(run, {
      ...{ doing: 'reading alerts', path: `/v1.0/security/alerts_v2?$top=${alertsRead}` },
      ...{ permission: { api: 'graph', role: 'SecurityAlert.Read.All' }, limits: ['security'] },
    });
    return found.map((one) => {
      const { title, severity, createdDateTime, evidence } = parsedAnswer('reading alerts', alert, one);
      return {
        about: JSON.stringify(evidence).toLowerCase(),
        shown: { title: title ?? '', severity: severity ?? '', at: createdDateTime ?? '' },
      };
    });
  } catch (error) {
    // Whoever looks for a target must find it, alerts or not.
    if (error instanceof ConnectorError && failureOf(error)?.kind !== 'cancelled') return [];
    throw error;
  }
}
