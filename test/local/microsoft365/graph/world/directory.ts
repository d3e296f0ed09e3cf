import type { Feed } from '../operations';
import {
  changesOf,
  deviceObject,
  groupObject,
  servicePrincipalObject,
  servicePrincipalOf,
  stateOf,
  userObject,
  userOf,
  type Change,
  type Kind,
} from './population';
import { dayMs, guidOf, hourMs, once, randomOf, wholeSeconds, type Maker, type Put, type World } from './world';

const kinds: Record<
  Kind,
  { feed: Feed; size: keyof World['size']; make: (world: World, index: number, change: Change) => Record<string, unknown> }
> = {
  user: { feed: 'users', size: 'users', make: userObject },
  group: { feed: 'groups', size: 'groups', make: groupObject },
  device: { feed: 'devices', size: 'devices', make: deviceObject },
  servicePrincipal: { feed: 'servicePrincipals', size: 'servicePrincipals', make: servicePrincipalObject },
};

// Directory replication: a change can be read some seconds after it was made.
const replicationMs = [1000, 30_000] as const;

function putState(world: World, kind: Kind, index: number, change: Change, put: Put): void {
  const { feed, make } = kinds[kind];
  const random = randomOf(world, 'replication', kind, index, change.key);
  const object = make(world, index, change);
  put(feed, {
    id: String(object['id']),
    version: wholeSeconds(change.atMs),
    timeMs: change.atMs,
    visibleFromMs: change.atMs + random.int(...replicationMs),
    object,
    removed: change.removed ? 'changed' : undefined,
  });
}

/** Guests who come for a few days and then are deleted for good. */
function* guestsOf(world: World, fromMs: number, toMs: number): Generator<{ number: string; fromMs: number; toMs: number }> {
  for (let day = Math.floor(fromMs / dayMs); day <= Math.floor(toMs / dayMs); day++) {
    const random = randomOf(world, 'guests', day);
    for (let index = random.int(0, 2); index > 0; index--) {
      const comesMs = day * dayMs + random.int(0, dayMs - 1);
      yield { number: `${day}-${index}`, fromMs: comesMs, toMs: comesMs + random.int(dayMs, 5 * dayMs) };
    }
  }
}

function putGuests(world: World, fromMs: number, toMs: number, put: Put): void {
  for (const guest of guestsOf(world, fromMs, toMs)) {
    if (guest.fromMs <= fromMs || guest.fromMs > toMs) continue;
    const id = guidOf(world, 'guest', guest.number);
    const object = {
      ...userObject(world, 0, { atMs: guest.fromMs, key: 'base', removed: false }),
      displayName: `Guest ${guest.number}`,
      mail: `guest${guest.number}@partner.example`,
      userPrincipalName: `guest${guest.number}_partner.example#EXT#@${world.domain}`,
      id,
      userType: 'Guest',
      createdDateTime: wholeSeconds(guest.fromMs),
    };
    const draft = { id, object, visibleFromMs: guest.fromMs + 5000 };
    put('users', { ...draft, version: wholeSeconds(guest.fromMs), timeMs: guest.fromMs });
    put('users', {
      ...draft,
      version: wholeSeconds(guest.toMs),
      timeMs: guest.toMs,
      visibleFromMs: guest.toMs + 5000,
      removed: 'deleted',
    });
  }
}

/** Users, groups, devices and service principals: there from the beginning, changed, removed and restored. */
export const directory: Maker = {
  feeds: ['users', 'groups', 'devices', 'servicePrincipals'],
  begin(world, atMs, put) {
    for (const kind of Object.keys(kinds) as Kind[]) {
      for (let index = 0; index < world.size[kinds[kind].size]; index++) {
        const state = stateOf(world, kind, index, atMs);
        if (!state.removed) putState(world, kind, index, state, put);
      }
    }
    putGuests(world, atMs - 6 * dayMs, atMs, put);
  },
  fill(world, fromMs, toMs, put) {
    for (const kind of Object.keys(kinds) as Kind[]) {
      for (let index = 0; index < world.size[kinds[kind].size]; index++) {
        for (const change of changesOf(world, kind, index, fromMs, toMs)) putState(world, kind, index, change, put);
      }
    }
    putGuests(world, fromMs, toMs, put);
  },
};

const isBaseMember = (world: World, group: number, user: number) =>
  once(world, `member${group}|${user}`, () =>
    randomOf(world, 'member', group, user).chance(Math.min(0.5, 10 / world.size.users)),
  );

interface Toggle {
  atMs: number;
  user: number;
}

const toggleSlotMs = 8 * hourMs;

