import type { Random } from '../../random';
import { someAddress, someAgent } from '../../records/vocabulary';
import { servicePrincipalOf, userOf } from './population';
import { arrival, dayMs, guidOf, hourMs, minuteMs, moments, preciseTime, randomOf, type Maker, type World } from './world';

const types = [
  'unfamiliarFeatures',
  'anonymizedIPAddress',
  'unlikelyTravel',
  'leakedCredentials',
  'aKindNobodyKnewBefore',
] as const;
const slotMs = 3 * hourMs;
const usualDelay = [30_000, 5 * minuteMs] as const;

const degraded = (world: World) => !world.features.has('entraP2');

/** What becomes of a risk: at risk, then remediated or dismissed, or nothing more. */
function stepsOf(random: Random, atMs: number): { atMs: number; state: string; detail: string }[] {
  const steps = [{ atMs, state: 'atRisk', detail: 'none' }];
  if (random.chance(0.6)) {
    const [state, detail] = random.pick([
      ['remediated', 'userPerformedSecuredPasswordReset'],
      ['dismissed', 'adminDismissedAllRiskForUser'],
      ['confirmedCompromised', 'adminConfirmedUserCompromised'],
    ] as const);
    steps.push({ atMs: atMs + random.int(30 * minuteMs, 2 * dayMs), state, detail });
  }
  return steps;
}

const location = (random: Random) => ({
  city: random.pick(['Malmö', '大阪', 'São Paulo']),
  state: null,
  countryOrRegion: random.pick(['SE', 'JP', 'BR']),
  geoCoordinates: { altitude: null, latitude: 55.6, longitude: 13.0 },
});

/** Risk detections and the users they make risky. */
export const risk: Maker = {
  feeds: ['riskDetections', 'riskyUsers'],
  fill(world, fromMs, toMs, put) {
    const hidden = degraded(world);
    for (let slot = Math.floor(fromMs / slotMs); slot <= Math.floor(toMs / slotMs); slot++) {
      const random = randomOf(world, 'risk', slot);
      if (world.pace === 0 || !random.chance(Math.min(0.9, 0.3 + world.pace * 0.05))) continue;
      const atMs = slot * slotMs + random.int(0, slotMs - 1);
      if (atMs <= fromMs || atMs > toMs) continue;
      // Every slot has users of its own, so that a user's states come in the order of their times.
      const user = userOf(world, slot % world.size.users);
      const level = random.pick(['low', 'medium', 'high']);
      const detected = preciseTime(atMs + 2 * minuteMs, random);
      const id = random.hex(64);
      const facts = {
        requestId: random.guid(),
        correlationId: random.guid(),
        riskEventType: hidden ? 'generic' : random.pick(types),
        source: 'IdentityProtection',
        detectionTimingType: random.pick(['realtime', 'offline', 'nearRealtime']),
        activity: 'signin',
        tokenIssuerType: 'AzureAD',
        ipAddress: someAddress(random),
        location: location(random),
        activityDateTime: preciseTime(atMs, random),
        detectedDateTime: detected,
      };
      const additionalInfo = JSON.stringify([{ Key: 'userAgent', Value: someAgent(random) }]);
      for (const step of stepsOf(random, atMs)) {
        const timeMs = step.atMs + 2 * minuteMs;
        const updated = step.atMs === atMs ? detected : preciseTime(timeMs, random);
        const riskLevel = hidden ? 'hidden' : level;
        const riskDetail = hidden ? 'hidden' : step.detail;
        const names = { userDisplayName: user.name, userPrincipalName: user.upn };
        const draft = { version: updated, timeMs, visibleFromMs: arrival(world, random, timeMs, usualDelay) };
        put('riskDetections', {
          ...draft,
          id,
          object: {
            id,
            ...facts,
            riskState: step.state,
            riskLevel,
            riskDetail,
            lastUpdatedDateTime: updated,
            userId: user.id,
            ...names,
            additionalInfo,
          },
        });
        const ended = step.state === 'remediated' || step.state === 'dismissed';
        const object = {
          id: user.id,
          isDeleted: false,
          isProcessing: false,
          riskDetail,
          riskLastUpdatedDateTime: updated,
          riskLevel: ended && !hidden ? 'none' : riskLevel,
          riskState: step.state,
          ...names,
        };
        put('riskyUsers', { ...draft, id: user.id, object });
      }
    }
  },
};

/** The same of service principals. */
export const workloadRisk: Maker = {
  feeds: ['servicePrincipalRiskDetections', 'riskyServicePrincipals'],
  fill(world, fromMs, toMs, put) {
    for (const { atMs, key, random } of moments(world, 'workloadRisk', 0.01, fromMs, toMs)) {
      const { id: servicePrincipalId, appId, name } = servicePrincipalOf(world, random.int(0, world.size.servicePrincipals - 1));
      const time = preciseTime(atMs, random);
      const draft = { version: time, timeMs: atMs, visibleFromMs: arrival(world, random, atMs, usualDelay) };
      const common = { riskDetail: 'none', riskLevel: random.pick(['low', 'medium', 'high']), riskState: 'atRisk' };
      const id = guidOf(world, 'workloadRisk', key);
      const detection = {
        id,
        requestId: random.guid(),
        correlationId: random.guid(),
        riskEventType: random.pick(['leakedCredentials', 'suspiciousSignins', 'anomalousServicePrincipalActivity']),
        ...common,
        source: 'IdentityProtection',
        detectionTimingType: 'offline',
        activity: 'servicePrincipal',
        tokenIssuerType: 'AzureAD',
        ipAddress: someAddress(random),
        location: location(random),
        activityDateTime: time,
        detectedDateTime: time,
        lastUpdatedDateTime: time,
        servicePrincipalId,
        servicePrincipalDisplayName: name,
        appId,
        keyIds: [],
        additionalInfo: '[]',
      };
      put('servicePrincipalRiskDetections', { ...draft, id, object: detection });
      const principal = {
        id: servicePrincipalId,
        isEnabled: true,
        isProcessing: false,
        ...common,
        riskLastUpdatedDateTime: time,
        displayName: name,
        appId,
        servicePrincipalType: 'Application',
      };
      put('riskyServicePrincipals', { ...draft, id: servicePrincipalId, object: principal });
    }
  },
};
