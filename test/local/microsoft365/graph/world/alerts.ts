import { someText } from '../../records/vocabulary';
import type { Random } from '../../random';
import { anyUser, deviceOf } from './population';
import { arrival, dayMs, hourMs, minuteMs, moments, preciseTime, type Maker, type Put, type World } from './world';

const kinds = [
  ['Suspicious execution of hidden file', 'DefenseEvasion', 'microsoftDefenderForEndpoint', 'antivirus', 'T1564.001'],
  ['“EICAR_Test_File” malware was prevented', 'Malware', 'microsoftDefenderForEndpoint', 'microsoftDefenderForEndpoint', 'T1204'],
  [
    'Email messages containing malicious URL removed after delivery',
    'InitialAccess',
    'microsoftDefenderForOffice365',
    'microsoftDefenderForOffice365',
    'T1566.002',
  ],
  ['Honeytoken activity', 'CredentialAccess', 'microsoftDefenderForIdentity', 'microsoftDefenderForIdentity', 'T1078'],
  ['Impossible travel', 'InitialAccess', 'microsoftDefenderForCloudApps', 'microsoftDefenderForCloudApps', 'T1078.004'],
  ['Anonymous IP address', 'InitialAccess', 'azureAdIdentityProtection', 'azureAdIdentityProtection', 'T1078'],
  [
    'DLP policy (Fuß & Hand) matched for email with subject (年度予算)',
    'Exfiltration',
    'dataLossPrevention',
    'microsoftDataLossPrevention',
    'T1567',
  ],
  ['Crypto-mining activity', 'Impact', 'microsoftDefenderForCloud', 'microsoftDefenderForCloud', 'T1496'],
  ['Scheduled analytics rule: rare country', 'InitialAccess', 'microsoftSentinel', 'scheduledAlerts', 'T1078'],
] as const;

/** The least licence under which a product raises alerts. */
function kindsOf({ features }: World): readonly (typeof kinds)[number][] {
  return kinds.filter(([, , product]) => {
    if (product === 'microsoftDefenderForEndpoint') return features.has('defenderForEndpoint');
    return product === 'azureAdIdentityProtection' ? features.has('entraP2') : true;
  });
}

interface Step {
  atMs: number;
  status: 'new' | 'inProgress' | 'resolved';
  classification: string;
  determination: string;
  assignedTo: string | null;
}

