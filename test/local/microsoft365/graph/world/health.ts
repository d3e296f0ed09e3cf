import { someText } from '../../records/vocabulary';
import { dayMs, guidOf, hourMs, moments, preciseTime, randomOf, wholeSeconds, type Maker, type World } from './world';

const services = [
  'Exchange Online',
  'Microsoft Teams',
  'SharePoint Online',
  'Microsoft Intune',
  'Microsoft Entra',
  'Microsoft Defender XDR',
] as const;

function overview(world: World, index: number, status: string): Record<string, unknown> {
  return { service: services[index], status, id: guidOf(world, 'service', index).slice(0, 8) };
}

/** Service health: issues that are posted to until they are over, messages, and the state of each service. */
export const health: Maker = {
  feeds: ['healthOverviews', 'healthIssues', 'messages'],
  begin(world, atMs, put) {
    for (const index of services.keys()) {
      const object = overview(world, index, 'serviceOperational');
      put('healthOverviews', { id: String(object['id']), version: 'operational', timeMs: atMs, object });
    }
  },
  fill(world, fromMs, toMs, put) {
    const quiet = { ...world, pace: Math.min(1, world.pace) };
    for (const { atMs, key, random } of moments(quiet, 'healthIssue', 0.08, fromMs, toMs)) {
      const index = random.int(0, services.length - 1);
      const id = `${random.pick(['EX', 'TM', 'SP', 'IT'])}${key.replace('-', '').slice(-6)}`;
      const start = wholeSeconds(atMs);
      const posts: object[] = [];
      const text = someText(random);
      let timeMs = atMs;
      for (const status of ['investigating', 'serviceDegradation', 'serviceRestored']) {
        const updated = preciseTime(timeMs, random);
        const over = status === 'serviceRestored';
        posts.push({
          createdDateTime: updated,
          postType: 'regular',
          description: { contentType: 'html', content: `<p>Title: <b>${status}</b></p><script>alert(1)</script>` },
        });
        const object = {
          startDateTime: start,
          endDateTime: over ? updated : null,
          lastModifiedDateTime: updated,
          title: `Some users can't use a feature — ${text}`,
          id,
          impactDescription: 'Users may be unable to “search”.',
          classification: 'advisory',
          origin: 'microsoft',
          status,
          service: services[index],
          feature: 'Search',
          featureGroup: 'Search',
          isResolved: over,
          highImpact: null,
          details: [{ name: 'NotifyInApp', value: 'True' }],
          posts: [...posts],
        };
        put('healthIssues', { id, version: updated, timeMs, visibleFromMs: timeMs + 30_000, object });
        const state = overview(world, index, over ? 'serviceOperational' : status);
        put('healthOverviews', {
          id: String(state['id']),
          version: updated,
          timeMs,
          visibleFromMs: timeMs + 30_000,
          object: state,
        });
        timeMs += random.int(hourMs, 12 * hourMs);
      }
    }
    for (const { atMs, key, random } of moments(quiet, 'message', 0.2, fromMs, toMs)) {
      const id = `MC${key.replace('-', '').slice(-7)}`;
      const time = preciseTime(atMs, random);
      const object = {
        startDateTime: wholeSeconds(atMs),
        endDateTime: wholeSeconds(atMs + 90 * dayMs),
        lastModifiedDateTime: time,
        title: `(Updated) ${someText(random, 1)}`,
        id,
        category: random.pick(['planForChange', 'stayInformed', 'preventOrFixIssue']),
        severity: 'normal',
        tags: ['New feature'],
        isMajorChange: random.chance(0.2),
        actionRequiredByDateTime: null,
        services: [random.pick(services)],
        expiryDateTime: null,
        hasAttachments: false,
        viewPoint: null,
        details: [],
        body: { contentType: 'html', content: '<p>We&#39;re making changes. <a href="https://example">More</a></p>' },
      };
      put('messages', { id, version: time, timeMs: atMs, visibleFromMs: atMs + 60_000, object });
    }
  },
};

const controls = [
  'AdminMFAV2',
  'BlockLegacyAuthentication',
  'PWAgePolicyNew',
  'OneAdmin',
  'SelfServicePasswordReset',
  'UserRiskPolicy',
] as const;

