import { someAgent } from '../../records/vocabulary';
import { dayMs, guidOf, once, randomOf, wholeSeconds, type World } from './world';

/** The kinds of directory objects that change by themselves. */
export type Kind = 'user' | 'group' | 'device' | 'servicePrincipal';

/** A change of an object: its state follows from the key. */
export interface Change {
  atMs: number;
  key: number | 'base';
  removed: boolean;
}

const givenNames = [
  'Zoë',
  'Łukasz',
  '太郎',
  'محمد',
  'דוד',
  'Ольга',
  'José',
  'Văn Anh',
  'Søren',
  'Ana 🦊',
  'Siobhán',
  '민준',
  'Megan',
  'Θεόδωρος',
];
const surnames = [
  'Müller',
  'Żółkiewski',
  '山田',
  'علي',
  'כהן',
  'Иванова',
  'Núñez',
  'Nguyễn',
  'Ærø',
  'Silva',
  "O'Neill",
  '김',
  'Bowen',
  'Παπάς',
];
const departments = ['Finance', 'Küche', '人事', 'Sales', 'IT', 'Legal & Compliance', 'Forschung', 'Operations'] as const;
const titles = [
  'Accountant',
  'Chef de Cuisine',
  'Analyst',
  'Engineer',
  'Counsel',
  'Director',
  'Assistant',
  'Überprüfer',
] as const;
const systems = [
  ['Windows', '10.0.26100.2314', 'Microsoft Corporation', 'Surface Laptop 7'],
  ['Windows', '10.0.22631.4460', 'Dell Inc.', 'Latitude 7440'],
  ['MacMDM', '15.1.1', 'Apple', 'MacBookPro18,3'],
  ['IPhone', '18.1', 'Apple', 'iPhone 15'],
  ['AndroidEnterprise', '15', 'Google', 'Pixel 9'],
] as const;

const changeChance: Record<Kind, number> = { user: 0.2, group: 0.1, device: 0.25, servicePrincipal: 0.05 };
const removalShare = 0.12;
const lookBackDays = 40;
const epochMs = Date.parse('2024-01-01T00:00:00Z');

/** The change of an object on one day, if there is one. */
function changeOn(world: World, kind: Kind, index: number, day: number): Change | undefined {
  return once(world, `${kind}${index}|${day}`, () => {
    const random = randomOf(world, 'change', kind, index, day);
    if (!random.chance(changeChance[kind])) return undefined;
    return { atMs: day * dayMs + random.int(0, dayMs - 1), key: day, removed: random.chance(removalShare) };
  });
}

/** The changes of an object in (fromMs, toMs]. */
export function changesOf(world: World, kind: Kind, index: number, fromMs: number, toMs: number): Change[] {
  const changes: Change[] = [];
  for (let day = Math.floor(fromMs / dayMs); day <= Math.floor(toMs / dayMs); day++) {
    const change = changeOn(world, kind, index, day);
    if (change && change.atMs > fromMs && change.atMs <= toMs) changes.push(change);
  }
  return changes;
}

/** The last change of an object up to a time; its first state when nothing changed for long. */
export function stateOf(world: World, kind: Kind, index: number, atMs: number): Change {
  for (let day = Math.floor(atMs / dayMs); day > atMs / dayMs - lookBackDays; day--) {
    const change = changeOn(world, kind, index, day);
    if (change && change.atMs <= atMs) return change;
  }
  return { atMs: epochMs, key: 'base', removed: false };
}

/** Facts of a user that never change. */
export function userOf(world: World, index: number): { id: string; upn: string; name: string; given: string; surname: string } {
  return once(world, `user${index}`, () => {
    const random = randomOf(world, 'user', index);
    const [given, surname] = [random.pick(givenNames), random.pick(surnames)];
    return { id: guidOf(world, 'user', index), upn: `user${index}@${world.domain}`, name: `${given} ${surname}`, given, surname };
  });
}

/** Some user of the tenant. */
export function anyUser(world: World, pick: number): ReturnType<typeof userOf> {
  return userOf(world, Math.floor(pick * world.size.users));
}

/** A user's state as Graph shows it. */
export function userObject(world: World, index: number, change: Change): Record<string, unknown> {
  const { id, upn, name, given, surname } = userOf(world, index);
  const random = randomOf(world, 'user', index, 'state', change.key);
  const created = epochMs - randomOf(world, 'user', index, 'created').int(1, 900) * dayMs;
  return {
    businessPhones: random.chance(0.3) ? [`+49 30 ${random.int(1_000_000, 9_999_999)}`] : [],
    displayName: name,
    givenName: given,
    jobTitle: random.pick(titles),
    mail: upn,
    mobilePhone: null,
    officeLocation: random.chance(0.5) ? `Haus ${random.int(1, 9)}` : null,
    preferredLanguage: random.pick(['en-US', 'de-DE', 'ja-JP', null]),
    surname,
    userPrincipalName: upn,
    id,
    accountEnabled: !random.chance(0.08),
    userType: 'Member',
    createdDateTime: wholeSeconds(created),
    deletedDateTime: null,
    department: random.pick(departments),
    onPremisesSyncEnabled: random.chance(0.3) ? true : null,
    onPremisesImmutableId: null,
    signInSessionsValidFromDateTime: wholeSeconds(change.atMs),
    usageLocation: 'DE',
    assignedLicenses: world.skus.length > 0 ? [{ disabledPlans: [], skuId: guidOf(world, 'sku', world.skus[0] ?? '') }] : [],
    signInActivity: {
      lastSignInDateTime: wholeSeconds(change.atMs - random.int(1, 600) * 60_000),
      lastSignInRequestId: random.guid(),
      lastNonInteractiveSignInDateTime: wholeSeconds(change.atMs - random.int(1, 60) * 60_000),
      lastNonInteractiveSignInRequestId: random.guid(),
      lastSuccessfulSignInDateTime: wholeSeconds(change.atMs - random.int(1, 600) * 60_000),
      lastSuccessfulSignInRequestId: random.guid(),
    },
  };
}

