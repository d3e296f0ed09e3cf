import { z } from 'zod';
import type { EvidenceCheck, Finding, GraphObject } from '../domain/evidence';
import { ConnectorError } from '../domain/failure';

/** A threshold of our own: Microsoft names none. */
const metFromPercent = 60;
/** Microsoft computes a score a day; one that is older says little about today. */
const staleAfterDays = 3;
const permission = 'SecurityEvents.Read.All';
const dayMs = 24 * 60 * 60_000;

const scoreObject = z.looseObject({
  id: z.string(),
  createdDateTime: z.string(),
  currentScore: z.number(),
  maxScore: z.number(),
  averageComparativeScores: z
    .array(z.looseObject({ basis: z.string().optional(), averageScore: z.number().optional() }))
    .optional()
    .catch(undefined),
});

/** Judges the newest Secure Score; none yet, or one without points to reach, cannot be judged. Throws `unexpectedResponse` for an object that is no score. */
export function judgeSecureScore(newest: GraphObject | undefined, now: Date): Finding {
  if (newest === undefined)
    return {
      ...{ status: 'notAvailable', figures: [], tables: [], objects: [] },
      statement: 'Microsoft has not computed a Secure Score for this tenant yet.',
      nextStep: 'Nothing to do: the first one comes within a day or two of the first licence.',
    };
  const read = scoreObject.safeParse(newest.value);
  const computedAt = Date.parse(read.data?.createdDateTime ?? '');
  if (!read.success || Number.isNaN(computedAt))
    throw new ConnectorError('judging Secure Score', {
      kind: 'unexpectedResponse',
      code: 'secureScore',
      detail: 'The Secure Score that Microsoft sent cannot be read.',
    });
  const { id, currentScore, maxScore, averageComparativeScores = [] } = read.data;
  const objects = [{ type: 'secureScore', id, sha256: newest.sha256 }];
  const points = { name: 'points', title: 'Points reached', value: rounded(currentScore) };
  const maxPoints = { name: 'maxPoints', title: 'Points that can be reached', value: rounded(maxScore) };
  if (!(maxScore > 0))
    return {
      ...{ status: 'notAvailable', figures: [points, maxPoints], tables: [], objects },
      statement: 'Microsoft counts no points that this tenant could reach, so there is no percentage.',
    };
  const percent = rounded((currentScore / maxScore) * 100);
  const average = averageComparativeScores.find(({ basis }) => basis === 'AllTenants')?.averageScore;
  const ageDays = Math.floor((now.getTime() - computedAt) / dayMs);
  const isStale = ageDays >= staleAfterDays;
  const day = new Date(computedAt).toISOString().slice(0, 10);
  const parts = [
    `Microsoft Secure Score is ${percent} %: ${points.value} of ${maxPoints.value} points, computed on ${day}.`,
    isStale ? `That was ${ageDays} days ago, although Microsoft computes one a day.` : '',
    average === undefined ? '' : `The average of all tenants is ${rounded(average)} %.`,
  ];
  const isMet = currentScore / maxScore >= metFromPercent / 100 && !isStale;
  return {
    status: isMet ? 'met' : 'attention',
    statement: parts.filter((part) => part !== '').join(' '),
    figures: [
      { name: 'percentage', title: 'Secure Score', value: percent, unit: '%' },
      points,
      maxPoints,
      ...(average === undefined
        ? []
        : [{ name: 'averagePercentage', title: 'Average of all tenants', value: rounded(average), unit: '%' }]),
      { name: 'computedOn', title: 'Computed by Microsoft on', value: day },
    ],
    tables: [],
    objects,
    ...(isMet ? {} : { nextStep: 'Look at the recommended actions in the Defender portal, Exposure management, Secure Score.' }),
  };
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

/** How well the tenant is set up, by Microsoft's own count. */
export const secureScore: EvidenceCheck = {
  id: 'secureScore',
  title: 'Microsoft Secure Score',
  question: 'Are the security settings that Microsoft recommends in place?',
  metWhen: `At least ${metFromPercent} % of the points are reached (a threshold of ours), and the score is less than ${staleAfterDays} days old.`,
  docs: 'https://learn.microsoft.com/graph/api/security-list-securescores',
  permissions: [{ api: 'graph', role: permission, why: 'Reads Secure Score.' }],
  licence: '',
  gather: async ({ list, now }) => {
    // Newest first.
    const { objects } = await list({
      path: '/security/secureScores',
      query: { $top: '1' },
      limits: ['security', 'secureScore'],
      permission,
      most: 1,
    });
    return judgeSecureScore(objects[0], now);
  },
};