/** Secure Score: one object a day, and its controls. */
export const secureScore: Maker = {
  feeds: ['secureScores', 'secureScoreControlProfiles'],
  begin(world, atMs, put) {
    for (const [index, name] of controls.entries()) {
      const object = {
        id: name,
        azureTenantId: world.tenantId,
        actionType: 'Config',
        actionUrl: 'https://security.microsoft.com/',
        controlCategory: index % 2 === 0 ? 'Identity' : 'Device',
        title: `Ensure ${name} — „empfohlen“`,
        deprecated: false,
        implementationCost: 'Low',
        lastModifiedDateTime: null,
        maxScore: 10,
        rank: index + 1,
        remediation: '<p>Turn it on.</p>',
        remediationImpact: 'None',
        service: 'AzureAD',
        threats: ['Account breach'],
        tier: 'Core',
        userImpact: 'Low',
        complianceInformation: [],
        controlStateUpdates: [],
      };
      put('secureScoreControlProfiles', { id: name, version: 'first', timeMs: atMs, object });
    }
    secureScore.fill?.(world, atMs - 20 * dayMs, atMs, put);
  },
  fill(world, fromMs, toMs, put) {
    for (let day = Math.floor(fromMs / dayMs); day <= Math.floor(toMs / dayMs); day++) {
      const timeMs = day * dayMs;
      const random = randomOf(world, 'secureScore', day);
      if (timeMs <= fromMs || timeMs > toMs) continue;
      const date = new Date(timeMs).toISOString().slice(0, 10);
      const id = `${world.tenantId}_${date}`;
      const controlScores = controls.map((controlName) => ({
        controlCategory: 'Identity',
        controlName,
        description: 'Why it matters.',
        score: random.int(0, 10),
        scoreInPercentage: 50,
        implementationStatus: 'You have 3 of 60 users registered.',
        lastSynced: wholeSeconds(timeMs),
      }));
      const object = {
        id,
        azureTenantId: world.tenantId,
        activeUserCount: world.size.users,
        createdDateTime: wholeSeconds(timeMs),
        currentScore: controlScores.reduce((sum, { score }) => sum + score, 0) + 0.25,
        enabledServices: ['HasExchange', 'HasSharePoint'],
        licensedUserCount: world.size.users,
        maxScore: 10 * controls.length,
        vendorInformation: { provider: 'SecureScore', providerVersion: null, subProvider: null, vendor: 'Microsoft' },
        averageComparativeScores: [
          { basis: 'AllTenants', averageScore: 41.5 },
          { basis: 'TotalSeats', averageScore: 47.25 },
        ],
        controlScores,
      };
      put('secureScores', { id, version: date, timeMs, visibleFromMs: timeMs + random.int(hourMs, 5 * hourMs), object });
    }
  },
};

const policies = [
  ['Require MFA for administrators', 'enabled'],
  ['Block legacy authentication', 'enabled'],
  ['Anforderung: konformes Gerät', 'enabledForReportingButNotEnforced'],
  ['Old pilot', 'disabled'],
] as const;

/** Conditional Access policies, of which one is switched every few days. */
export const conditionalAccess: Maker = {
  feeds: ['conditionalAccessPolicies'],
  begin(world, atMs, put) {
    for (const [index, [, state]] of policies.entries()) {
      const object = policyObject(world, index, state, null);
      put('conditionalAccessPolicies', { id: String(object['id']), version: 'first', timeMs: atMs, object });
    }
  },
  fill(world, fromMs, toMs, put) {
    for (let day = Math.ceil(fromMs / dayMs); day * dayMs <= toMs; day++) {
      const random = randomOf(world, 'policyChange', day);
      const timeMs = day * dayMs;
      if (timeMs <= fromMs || !random.chance(0.4)) continue;
      const modified = preciseTime(timeMs, random);
      const state = random.pick(['enabled', 'disabled', 'enabledForReportingButNotEnforced']);
      const object = policyObject(world, random.int(0, policies.length - 1), state, modified);
      put('conditionalAccessPolicies', { id: String(object['id']), version: modified, timeMs, object });
    }
  },
};

function policyObject(world: World, index: number, state: string, modified: string | null): Record<string, unknown> {
  return {
    id: guidOf(world, 'policy', index),
    templateId: null,
    displayName: policies[index]?.[0] ?? '',
    createdDateTime: '2024-03-04T09:00:00.1234567Z',
    modifiedDateTime: modified,
    state,
    sessionControls: null,
    conditions: {
      userRiskLevels: [],
      signInRiskLevels: [],
      clientAppTypes: ['all'],
      servicePrincipalRiskLevels: [],
      insiderRiskLevels: null,
      platforms: null,
      locations: null,
      devices: null,
      clientApplications: null,
      applications: { includeApplications: ['All'], excludeApplications: [], includeUserActions: [], applicationFilter: null },
      users: {
        includeUsers: ['All'],
        excludeUsers: [guidOf(world, 'user', 0)],
        includeGroups: [],
        excludeGroups: [],
        includeRoles: [],
        excludeRoles: [],
      },
    },
    grantControls: {
      operator: 'OR',
      builtInControls: ['mfa'],
      customAuthenticationFactors: [],
      termsOfUse: [],
      authenticationStrength: null,
    },
  };
}
