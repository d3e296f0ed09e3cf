import type { Random } from '../../random';
import { changesOf, deviceOf, stateOf, type Change } from './population';
import { dayMs, guidOf, preciseTime, randomOf, type Maker, type Put, type World } from './world';

function managedDevice(world: World, index: number, change: Change, random: Random): Record<string, unknown> {
  const { deviceId, name, system, owner } = deviceOf(world, index);
  const [operatingSystem, osVersion, manufacturer, model] = system;
  return {
    id: guidOf(world, 'managedDevice', index),
    userId: owner.id,
    deviceName: name,
    managedDeviceOwnerType: 'company',
    enrolledDateTime: '2024-02-01T08:15:30Z',
    lastSyncDateTime: preciseTime(change.atMs, random),
    operatingSystem,
    complianceState: random.pick(['compliant', 'compliant', 'compliant', 'noncompliant', 'inGracePeriod']),
    jailBroken: 'Unknown',
    managementAgent: 'mdm',
    managementState: 'managed',
    osVersion,
    azureADRegistered: true,
    azureADDeviceId: deviceId,
    deviceEnrollmentType: 'windowsAzureADJoin',
    emailAddress: owner.upn,
    isEncrypted: random.chance(0.9),
    isSupervised: false,
    exchangeLastSuccessfulSyncDateTime: '0001-01-01T00:00:00Z',
    userPrincipalName: owner.upn,
    userDisplayName: owner.name,
    model,
    manufacturer,
    imei: null,
    meid: null,
    phoneNumber: null,
    serialNumber: randomOf(world, 'serial', index).hex(10).toUpperCase(),
    partnerReportedThreatState: 'unknown',
    totalStorageSpaceInBytes: 512_110_190_592,
    freeStorageSpaceInBytes: random.int(1e9, 4e11),
    complianceGracePeriodExpirationDateTime: '9999-12-31T23:59:59.9999999Z',
  };
}

function machine(world: World, index: number, change: Change, random: Random): Record<string, unknown> {
  const { machineId, deviceId, name, system } = deviceOf(world, index);
  return {
    id: machineId,
    mergedIntoMachineId: null,
    isPotentialDuplication: false,
    computerDnsName: `${name.toLowerCase()}.${world.domain}`,
    firstSeen: '2024-02-01T08:20:11.5038231Z',
    lastSeen: preciseTime(change.atMs, random),
    osPlatform: system[0] === 'Windows' ? 'Windows11' : system[0],
    version: '24H2',
    osProcessor: 'x64',
    osBuild: 26100,
    lastIpAddress: `10.0.${random.int(0, 9)}.${random.int(1, 254)}`,
    lastExternalIpAddress: `203.0.113.${random.int(1, 254)}`,
    healthStatus: random.pick(['Active', 'Active', 'Inactive', 'ImpairedCommunication']),
    onboardingStatus: 'Onboarded',
    rbacGroupId: 0,
    rbacGroupName: null,
    riskScore: random.pick(['None', 'Low', 'Medium', 'High']),
    exposureLevel: random.pick(['None', 'Low', 'Medium', 'High']),
    isAadJoined: true,
    aadDeviceId: deviceId,
    machineTags: random.chance(0.3) ? ['Production', 'Größe L'] : [],
    defenderAvStatus: 'Updated',
  };
}

function putDevice(world: World, index: number, change: Change, put: Put): void {
  const random = randomOf(world, 'managed', index, change.key);
  const common = {
    timeMs: change.atMs,
    visibleFromMs: change.atMs + random.int(1000, 60_000),
    removed: change.removed ? ('deleted' as const) : undefined,
  };
  const managed = managedDevice(world, index, change, random);
  put('managedDevices', { ...common, id: String(managed['id']), version: String(managed['lastSyncDateTime']), object: managed });
  const seen = machine(world, index, change, random);
  put('defenderMachines', { ...common, id: String(seen['id']), version: String(seen['lastSeen']), object: seen });
}

