import type { Random } from '../../random';
import { someAddress, someAgent, someText } from '../../records/vocabulary';
import type { Feed } from '../operations';
import { anyUser, deviceOf, servicePrincipalOf } from './population';
import { arrival, guidOf, minuteMs, moments, preciseTime, wholeSeconds, type Maker, type World } from './world';

/** The four kinds of sign-ins with how many of each there are in an hour of a quiet tenant. */
export const signInKinds: readonly { feed: Feed; eventType: string; perHour: number }[] = [
  { feed: 'interactiveUserSignIns', eventType: 'interactiveUser', perHour: 2 },
  { feed: 'nonInteractiveUserSignIns', eventType: 'nonInteractiveUser', perHour: 2 },
  { feed: 'servicePrincipalSignIns', eventType: 'servicePrincipal', perHour: 1 },
  { feed: 'managedIdentitySignIns', eventType: 'managedIdentity', perHour: 0.5 },
];

const resources = [
  'Windows Azure Service Management API',
  'Microsoft Graph',
  'Office 365 Exchange Online',
  'SharePoint « Été »',
] as const;

function signIn(world: World, random: Random, id: string, atMs: number, eventType: string): Record<string, unknown> {
  const ofUser = eventType.endsWith('User');
  const user = anyUser(world, random.next());
  const application = servicePrincipalOf(world, random.int(0, world.size.servicePrincipals - 1));
  const device = deviceOf(world, random.int(0, world.size.devices - 1));
  const failed = random.chance(0.12);
  const risk = world.features.has('entraP2') ? 'none' : 'hidden';
  return {
    id,
    createdDateTime: wholeSeconds(atMs),
    userDisplayName: ofUser ? user.name : '',
    userPrincipalName: ofUser ? user.upn : '',
    userId: ofUser ? user.id : '',
    appId: application.appId,
    appDisplayName: application.name,
    ipAddress: someAddress(random),
    clientAppUsed: ofUser ? random.pick(['Browser', 'Mobile Apps and Desktop clients', 'IMAP4']) : '',
    userAgent: someAgent(random),
    correlationId: random.guid(),
    conditionalAccessStatus: failed ? 'failure' : random.pick(['success', 'notApplied']),
    isInteractive: eventType === 'interactiveUser',
    homeTenantId: world.tenantId,
    resourceTenantId: world.tenantId,
    resourceDisplayName: random.pick(resources),
    resourceId: random.guid(),
    servicePrincipalId: ofUser ? '' : application.id,
    servicePrincipalName: ofUser ? null : application.name,
    riskDetail: 'none',
    riskLevelAggregated: risk,
    riskLevelDuringSignIn: risk,
    riskState: 'none',
    riskEventTypes: [],
    riskEventTypes_v2: [],
    status: {
      errorCode: failed ? random.pick([50126, 50053, 53003]) : 0,
      failureReason: failed ? 'Invalid username or password.' : 'Other.',
      additionalDetails: null,
    },
    deviceDetail: {
      deviceId: device.deviceId,
      displayName: device.name,
      operatingSystem: device.system[0],
      browser: 'Edge 131.0.0',
      isCompliant: true,
      isManaged: true,
      trustType: 'Azure AD joined',
    },
    location: {
      city: 'Köln',
      state: 'Nordrhein-Westfalen',
      countryOrRegion: 'DE',
      geoCoordinates: { altitude: null, latitude: 50.93, longitude: 6.95 },
    },
    appliedConditionalAccessPolicies: [
      {
        id: random.guid(),
        displayName: 'Require MFA',
        result: failed ? 'failure' : 'success',
        enforcedGrantControls: ['Mfa'],
        enforcedSessionControls: [],
      },
    ],
    authenticationRequirement: 'multiFactorAuthentication',
    autonomousSystemNumber: random.int(1000, 400_000),
    uniqueTokenIdentifier: random.hex(22),
    userType: 'member',
    signInEventTypes: [eventType],
  };
}

/** Sign-ins of all four kinds, some of which arrive hours after they happened. */
export const signIns: Maker = {
  feeds: signInKinds.map(({ feed }) => feed),
  fill(world, fromMs, toMs, put) {
    for (const { feed, eventType, perHour } of signInKinds) {
      for (const { atMs, key, random } of moments(world, feed, perHour, fromMs, toMs)) {
        const id = guidOf(world, feed, key);
        const object = signIn(world, random, id, atMs, eventType);
        put(feed, {
          id,
          version: wholeSeconds(atMs),
          timeMs: atMs,
          visibleFromMs: arrival(world, random, atMs, [minuteMs, 8 * minuteMs]),
          object,
        });
      }
    }
  },
};

const activities = [
  ['Update user', 'UserManagement', 'Update', 'Core Directory', 'User'],
  ['Add member to group', 'GroupManagement', 'Assign', 'Core Directory', 'Group'],
  ['Consent to application', 'ApplicationManagement', 'Assign', 'Core Directory', 'ServicePrincipal'],
  ['Add member to role', 'RoleManagement', 'Assign', 'Core Directory', 'User'],
  ['Update conditional access policy', 'Policy', 'Update', 'Conditional Access', 'Policy'],
  ['User registered security info', 'UserManagement', 'Add', 'Authentication Methods', 'User'],
] as const;

/** Audited changes of the directory. */
export const audits: Maker = {
  feeds: ['directoryAudits'],
  fill(world, fromMs, toMs, put) {
    for (const { atMs, key, random } of moments(world, 'directoryAudit', 2, fromMs, toMs)) {
      const [activity, category, operation, service, type] = random.pick(activities);
      const actor = anyUser(world, random.next());
      const target = anyUser(world, random.next());
      const application = servicePrincipalOf(world, random.int(0, world.size.servicePrincipals - 1));
      const time = preciseTime(atMs, random);
      const id = `Directory_${guidOf(world, 'audit', key)}_${random.hex(5).toUpperCase()}`;
      const object = {
        id,
        category,
        correlationId: random.guid(),
        result: random.chance(0.95) ? 'success' : 'failure',
        resultReason: '',
        activityDisplayName: activity,
        activityDateTime: time,
        loggedByService: service,
        operationType: operation,
        initiatedBy: random.chance(0.3)
          ? {
              user: null,
              app: { appId: null, displayName: application.name, servicePrincipalId: application.id, servicePrincipalName: null },
            }
          : {
              user: { id: actor.id, displayName: null, userPrincipalName: actor.upn, ipAddress: someAddress(random) },
              app: null,
            },
        targetResources: [
          {
            id: target.id,
            displayName: null,
            type,
            userPrincipalName: target.upn,
            groupType: null,
            modifiedProperties: [{ displayName: 'JobTitle', oldValue: '[""]', newValue: JSON.stringify([someText(random, 1)]) }],
          },
        ],
        additionalDetails: [{ key: 'User-Agent', value: someAgent(random) }],
      };
      put('directoryAudits', {
        id,
        version: time,
        timeMs: atMs,
        visibleFromMs: arrival(world, random, atMs, [minuteMs, 8 * minuteMs]),
        object,
      });
    }
  },
};