function toggleIn(world: World, group: number, slot: number): Toggle | undefined {
  return once(world, `toggle${group}|${slot}`, () => {
    const random = randomOf(world, 'toggle', group, slot);
    if (!random.chance(0.4)) return undefined;
    return { atMs: slot * toggleSlotMs + random.int(0, toggleSlotMs - 1), user: random.int(0, world.size.users - 1) };
  });
}

/** The toggles in (fromMs, toMs] and the last one before: until the next one, one user's membership is the other way round. */
function togglesOf(world: World, group: number, fromMs: number, toMs: number): Toggle[] {
  const toggles: Toggle[] = [];
  for (let slot = Math.floor(toMs / toggleSlotMs); slot > fromMs / toggleSlotMs - 90; slot--) {
    const toggle = toggleIn(world, group, slot);
    if (!toggle || toggle.atMs > toMs) continue;
    toggles.unshift(toggle);
    if (toggle.atMs <= fromMs) break;
  }
  return toggles;
}

function memberObject(world: World, user: number): Record<string, unknown> {
  const { id, upn, name, given, surname } = userOf(world, user);
  const nothing = { jobTitle: null, mobilePhone: null, officeLocation: null, preferredLanguage: null };
  return {
    '@odata.type': '#microsoft.graph.user',
    id,
    businessPhones: [],
    displayName: name,
    givenName: given,
    ...nothing,
    mail: upn,
    surname,
    userPrincipalName: upn,
  };
}

function putMembers(world: World, fromMs: number, toMs: number, begin: boolean, put: Put): void {
  for (let group = 0; group < world.size.groups; group++) {
    const owner = guidOf(world, 'group', group);
    const toggles = togglesOf(world, group, fromMs, toMs);
    for (let user = 0; user < world.size.users; user++) {
      const base = isBaseMember(world, group, user);
      const toggled = (atMs: number) => toggles.findLast((toggle) => toggle.atMs <= atMs)?.user === user;
      if (!base && !toggles.some((toggle) => toggle.user === user)) continue;
      // Who is removed from the directory is removed from its groups at once.
      const isMember = (atMs: number) => base !== toggled(atMs) && !stateOf(world, 'user', user, atMs).removed;
      const times = [...toggles.map(({ atMs }) => atMs), ...changesOf(world, 'user', user, fromMs, toMs).map(({ atMs }) => atMs)];
      let before = begin ? false : isMember(fromMs);
      for (const atMs of begin ? [toMs] : times.filter((time) => time > fromMs && time <= toMs).sort((a, b) => a - b)) {
        const after = isMember(atMs);
        if (after === before) continue;
        before = after;
        const id = `${owner}|${userOf(world, user).id}`;
        const visibleFromMs = begin ? atMs : atMs + replicationMs[1];
        const draft = { id, version: wholeSeconds(atMs), timeMs: atMs, visibleFromMs, owner };
        put('groupMembers', { ...draft, object: memberObject(world, user), removed: after ? undefined : 'deleted' });
      }
    }
  }
}

/** Who is in which group; the id of a membership is the group's and the member's. */
export const memberships: Maker = {
  feeds: ['groupMembers'],
  begin: (world, atMs, put) => putMembers(world, atMs, atMs, true, put),
  fill: (world, fromMs, toMs, put) => putMembers(world, fromMs, toMs, false, put),
};

const roles = ['User.Read.All', 'Mail.ReadWrite', 'Directory.Read.All', 'Sites.FullControl.All', 'AuditLog.Read.All'];

/** Permissions that service principals have been granted. */
export const grants: Maker = {
  feeds: ['oauth2PermissionGrants', 'appRoleAssignments'],
  begin(world, atMs, put) {
    const graph = servicePrincipalOf(world, 0);
    for (let index = 1; index < world.size.servicePrincipals; index++) {
      const { id: owner, name } = servicePrincipalOf(world, index);
      const random = randomOf(world, 'grants', index);
      const common = { version: 'granted', timeMs: atMs, visibleFromMs: atMs };
      for (let role = random.int(0, 2); role > 0; role--) {
        const id = random.hex(32);
        const object = {
          id,
          deletedDateTime: null,
          appRoleId: guidOf(world, 'role', random.pick(roles)),
          createdDateTime: wholeSeconds(Date.parse('2024-03-01T09:00:00Z') + random.int(0, 300) * dayMs),
          principalDisplayName: name,
          principalId: owner,
          principalType: 'ServicePrincipal',
          resourceDisplayName: graph.name,
          resourceId: graph.id,
        };
        put('appRoleAssignments', { ...common, id, object, owner });
      }
      if (!random.chance(0.5)) continue;
      const id = random.hex(40);
      const scope = ` ${random.pick(roles)} openid profile`;
      const object = { clientId: owner, consentType: 'AllPrincipals', id, principalId: null, resourceId: graph.id, scope };
      put('oauth2PermissionGrants', { ...common, id, object });
    }
  },
};
