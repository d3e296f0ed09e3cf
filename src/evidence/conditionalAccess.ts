import { z } from 'zod';
import type { EvidenceCheck, Finding, GraphList } from '../domain/evidence';

// A tenant can have about 240. https://learn.microsoft.com/entra/identity/users/directory-service-limits-restrictions
const permission = 'Policy.Read.All';
const mostPolicies = 2_000;
const longestName = 300;

const text = z.string().optional().catch(undefined);
const policyObject = z.looseObject({ id: text, displayName: text, state: text, modifiedDateTime: text, createdDateTime: text });

const states = [
  { name: 'enabled', microsoft: 'enabled', title: 'Enabled' },
  { name: 'reportOnly', microsoft: 'enabledforreportingbutnotenforced', title: 'Report-only' },
  { name: 'disabled', microsoft: 'disabled', title: 'Disabled' },
  { name: 'unknown', microsoft: undefined, title: 'In a state nobody knows' },
] as const;

/** Judges the Conditional Access policies: at least one has to be enforced. */
export function judgeConditionalAccess({ objects, complete }: GraphList): Finding {
  const policies = objects.map(({ value, sha256 }) => {
    const { id, displayName, state, modifiedDateTime, createdDateTime } = policyObject.safeParse(value).data ?? {};
    return {
      id: id ?? `sha256:${sha256.slice(0, 32)}`,
      name: (displayName ?? 'without a name').slice(0, longestName),
      state: states.find(({ microsoft }) => microsoft === state?.toLowerCase())?.name ?? 'unknown',
      changedAt: modifiedDateTime ?? createdDateTime ?? '',
      sha256,
    };
  });
  const of = (name: string): number => policies.filter(({ state }) => state === name).length;
  const isMet = of('enabled') > 0;
  const others = states
    .filter(({ name }) => name !== 'enabled' && of(name) > 0)
    .map(({ name, title }) => `${of(name)} ${title.toLowerCase()}`);
  const enforced =
    of('enabled') === 0
      ? 'No Conditional Access policy is enforced'
      : `${of('enabled')} Conditional Access ${of('enabled') === 1 ? 'policy is' : 'policies are'} enforced`;
  return {
    status: isMet ? 'met' : 'attention',
    statement: `${enforced}${others.length === 0 ? '' : `; ${others.join(', ')}`}.${complete ? '' : ' There are more than could be read.'}`,
    figures: states.map(({ name, title }) => ({ name, title: `Policies: ${title.toLowerCase()}`, value: of(name) })),
    tables:
      policies.length === 0
        ? []
        : [
            {
              title: 'Conditional Access policies',
              columns: ['Policy', 'State', 'Last changed'],
              rows: states.flatMap(({ name, title }) =>
                policies
                  .filter(({ state }) => state === name)
                  .toSorted((a, b) => a.name.localeCompare(b.name))
                  .map((policy) => [policy.name, title, policy.changedAt]),
              ),
            },
          ],
    objects: policies.map(({ id, sha256 }) => ({ type: 'conditionalAccessPolicy', id, sha256 })),
    ...(isMet
      ? {}
      : {
          nextStep:
            'Have a policy enforced that asks administrators for a second factor: Entra admin center, Conditional Access.',
        }),
  };
}

/** Which rules decide who gets in. */
export const conditionalAccess: EvidenceCheck = {
  id: 'conditionalAccess',
  title: 'Conditional Access policies',
  question: 'Do enforced rules decide who gets access, and how?',
  metWhen: 'At least one policy is enforced; report-only ones do not count.',
  docs: 'https://learn.microsoft.com/graph/api/conditionalaccessroot-list-policies',
  permissions: [{ api: 'graph', role: permission, why: 'Reads Conditional Access policies.' }],
  licence: 'Microsoft Entra ID P1',
  gather: async ({ list }) =>
    judgeConditionalAccess(
      await list({
        path: '/identity/conditionalAccess/policies',
        query: {},
        limits: ['identityProtection'],
        permission,
        most: mostPolicies,
      }),
    ),
};
