import type { CollectOptions, CollectPorts } from '../../src/app/collectPorts';
import type { Cloud } from '../../src/domain/cloud';
import { defaultEventFormat } from '../../src/domain/event';
import { ConnectorError } from '../../src/domain/failure';
import { shardOf } from '../../src/domain/schedule';
import type { Source } from '../../src/domain/source';
import type { SimulatedProcess } from './simulatedProcess';

/** The options the connector has when nothing is set, with events small enough to need several a unit. */
export function simulatedOptions(more: Partial<CollectOptions> = {}): CollectOptions {
  return {
    publisherId: '99999999-8888-7777-6666-555555555555',
    owner: 'simulated',
    leaseMs: 180_000,
    budgetMs: 420_000,
    graceMs: 20_000,
    recheckMs: 900_000,
    sourcesAtOnce: 10,
    unitsInFlight: 4,
    outboxBytes: 60_000,
    unitsInMemory: 2_000,
    polling: { shortestSeconds: 60, longestSeconds: 900 },
    shards: 2,
    tenantsPerMessage: 10,
    queueDepthLimit: 1_000,
    keysPerTenant: 1,
    hubOf: ({ hub }) => hub,
    operationsHub: 'm365-operations',
    format: { ...defaultEventFormat, targetBytes: 3_000 },
    ...more,
  };
}

const commercial: Cloud = {
  id: 'commercial',
  title: 'Commercial',
  login: 'https://login.microsoftonline.com',
  hosts: {
    management: 'https://manage.office.com',
    graph: 'https://graph.microsoft.com',
    defender: 'https://api.security.microsoft.com',
  },
};

/** The ports of a simulated process. */
export function simulatedPorts(process: SimulatedProcess, sources: readonly Source[], options: CollectOptions): CollectPorts {
  return {
    ...process.ports,
    clock: process.clock,
    telemetry: process.telemetry,
    sources: new Map(sources.map((source) => [source.id, source])),
    clouds: (id) => (id === 'commercial' ? commercial : undefined),
    send: async () => Promise.reject(new ConnectorError('sending', { kind: 'unavailable', code: 'notSimulated' })),
    askAnew: () => undefined,
    tenantFacts: {
      roles: async () => Promise.resolve([]),
      servicePlans: async () => Promise.resolve([]),
      newestAlertAt: async () => Promise.resolve(undefined),
    },
    limitUse: () => [],
    clockOffsetMs: () => 0,
    shardOf: (tenantId) => shardOf(tenantId, options.shards),
    options,
  };
}