/** The devices as Intune and Defender for Endpoint know them. */
export const managedDevices: Maker = {
  feeds: ['managedDevices', 'defenderMachines'],
  begin(world, atMs, put) {
    for (let index = 0; index < world.size.devices; index++) {
      const state = stateOf(world, 'device', index, atMs);
      if (!state.removed) putDevice(world, index, state, put);
    }
  },
  fill(world, fromMs, toMs, put) {
    for (let index = 0; index < world.size.devices; index++) {
      for (const change of changesOf(world, 'device', index, fromMs, toMs)) putDevice(world, index, change, put);
    }
  },
};

const configurations = [
  ['#microsoft.graph.windows10GeneralConfiguration', 'Windows – Grundschutz'],
  ['#microsoft.graph.iosGeneralDeviceConfiguration', 'iOS restrictions'],
  ['#microsoft.graph.macOSCustomConfiguration', 'macOS « FileVault »'],
  ['#microsoft.graph.androidWorkProfileGeneralDeviceConfiguration', 'Android work profile'],
] as const;
const policies = [
  ['#microsoft.graph.windows10CompliancePolicy', 'Windows: verschlüsselt'],
  ['#microsoft.graph.iosCompliancePolicy', 'iOS 17 or later'],
  ['#microsoft.graph.macOSCompliancePolicy', 'macOS'],
] as const;
const apps = [
  ['#microsoft.graph.win32LobApp', '7-Zip'],
  ['#microsoft.graph.iosStoreApp', 'Microsoft Outlook'],
  ['#microsoft.graph.webApp', 'Intranet – 社内'],
  ['#microsoft.graph.officeSuiteApp', 'Microsoft 365 Apps'],
] as const;

/** What Intune is set up with; an administrator changes one of each now and then. */
export const intuneSettings: Maker = {
  feeds: ['deviceConfigurations', 'deviceCompliancePolicies', 'mobileApps', 'detectedApps'],
  begin(world, atMs, put) {
    const lists = [
      ['deviceConfigurations', configurations],
      ['deviceCompliancePolicies', policies],
      ['mobileApps', apps],
    ] as const;
    for (const [feed, rows] of lists) {
      for (const [index, [type, displayName]] of rows.entries()) {
        const id = guidOf(world, feed, index);
        const modified = `2026-0${index + 1}-11T10:00:00.1234567Z`;
        const object = {
          '@odata.type': type,
          id,
          displayName,
          description: null,
          createdDateTime: '2024-01-10T10:00:00Z',
          lastModifiedDateTime: modified,
          version: index + 1,
        };
        put(feed, { id, version: modified, timeMs: atMs, object });
      }
    }
    const random = randomOf(world, 'detectedApps');
    for (let index = 0; index < 30 + world.size.devices; index++) {
      const id = random.hex(64);
      const object = {
        id,
        displayName: `${random.pick(['Notepad++', '7-Zip', 'Teams', 'Ação', 'Виджет'])} ${index}`,
        version: `${random.int(1, 30)}.${random.int(0, 9)}.${random.int(0, 9999)}`,
        sizeInByte: random.int(0, 1e9),
        deviceCount: random.int(1, world.size.devices),
        publisher: random.pick(['Microsoft Corporation', 'Igor Pavlov', '']),
        platform: random.pick(['windows', 'macOS', 'ios']),
      };
      put('detectedApps', { id, version: String(object.deviceCount), timeMs: atMs, object });
    }
  },
  fill(world, fromMs, toMs, put) {
    for (let day = Math.ceil(fromMs / dayMs); day * dayMs <= toMs; day++) {
      const random = randomOf(world, 'intuneChange', day);
      const index = random.int(0, configurations.length - 1);
      const timeMs = day * dayMs;
      if (timeMs <= fromMs || !random.chance(0.4)) continue;
      const [type, displayName] = configurations[index] ?? configurations[0];
      const modified = preciseTime(timeMs, random);
      const id = guidOf(world, 'deviceConfigurations', index);
      const object = {
        '@odata.type': type,
        id,
        displayName,
        description: `Changed on day ${day}`,
        createdDateTime: '2024-01-10T10:00:00Z',
        lastModifiedDateTime: modified,
        version: day,
      };
      put('deviceConfigurations', { id, version: modified, timeMs, object });
    }
  },
};
