import { z } from 'zod';
import type { EvidenceCheck, Finding, GraphList } from '../domain/evidence';

const permission = 'IdentityRiskyUser.Read.All';
const mostUsers = 5_000;
const shown = 20;
const licence = 'Microsoft Entra ID P2';

const text = z.string().optional().catch(undefined);
const userObject = z.looseObject({
  id: text,
  riskLevel: text,
  riskState: text,
  userPrincipalName: text,
  riskLastUpdatedDateTime: text,
});

const overStates = ['none', 'remediated', 'dismissed', 'confirmedsafe'];

/**
 * Judges the users at risk: medium, high, and a level nobody knows ask for attention. With less than Entra ID P2 Microsoft may answer with the
 * levels hidden; that is no judgement.
 */
export function judgeRiskyUsers({ objects, complete }: GraphList): Finding {
  const seen = objects.map(({ value, sha256 }) => {
    const { id, riskLevel, riskState, userPrincipalName, riskLastUpdatedDateTime } = userObject.safeParse(value).data ?? {};
    return {
      id: id ?? `sha256:${sha256.slice(0, 32)}`,
      level: riskLevel?.toLowerCase() ?? 'unknown',
      state: riskState ?? 'unknown',
      name: userPrincipalName ?? id ?? 'without a name',
      since: riskLastUpdatedDateTime ?? '',
      sha256,
    };
  });
  // A state nobody knows is not over.
  const users = seen.filter(({ state }) => !overStates.includes(state.toLowerCase()));
  const of = (level: string): number => users.filter((user) => user.level === level).length;
  const [high, medium, low] = [of('high'), of('medium'), of('low')];
  const unknown = users.filter(({ level }) => !['high', 'medium', 'low', 'hidden', 'none'].includes(level)).length;
  const allObjects = users.map(({ id, sha256 }) => ({ type: 'riskyUser', id, sha256 }));
  if (seen.some(({ level }) => level === 'hidden'))
    return {
      status: 'notAvailable',
      statement: `${number(users.length)} ${users.length === 1 ? 'user is' : 'users are'} at risk. Microsoft hides how much: that needs ${licence}.`,
      figures: [{ name: 'atRisk', title: 'Users at risk, level hidden', value: users.length }],
      tables: [],
      objects: allObjects,
      nextStep: `Nothing to do. With ${licence} the levels show by themselves.`,
    };
  const serious = users.filter(({ level }) => level !== 'low' && level !== 'none');
  const shownMost = serious.toSorted((a, b) => rank(a.level) - rank(b.level) || a.name.localeCompare(b.name)).slice(0, shown);
  const isMet = complete && serious.length === 0;
  const atLeast = complete ? '' : 'At least ';
  const words = [
    `${number(high)} of high`,
    `${number(medium)} of medium`,
    ...(unknown > 0 ? [`${number(unknown)} of unknown`] : []),
  ];
  return {
    status: isMet ? 'met' : 'attention',
    statement: isMet
      ? `No user is at medium or high risk${low > 0 ? `; ${number(low)} at low risk` : ''}.`
      : `${atLeast}${number(serious.length)} ${serious.length === 1 ? 'user is' : 'users are'} at risk and not yet dealt with: ${words.join(', ')} risk.`,
    figures: [
      { name: 'high', title: 'Users at high risk', value: high },
      { name: 'medium', title: 'Users at medium risk', value: medium },
      { name: 'low', title: 'Users at low risk', value: low },
      ...(unknown > 0 ? [{ name: 'unknown', title: 'Users at a risk of unknown level', value: unknown }] : []),
    ],
    tables:
      serious.length === 0
        ? []
        : [
            {
              title: 'Users at medium or high risk',
              columns: ['User', 'Risk', 'State', 'Since'],
              rows: shownMost.map(({ name, level, state, since }) => [name, level, state, since]),
              ...(serious.length > shown ? { more: serious.length - shown } : {}),
            },
          ],
    objects: allObjects,
    ...(isMet
      ? {}
      : { nextStep: 'Have the users confirmed, reset or dismissed in the Entra admin center, ID Protection, Risky users.' }),
  };
}

/** High before medium before what nobody knows. */
function rank(level: string): number {
  return level === 'high' ? 0 : level === 'medium' ? 1 : 2;
}

const number = (value: number): string => value.toLocaleString('en-US');

/** Accounts that Entra ID Protection holds for taken over. */
export const riskyUsers: EvidenceCheck = {
  id: 'riskyUsers',
  title: 'Risky users',
  question: 'Are accounts that may be compromised found and dealt with?',
  metWhen: 'No user is at medium, high or unknown risk.',
  docs: 'https://learn.microsoft.com/graph/api/riskyuser-list',
  permissions: [{ api: 'graph', role: permission, why: 'Reads risky users.' }],
  licence,
  gather: async ({ list }) => {
    const common = {
      path: '/identityProtection/riskyUsers',
      headers: { prefer: 'include-unknown-enum-members' },
      limits: ['identityProtection'],
      permission,
    } as const;
    // By state and not by level: hidden levels would be filtered away, and nobody would seem to be at risk.
    const $filter = "riskState eq 'atRisk' or riskState eq 'confirmedCompromised'";
    const atRisk = await list({ ...common, query: { $filter, $top: '500' }, most: mostUsers });
    if (atRisk.objects.length > 0) return judgeRiskyUsers(atRisk);
    // Whether levels are hidden shows on users whose risk is over, too.
    const { objects } = await list({ ...common, query: { $top: '1' }, most: 1 });
    return judgeRiskyUsers({ objects, complete: atRisk.complete });
  },
};
