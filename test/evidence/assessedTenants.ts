import { evidenceSource } from '../../src/app/assess';
import type { AssessPorts } from '../../src/app/assess';
import type { Clock } from '../../src/domain/ports';
import type { Run, Source } from '../../src/domain/source';
import type { Tenant } from '../../src/domain/tenant';
import { checks } from '../../src/evidence';
import { controls } from '../../src/evidence/controls';
import { createClouds } from '../../src/microsoft/clouds';
import { readGraphList } from '../../src/microsoft/graphList';
import { createHttp } from '../../src/microsoft/http';
import { createCredentials } from '../../src/microsoft/login';
import { createTenantSend } from '../../src/microsoft/tenantSend';
import { startTestBed } from '../local/microsoft365/client';
import type { TestBed } from '../local/microsoft365/client';
import type { SimulatedTenant } from '../local/microsoft365/tenant';
import { fakeSecrets, withoutRings, fakeTelemetry, provider } from '../microsoft/fakes';
import { MemoryEvidenceStore } from '../support/memoryEvidenceStore';
import { MemoryStores } from '../support/memoryStores';
import { tenantNamed } from '../support/simulatedTenant';
import { VirtualClock } from '../support/virtualClock';

/** A simulated Microsoft 365, and what assesses its tenants, on memory stores. */
export interface AssessStand {
  readonly bed: TestBed;
  readonly stores: MemoryStores;
  readonly evidence: MemoryEvidenceStore;
  readonly ports: AssessPorts;
  readonly source: Source;
  /** Adds a tenant of the simulation to the connector; returns it, and a run for it. */
  readonly add: (tenant: SimulatedTenant, more?: Partial<Tenant>) => { readonly tenant: Tenant; readonly run: Run };
  readonly stop: () => Promise<void>;
}

const minuteMs = 60_000;

/** Starts it at noon of 22 November 2026, with two days of the past. Short waits make the time pass at once; long ones last until they are given up. */
export async function startAssessStand(): Promise<AssessStand> {
  const bed = await startTestBed();
  bed.microsoft.graph.backfill(48);
  const clock: Clock = {
    now: () => bed.clock.now(),
    sleep: async (ms, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
        if (signal.aborted) reject(new Error('aborted'));
        if (ms >= minuteMs) return;
        bed.clock.advance(ms);
        resolve();
      }),
  };
  const stores = new MemoryStores(new VirtualClock(bed.clock.now()));
  const evidence = new MemoryEvidenceStore();
  const { urls } = bed.microsoft;
  const cloud = { id: 'custom', title: 'Simulated', login: urls.login, hosts: urls } as const;
  const clouds = createClouds(cloud);
  const http = createHttp({ ca: bed.ca });
  const secrets: Record<string, string> = {};
  const credentials = createCredentials({ ...withoutRings, http, clouds, secrets: fakeSecrets(secrets), clock });
  const { send } = createTenantSend({ http, credentials, clouds, clock, telemetry: fakeTelemetry() });
  const ports: AssessPorts = {
    ...{ clock, clouds, checks, controls, evidence },
    clockOffsetMs: () => 0,
    tenants: stores.tenants,
    sourceRows: stores.sourceRows,
    coverage: stores.coverage,
    sources: new Map(),
    telemetry: fakeTelemetry(),
    readList: readGraphList,
  };
  const { signal } = new AbortController();
  return {
    ...{ bed, stores, evidence, ports },
    source: evidenceSource(ports),
    add: (simulated, more = {}) => {
      const { tenantId, clientId, secret, name } = simulated;
      bed.microsoft.addTenant(simulated);
      secrets[tenantId] = secret;
      const tenant = tenantNamed(name, { id: tenantId, clientId, cloud: 'custom', secretName: tenantId, ...more });
      stores.tenants.put(tenant);
      const run: Run = {
        tenant: { id: tenantId, cloud },
        publisherId: provider,
        now: clock.now,
        signal,
        // As far apart as Microsoft's narrowest limit asks; that the connector keeps it is tested elsewhere.
        send: async (request) => {
          bed.clock.advance(2_000);
          return send(tenant, request, signal);
        },
      };
      return { tenant, run };
    },
    stop: async () => {
      http.close();
      await bed.stop();
    },
  };
}
