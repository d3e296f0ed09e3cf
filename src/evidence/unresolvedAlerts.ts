import { z } from 'zod';
import type { EvidenceCheck, Finding, GraphList } from '../domain/evidence';

const permission = 'SecurityAlert.Read.All';
const mostAlerts = 5_000;
const samples = 10;
const longestTitle = 300;

const text = z.string().optional().catch(undefined);
const alertObject = z.looseObject({
  id: text,
  title: text,
  severity: text,
  status: text,
  serviceSource: text,
  createdDateTime: text,
});

/** In the order in which they want to be looked at; what Microsoft adds one day counts as unknown. */
const severities = ['high', 'unknown', 'medium', 'low', 'informational'] as const;
type Severity = (typeof severities)[number];

const severityTitles: Readonly<Record<Severity, string>> = {
  high: 'High',
  unknown: 'Unknown',
  medium: 'Medium',
  low: 'Low',
  informational: 'Informational',
};

function severityOf(word: string | undefined): Severity {
  const lower = word?.toLowerCase();
  return severities.find((severity) => severity === lower) ?? 'unknown';
}

interface Alert {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly product: string;
  readonly createdAt: string;
  readonly sha256: string;
}

/** Judges the alerts that are not resolved; anything but "resolved" counts as not resolved, and a severity nobody knows as one to look at. */
export function judgeAlerts({ objects, complete }: GraphList): Finding {
  const open = objects.flatMap(({ value, sha256 }): Alert[] => {
    const { id, title, severity, status, serviceSource, createdDateTime } = alertObject.safeParse(value).data ?? {};
    if (status?.toLowerCase() === 'resolved') return [];
    return [
      {
        id: id ?? `sha256:${sha256.slice(0, 32)}`,
        title: (title ?? 'without a title').slice(0, longestTitle),
        severity: severityOf(severity),
        product: serviceSource ?? 'unknown',
        createdAt: createdDateTime ?? '',
        sha256,
      },
    ];
  });
  const bySeverity = Map.groupBy(open, ({ severity }) => severity);
  const count = (severity: Severity): number => bySeverity.get(severity)?.length ?? 0;
  const worst = open.toSorted(
    (a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity) || b.createdAt.localeCompare(a.createdAt),
  );
  const isMet = complete && count('high') === 0 && count('unknown') === 0;
  const breakdown = severities
    .filter((severity) => count(severity) > 0)
    .map((severity) => `${number(count(severity))} ${severity}`)
    .join(', ');
  const total = complete ? number(open.length) : `At least ${number(open.length)}`;
  return {
    status: isMet ? 'met' : 'attention',
    statement:
      open.length === 0 && complete
        ? 'No alert is unresolved.'
        : `${total} ${open.length === 1 && complete ? 'alert is' : 'alerts are'} unresolved${breakdown === '' ? '' : `: ${breakdown}`}.`,
    figures: [
      { name: 'unresolved', title: complete ? 'Unresolved alerts' : 'Unresolved alerts, at least', value: open.length },
      ...severities.map((severity) => ({
        name: severity,
        title: `Of these of severity ${severityTitles[severity].toLowerCase()}`,
        value: count(severity),
      })),
    ],
    tables:
      open.length === 0
        ? []
        : [
            {
              title: 'Unresolved alerts, the most severe and newest first',
              columns: ['Severity', 'Title', 'Product', 'Raised'],
              rows: worst
                .slice(0, samples)
                .map(({ severity, title, product, createdAt }) => [severityTitles[severity], title, product, createdAt]),
              ...(open.length > samples ? { more: open.length - samples } : {}),
            },
          ],
    objects: open.map(({ id, sha256 }) => ({ type: 'alert', id, sha256 })),
    ...(isMet
      ? {}
      : { nextStep: 'Have the alerts worked on in the Defender portal, Incidents & alerts, the most severe first.' }),
  };
}

const number = (value: number): string => value.toLocaleString('en-US');

/** What Defender has raised and nobody has closed. */
export const unresolvedAlerts: EvidenceCheck = {
  id: 'unresolvedAlerts',
  title: 'Unresolved alerts',
  question: 'Are security alerts looked at and resolved?',
  metWhen: 'No alert of high or unknown severity is unresolved.',
  docs: 'https://learn.microsoft.com/graph/api/security-list-alerts_v2',
  permissions: [{ api: 'graph', role: permission, why: 'Reads alerts.' }],
  licence: 'Any Microsoft Defender XDR product',
  gather: async ({ list }) =>
    judgeAlerts(
      await list({
        path: '/security/alerts_v2',
        query: { $filter: "status ne 'resolved'", $top: '200' },
        headers: { prefer: 'include-unknown-enum-members' },
        limits: ['security'],
        permission,
        most: mostAlerts,
      }),
    ),
};