/** What becomes of an incident: raised, sometimes enriched, mostly taken up and resolved, within three days. */
function stepsOf(world: World, random: Random, atMs: number): Step[] {
  const open = { classification: 'unknown', determination: 'unknown', assignedTo: null };
  const steps: Step[] = [{ atMs, status: 'new', ...open }];
  const next = (least: number, most: number) => (steps.at(-1)?.atMs ?? atMs) + random.int(least, most);
  if (random.chance(0.5)) steps.push({ atMs: next(minuteMs, 20 * minuteMs), status: 'new', ...open });
  if (!random.chance(0.75)) return steps;
  const assignedTo = anyUser(world, random.next()).upn;
  steps.push({ ...open, atMs: next(10 * minuteMs, 12 * hourMs), status: 'inProgress', assignedTo });
  if (!random.chance(0.8)) return steps;
  const [classification, determination] = random.pick([
    ['truePositive', 'malware'],
    ['falsePositive', 'notMalicious'],
    ['informationalExpectedActivity', 'lineOfBusinessApplication'],
    ['truePositive', 'confirmedActivityOfAKindNobodyKnewBefore'],
  ] as const);
  steps.push({ atMs: next(hourMs, 2 * dayMs), status: 'resolved', assignedTo, classification, determination });
  return steps;
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** An incident with its alerts, before it is written. */
interface Incident {
  id: string;
  createdMs: number;
  created: string;
  severity: string;
  steps: Step[];
  kinds: (typeof kinds)[number][];
}

const link = (world: World, what: string, id: string) => `https://security.microsoft.com/${what}/${id}?tid=${world.tenantId}`;

function incidentObject(world: World, random: Random, incident: Incident, step: Step, updated: string): Record<string, unknown> {
  return {
    id: incident.id,
    tenantId: world.tenantId,
    status: step.status === 'new' ? 'active' : step.status,
    incidentWebUrl: link(world, 'incidents', incident.id),
    redirectIncidentId: null,
    displayName: `${incident.kinds[0]?.[0] ?? ''} involving one user`,
    createdDateTime: incident.created,
    lastUpdateDateTime: updated,
    assignedTo: step.assignedTo,
    classification: step.classification,
    determination: step.determination,
    severity: incident.severity,
    customTags: [],
    systemTags: [],
    description: null,
    summary: null,
    lastModifiedBy: 'Microsoft 365 Defender-AlertCorrelation',
    resolvingComment: null,
    priorityScore: random.int(1, 100),
    comments:
      step.status === 'resolved'
        ? [{ comment: someText(random, 1), createdByDisplayName: step.assignedTo, createdDateTime: updated }]
        : [],
  };
}

/** What the states of one alert have in common. */
interface AlertFacts {
  id: string;
  incident: Incident;
  kind: (typeof kinds)[number];
  device: ReturnType<typeof deviceOf>;
  user: ReturnType<typeof anyUser>;
  sha256: string;
  description: string;
  created: string;
  began: string;
}

function alertObject(world: World, facts: AlertFacts, step: Step, updated: string): Record<string, unknown> {
  const { id, incident, kind, device, user } = facts;
  const evidence = { createdDateTime: updated, remediationStatus: 'none', remediationStatusDetails: null, tags: [] };
  return {
    '@odata.type': '#microsoft.graph.security.alert',
    id,
    providerAlertId: id,
    incidentId: incident.id,
    status: step.status,
    severity: incident.severity,
    classification: step.classification,
    determination: step.determination,
    serviceSource: kind[2],
    detectionSource: kind[3],
    detectorId: `detector-${kind[4]}`,
    productName: capital(kind[2]),
    tenantId: world.tenantId,
    title: kind[0],
    description: facts.description,
    recommendedActions: 'Review the timeline.\n•\tCollect artefacts\n•\tReset passwords',
    category: kind[1],
    categories: [kind[1]],
    assignedTo: step.assignedTo,
    alertWebUrl: link(world, 'alerts', id),
    incidentWebUrl: link(world, 'incidents', incident.id),
    actorDisplayName: null,
    threatDisplayName: null,
    threatFamilyName: null,
    mitreTechniques: [kind[4]],
    createdDateTime: facts.created,
    lastUpdateDateTime: updated,
    resolvedDateTime: step.status === 'resolved' ? updated : null,
    firstActivityDateTime: facts.began,
    lastActivityDateTime: updated,
    investigationState: 'unsupportedAlertType',
    comments: [],
    systemTags: [],
    evidence: [
      {
        '@odata.type': '#microsoft.graph.security.deviceEvidence',
        ...evidence,
        verdict: 'unknown',
        mdeDeviceId: device.machineId,
        azureAdDeviceId: device.deviceId,
        deviceDnsName: `${device.name}.${world.domain}`,
        osBuild: 26100,
        healthStatus: 'active',
        riskScore: incident.severity,
        loggedOnUsers: [],
        roles: ['compromised'],
      },
      {
        '@odata.type': '#microsoft.graph.security.userEvidence',
        ...evidence,
        verdict: 'suspicious',
        userAccount: { accountName: user.upn.split('@')[0], azureAdUserId: user.id, userPrincipalName: user.upn },
        roles: [],
      },
      {
        '@odata.type': '#microsoft.graph.security.fileEvidence',
        ...evidence,
        verdict: 'malicious',
        fileDetails: { sha256: facts.sha256 },
      },
    ],
  };
}

function machineAlertObject(world: World, facts: AlertFacts, step: Step, updated: string): Record<string, unknown> {
  const { id, incident, kind, device, user, sha256 } = facts;
  return {
    id,
    incidentId: Number(incident.id),
    investigationId: null,
    assignedTo: step.assignedTo,
    severity: capital(incident.severity),
    status: capital(step.status),
    classification: step.classification === 'unknown' ? null : capital(step.classification),
    determination: step.determination === 'unknown' ? null : capital(step.determination),
    investigationState: 'Queued',
    detectionSource: 'WindowsDefenderAtp',
    detectorId: `detector-${kind[4]}`,
    category: kind[1],
    threatFamilyName: null,
    title: kind[0],
    description: facts.description,
    alertCreationTime: facts.created,
    firstEventTime: facts.began,
    lastEventTime: updated,
    lastUpdateTime: updated,
    resolvedTime: step.status === 'resolved' ? updated : null,
    machineId: device.machineId,
    computerDnsName: `${device.name}.${world.domain}`,
    rbacGroupName: 'UnassignedGroup',
    aadTenantId: world.tenantId,
    threatName: null,
    mitreTechniques: [kind[4]],
    relatedUser: { userName: user.upn.split('@')[0], domainName: 'AzureAD' },
    comments: [],
    evidence: [
      { entityType: 'File', evidenceCreationTime: updated, sha256, fileName: 'MsSense.exe', detectionStatus: 'Detected' },
    ],
  };
}

const usualDelay = [20_000, 3 * minuteMs] as const;

function putAlerts(world: World, random: Random, incident: Incident, key: string, put: Put): void {
  for (const [number, kind] of incident.kinds.entries()) {
    const ofEndpoint = kind[2] === 'microsoftDefenderForEndpoint';
    const createdMs = incident.createdMs + number * 1500;
    const facts: AlertFacts = {
      id: `${ofEndpoint ? 'da' : 'fa'}${random.int(1e8, 9e8)}${key.replace('-', '_')}${number}`,
      incident,
      kind,
      device: deviceOf(world, random.int(0, world.size.devices - 1)),
      user: anyUser(world, random.next()),
      sha256: random.hex(64),
      description: `${kind[0]} — ${someText(random)}`,
      created: preciseTime(createdMs, random),
      began: preciseTime(createdMs - 10 * minuteMs, random),
    };
    for (const step of incident.steps) {
      const timeMs = step.atMs + number * 1500;
      const updated = timeMs === createdMs ? facts.created : preciseTime(timeMs, random);
      const draft = { id: facts.id, version: updated, timeMs, visibleFromMs: arrival(world, random, timeMs, usualDelay) };
      put('alertsV2', { ...draft, object: alertObject(world, facts, step, updated) });
      if (ofEndpoint) put('defenderAlerts', { ...draft, object: machineAlertObject(world, facts, step, updated) });
    }
  }
}

/** Incidents with their alerts, in the words of Graph and of Defender for Endpoint; each is updated later. */
export const alerts: Maker = {
  feeds: ['incidents', 'alertsV2', 'defenderAlerts'],
  fill(world, fromMs, toMs, put) {
    const possible = kindsOf(world);
    for (const { atMs, key, random } of moments(world, 'incident', 0.5, fromMs, toMs)) {
      const [slot = 0, index = 0] = key.split('-').map(Number);
      const incident: Incident = {
        id: String(slot * 100 + index),
        createdMs: atMs,
        created: preciseTime(atMs, random),
        severity: random.pick(['informational', 'low', 'medium', 'medium', 'high']),
        steps: stepsOf(world, random, atMs),
        kinds: Array.from({ length: random.int(1, 3) }, () => random.pick(possible)),
      };
      for (const step of incident.steps) {
        const updated = step.atMs === atMs ? incident.created : preciseTime(step.atMs, random);
        put('incidents', {
          id: incident.id,
          version: updated,
          timeMs: step.atMs,
          visibleFromMs: arrival(world, random, step.atMs, usualDelay),
          object: incidentObject(world, random, incident, step, updated),
        });
      }
      putAlerts(world, random, incident, key, put);
    }
  },
};