/** A group's state, without its members. */
export function groupObject(world: World, index: number, change: Change): Record<string, unknown> {
  const fixed = randomOf(world, 'group', index);
  const random = randomOf(world, 'group', index, 'state', change.key);
  const unified = fixed.chance(0.4);
  const name = `${fixed.pick(departments)} ${unified ? 'Team' : 'Zugriff'} ${index}`;
  return {
    id: guidOf(world, 'group', index),
    deletedDateTime: null,
    classification: null,
    createdDateTime: wholeSeconds(epochMs - fixed.int(1, 700) * dayMs),
    description: random.chance(0.6) ? `Purpose ${random.int(1, 99)} — « ${random.pick(titles)} »` : null,
    displayName: name,
    groupTypes: unified ? ['Unified'] : [],
    isAssignableToRole: null,
    mail: unified ? `group${index}@${world.domain}` : null,
    mailEnabled: unified,
    mailNickname: `group${index}`,
    onPremisesSyncEnabled: null,
    renewedDateTime: wholeSeconds(change.atMs),
    securityEnabled: !unified,
    visibility: unified ? random.pick(['Private', 'Public']) : null,
  };
}

/** Facts of a device that several APIs tell. */
export function deviceOf(
  world: World,
  index: number,
): {
  id: string;
  deviceId: string;
  machineId: string;
  name: string;
  system: (typeof systems)[number];
  owner: ReturnType<typeof userOf>;
} {
  return once(world, `device${index}`, () => {
    const random = randomOf(world, 'device', index);
    return {
      id: guidOf(world, 'device', index),
      deviceId: random.guid(),
      machineId: random.hex(40),
      name: `${random.pick(['DESKTOP', 'LAPTOP', 'KIOSK', 'büro'])}-${random.hex(6).toUpperCase()}`,
      system: random.pick(systems),
      owner: userOf(world, random.int(0, world.size.users - 1)),
    };
  });
}

/** A directory device's state. */
export function deviceObject(world: World, index: number, change: Change): Record<string, unknown> {
  const { id, deviceId, name, system } = deviceOf(world, index);
  const random = randomOf(world, 'device', index, 'state', change.key);
  const [operatingSystem, version, manufacturer, model] = system;
  return {
    id,
    deletedDateTime: null,
    accountEnabled: !random.chance(0.05),
    approximateLastSignInDateTime: wholeSeconds(change.atMs),
    createdDateTime: wholeSeconds(epochMs),
    deviceId,
    deviceOwnership: random.pick(['Company', 'Personal']),
    displayName: name,
    enrollmentType: 'AzureDomainJoined',
    isCompliant: random.chance(0.85),
    isManaged: true,
    isRooted: false,
    managementType: 'MDM',
    manufacturer,
    mdmAppId: '0000000a-0000-0000-c000-000000000000',
    model,
    onPremisesSyncEnabled: null,
    operatingSystem,
    operatingSystemVersion: version,
    physicalIds: [`[HWID]:h:${random.int(1e9, 9e9)}`],
    profileType: 'RegisteredDevice',
    registrationDateTime: wholeSeconds(epochMs),
    trustType: 'AzureAd',
  };
}

const applications = [
  'Salesforce',
  'Zendesk',
  'Backup für Microsoft 365',
  '勤怠管理',
  'SIEM Export',
  'GitHub',
  'Contracts & More',
  'Hütte',
];

/** Facts of a service principal that never change. */
export function servicePrincipalOf(world: World, index: number): { id: string; appId: string; name: string } {
  return once(world, `servicePrincipal${index}`, () => {
    const random = randomOf(world, 'servicePrincipal', index);
    const name = index === 0 ? 'Microsoft Graph' : `${random.pick(applications)} ${index}`;
    const appId = index === 0 ? '00000003-0000-0000-c000-000000000000' : random.guid();
    return { id: guidOf(world, 'servicePrincipal', index), appId, name };
  });
}

/** A service principal's state. */
export function servicePrincipalObject(world: World, index: number, change: Change): Record<string, unknown> {
  const { id, appId, name } = servicePrincipalOf(world, index);
  const random = randomOf(world, 'servicePrincipal', index, 'state', change.key);
  return {
    id,
    deletedDateTime: null,
    accountEnabled: !random.chance(0.1),
    appDisplayName: name,
    appId,
    appOwnerOrganizationId: index === 0 ? 'f8cdef31-a31e-4b4a-93e4-5f571e91255a' : world.tenantId,
    appRoleAssignmentRequired: random.chance(0.4),
    createdDateTime: wholeSeconds(epochMs),
    displayName: name,
    homepage: random.chance(0.3) ? `https://app${index}.example/?a=1&b="2"` : null,
    keyCredentials: [],
    notes: random.chance(0.2) ? someAgent(random) : null,
    passwordCredentials: random.chance(0.5)
      ? [
          {
            displayName: 'rotating',
            endDateTime: wholeSeconds(change.atMs + 90 * dayMs),
            hint: random.hex(3),
            keyId: random.guid(),
          },
        ]
      : [],
    replyUrls: [],
    servicePrincipalNames: [appId],
    servicePrincipalType: random.chance(0.1) ? 'ManagedIdentity' : 'Application',
    signInAudience: 'AzureADMyOrg',
    tags: ['WindowsAzureActiveDirectoryIntegratedApp'],
  };
}
