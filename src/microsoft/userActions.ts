import { z } from 'zod';
import type { Action, ActionRun, ActionStep, ActionWarning, TargetReport } from '../domain/action';
import { ConnectorError, failureOf } from '../domain/failure';
import type { Permission } from '../domain/source';
import { actionRefused, parsedAnswer, request, sentOf } from './actionRequests';
import { ask } from './graphAsk';

const graphUser = z.looseObject({
  id: z.string(),
  displayName: z.string().nullish(),
  userPrincipalName: z.string(),
  accountEnabled: z.boolean(),
  onPremisesSyncEnabled: z.boolean().nullish(),
  signInSessionsValidFromDateTime: z.string().nullish(),
});
type GraphUser = z.infer<typeof graphUser>;
const role = z.looseObject({ displayName: z.string().nullish(), roleTemplateId: z.string().nullish() });
const eligibility = z.looseObject({
  roleDefinitionId: z.string(),
  roleDefinition: z.looseObject({ displayName: z.string().nullish() }).nullish(),
});
const member = z.looseObject({ id: z.string(), accountEnabled: z.boolean().nullish() });
const risky = z.looseObject({ riskState: z.string() });

/** The template of the role Global Administrator, the same everywhere. https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference#global-administrator */
const globalAdministrator = '62e90394-69f5-4237-9190-012177145e10';

/** Directory sync runs every 30 minutes unless told otherwise. https://learn.microsoft.com/entra/identity/hybrid/connect/how-to-connect-sync-feature-scheduler */
const syncWatchMs = 45 * 60_000;

const sameSecondMs = 2_000;

/** What every action on a user reads first. */
export const userPermissions: readonly Permission[] = [
  { api: 'graph', role: 'User.Read.All', why: 'Finds the user, and sees afterwards that it worked.' },
  {
    api: 'graph',
    role: 'RoleManagement.Read.Directory',
    why: 'Sees whether the user is an administrator or may become one, and never touches the last Global Administrator.',
  },
];

const select = 'id,displayName,userPrincipalName,accountEnabled,onPremisesSyncEnabled,signInSessionsValidFromDateTime';
const readUsers = { api: 'graph', role: 'User.Read.All' } as const;
const userPath = (id: string): string => `/v1.0/users/${encodeURIComponent(id)}`;

async function readUser(run: ActionRun, id: string): Promise<GraphUser> {
  const doing = 'reading a user';
  const { json } = await request(run, {
    ...{ doing, method: 'GET', path: `${userPath(id)}?$select=${select}`, permission: readUsers, limits: ['directory'] },
  });
  const user = parsedAnswer(doing, graphUser, json);
  // An answer about somebody else must never be acted on.
  if (user.id.toLowerCase() !== id) throw new ConnectorError(doing, actionRefused('targetMissing'));
  return user;
}

/** The administrator roles a user holds now, through groups too. */
async function rolesOf(run: ActionRun, id: string): Promise<z.infer<typeof role>[]> {
  const found = await ask(run, {
    doing: 'reading the roles of a user',
    path: `${userPath(id)}/transitiveMemberOf/microsoft.graph.directoryRole?$select=id,displayName,roleTemplateId`,
    permission: { api: 'graph', role: 'RoleManagement.Read.Directory' },
    limits: ['directory'],
  });
  return found.map((one) => parsedAnswer('reading the roles of a user', role, one));
}

/**
 * The names of the roles that a user may activate (Privileged Identity Management); none without the licence for it. Those of a group are kept under the group,
 * and not among them. https://learn.microsoft.com/graph/api/rbacapplication-list-roleeligibilityscheduleinstances
 */
async function eligibleRolesOf(run: ActionRun, id: string): Promise<string[]> {
  const doing = 'reading the roles a user is eligible for';
  const filter = encodeURIComponent(`principalId eq '${id}'`);
  try {
    const found = await ask(run, {
      doing,
      path: `/v1.0/roleManagement/directory/roleEligibilityScheduleInstances?$filter=${filter}&$expand=roleDefinition`,
      permission: { api: 'graph', role: 'RoleManagement.Read.Directory' },
      limits: ['directory'],
    });
    const names = found.map((one) => {
      const { roleDefinition, roleDefinitionId } = parsedAnswer(doing, eligibility, one);
      return `${roleDefinition?.displayName ?? roleDefinitionId} (eligible)`;
    });
    return [...new Set(names)];
  } catch (error) {
    const kind = failureOf(error)?.kind;
    if (kind === 'notLicensed' || kind === 'notInThisCloud') return [];
    throw error;
  }
}

async function isLastGlobalAdministrator(run: ActionRun, id: string): Promise<boolean> {
  const doing = 'counting the Global Administrators';
  const members = await ask(run, {
    doing,
    path: `/v1.0/directoryRoles(roleTemplateId='${globalAdministrator}')/members/microsoft.graph.user?$select=id,accountEnabled`,
    permission: { api: 'graph', role: 'RoleManagement.Read.Directory' },
    limits: ['directory'],
  });
  const others = members.map((one) => parsedAnswer(doing, member, one)).filter((one) => one.id.toLowerCase() !== id);
  return !others.some(({ accountEnabled }) => accountEnabled === true);
}

/**
 * Reads a user and says what is known for and against an action. `locksOut`: it keeps the user from signing in, which must never happen to the last Global
 * Administrator.
 */
export function inspectUser({ locksOut }: { readonly locksOut: boolean }): Action['inspect'] {
  return async (run, id): Promise<TargetReport> => {
    let user;
    try {
      user = await readUser(run, id);
    } catch (error) {
      if (failureOf(error)?.kind !== 'contentMissing') throw error;
      const nobody = { kind: 'user', id, name: id } as const;
      return { target: nobody, roles: [], warnings: [], refusal: actionRefused('targetMissing'), state: 'unknown' };
    }
    const held = await rolesOf(run, id);
    const eligible = await eligibleRolesOf(run, id);
    const roles = [...held.map(({ displayName, roleTemplateId }) => displayName ?? roleTemplateId ?? 'a role'), ...eligible];
    const synced = user.onPremisesSyncEnabled === true;
    const warnings: ActionWarning[] = [
      ...(synced ? (['synced'] as const) : []),
      ...(roles.length > 0 ? (['privileged'] as const) : []),
    ];
    const isGlobal = held.some(({ roleTemplateId }) => roleTemplateId === globalAdministrator);
    const isLast = locksOut && isGlobal && (await isLastGlobalAdministrator(run, id));
    const { displayName, userPrincipalName, accountEnabled } = user;
    const name = displayName == null || displayName === '' ? userPrincipalName : `${displayName} (${userPrincipalName})`;
    return {
      target: { kind: 'user', id, name, ...(synced ? { synced } : {}) },
      ...{ roles, warnings, state: accountEnabled ? 'enabled' : 'disabled' },
      ...(isLast ? { refusal: actionRefused('lastGlobalAdministrator') } : {}),
    };
  };
}

/** A refusal of a change although the permission is there: the user is one that an application may not touch. */
function refusedChange(error: unknown): never {
  const failure = failureOf(error);
  if (failure?.kind === 'permissionMissing' && failure.code === 'Authorization_RequestDenied')
    throw new ConnectorError('changing a user', actionRefused('privilegedTarget', failure.permission), error);
  if (failure?.kind === 'contentMissing') throw new ConnectorError('changing a user', actionRefused('targetMissing'), error);
  throw error;
}

/** Switches an account on or off. https://learn.microsoft.com/graph/api/user-update */
export function accountStep(enabled: boolean): ActionStep {
  const word = enabled ? 'enabled' : 'disabled';
  return {
    id: enabled ? 'enable' : 'disable',
    title: enabled ? 'Enable the account' : 'Disable the account',
    look: async ({ run, target }) => {
      const { accountEnabled } = await readUser(run, target.id);
      return accountEnabled === enabled
        ? { kind: 'done', state: `account ${word}` }
        : { kind: 'needed', state: `account ${enabled ? 'disabled' : 'enabled'}` };
    },
    send: async ({ run, target }) => {
      const permission = { api: 'graph', role: 'User.EnableDisableAccount.All' } as const;
      const wanted = { path: userPath(target.id), body: { accountEnabled: enabled }, permission, limits: ['directory'] } as const;
      return sentOf(await request(run, { doing: 'changing an account', method: 'PATCH', ...wanted }).catch(refusedChange));
    },
    watchMs: ({ synced }) => (synced === true ? syncWatchMs : 0),
  };
}

/** Makes all refresh tokens and browser sessions of before worthless. https://learn.microsoft.com/graph/api/user-revokesigninsessions */
export const revokeStep: ActionStep = {
  id: 'revoke',
  title: 'Revoke the sessions',
  look: async ({ run, target, baseline }) => {
    const { signInSessionsValidFromDateTime } = await readUser(run, target.id);
    const now = signInSessionsValidFromDateTime ?? '';
    const state = now === '' ? 'sessions of any age are valid' : `sessions are valid from ${now}`;
    // Compared with what it was before, so that no clock matters.
    if (baseline !== undefined && now !== '' && now !== baseline) return { kind: 'done', state };
    // The time is in whole seconds: a second revocation within the same one could not be told from the first.
    const isJustNow = Math.abs(run.now().getTime() - Date.parse(now)) < sameSecondMs;
    return baseline === undefined && isJustNow ? { kind: 'blocked', state } : { kind: 'needed', state, baseline: now };
  },
  send: async ({ run, target }) => {
    const permission = { api: 'graph', role: 'User.RevokeSessions.All' } as const;
    const path = `${userPath(target.id)}/revokeSignInSessions`;
    const wanted = { doing: 'revoking sessions', method: 'POST', path, permission, limits: ['directory'] } as const;
    return sentOf(await request(run, wanted).catch(refusedChange));
  },
};

/** Tells Identity Protection that an account is in the wrong hands. https://learn.microsoft.com/graph/api/riskyuser-confirmcompromised */
export const compromisedStep: ActionStep = {
  id: 'confirm',
  title: 'Confirm the user as compromised',
  look: async ({ run, target }) => {
    const permission = { api: 'graph', role: 'IdentityRiskyUser.ReadWrite.All' } as const;
    const path = `/v1.0/identityProtection/riskyUsers/${encodeURIComponent(target.id)}`;
    try {
      const doing = 'reading the risk of a user';
      const { json } = await request(run, { doing, method: 'GET', path, permission, limits: ['identityProtection'] });
      const { riskState } = parsedAnswer(doing, risky, json);
      return riskState === 'confirmedCompromised'
        ? { kind: 'done', state: `risk ${riskState}` }
        : { kind: 'needed', state: `risk ${riskState}` };
    } catch (error) {
      // Who was never at risk is not in the list.
      if (failureOf(error)?.kind === 'contentMissing') return { kind: 'needed', state: 'no risk' };
      throw error;
    }
  },
  send: async ({ run, target }) => {
    const permission = { api: 'graph', role: 'IdentityRiskyUser.ReadWrite.All' } as const;
    const path = '/v1.0/identityProtection/riskyUsers/confirmCompromised';
    const wanted = { doing: 'confirming a user as compromised', method: 'POST', path, body: { userIds: [target.id] } } as const;
    return sentOf(await request(run, { ...wanted, permission, limits: ['identityProtection'] }));
  },
};
