import { probeId } from '../../src/app/probe';
import type { SourceRow } from '../../src/domain/sourceState';
import { defaultRoles } from '../local/microsoft365/tenant';
import { deliveredOf } from '../support/graphIncident';
import type { Incident } from '../support/incident';
import { incidentStand } from '../support/incidentStack';
import { contoso } from '../support/incidentTenants';

const sources = ['graph.directoryAudits', 'graph.riskyUsers'];
const tenants = [{ ...contoso, activity: 'steady' as const }];
const withoutAudits = defaultRoles.graph.filter((role) => role !== 'AuditLog.Read.All');

async function rowOf(incident: Incident, sourceId: string): Promise<SourceRow | undefined> {
  return incident.connector.collectPorts.sourceRows.find(contoso.tenantId, sourceId, incident.signal);
}

/** The verdicts that were told to the operations hub, in their order. */
function verdictsTold(incident: Incident): string[] {
  const told = incident.facts('M365Connector.Verdict');
  return told.map(({ source, before = 'none', verdict }) => `${String(source)}: ${String(before)} -> ${String(verdict)}`);
}

describe('a tenant whose licences or consent change', () => {
  const { begin } = incidentStand();

  async function started(changes: Partial<typeof contoso>): Promise<Incident> {
    const incident = await begin({ tenants: tenants.map((tenant) => ({ ...tenant, ...changes })), sources });
    incident.microsoft.graph.backfill(72);
    incident.expects = { possibleAlerts: ['stateChanged', 'runFinished', 'maintained'], violations: [] };
    return incident;
  }

  it('is not asked for what it did not consent to, and back-filled within an hour or so once it did', async () => {
    const incident = await started({ roles: { ...defaultRoles, graph: withoutAudits } });
    await incident.runFor({ minutes: 30 });

    expect((await rowOf(incident, 'graph.directoryAudits'))?.state).toMatchObject({
      name: 'needsAttention',
      failure: { kind: 'permissionMissing', permission: 'AuditLog.Read.All' },
    });
    expect(deliveredOf(incident, 'graph.directoryAudits')).toEqual([]);
    expect(deliveredOf(incident, 'graph.riskyUsers').length).toBeGreaterThan(0);
    expect(verdictsTold(incident).sort()).toEqual([
      'graph.directoryAudits: none -> Permission missing',
      'graph.riskyUsers: none -> Available',
    ]);
    const asked = incident.requests('directoryAudits').length;
    await incident.runFor({ minutes: 40 });
    expect(incident.requests('directoryAudits')).toHaveLength(asked);

    incident.microsoft.tenant(contoso.tenantId).setRoles('graph', defaultRoles.graph);
    await incident.runFor({ minutes: 80 });

    const delivered = deliveredOf(incident, 'graph.directoryAudits');
    const oldest = delivered
      .map(({ original }) => (JSON.parse(original.toString()) as { activityDateTime: string }).activityDateTime)
      .sort()[0];
    expect(Date.parse(oldest ?? '')).toBeLessThan(incident.ago({ hours: 60 }).getTime());
    expect((await rowOf(incident, 'graph.directoryAudits'))?.state.name).toBe('collecting');
    expect(verdictsTold(incident)).toContain('graph.directoryAudits: Permission missing -> Available');
  });

  it('is asked again daily for what it has no licence for, and collected from the day it has', async () => {
    const incident = await started({ skus: ['SPE_E3'] });
    await incident.runFor({ hours: 2 });

    expect((await rowOf(incident, 'graph.riskyUsers'))?.state).toMatchObject({
      name: 'notAvailable',
      failure: { kind: 'notLicensed' },
    });
    const asked = incident.requests('riskyUsers').length;
    incident.microsoft.tenant(contoso.tenantId).setSkus(['SPE_E5']);
    await incident.runFor({ hours: 24 });

    expect(incident.requests('riskyUsers').length).toBeGreaterThan(asked);
    expect(deliveredOf(incident, 'graph.riskyUsers').length).toBeGreaterThan(0);
    expect((await rowOf(incident, 'graph.riskyUsers'))?.state.name).toBe('collecting');
  });

  it('that withdraws a permission is told so at once, and never shown as quiet', async () => {
    const incident = await started({});
    await incident.runFor({ minutes: 30 });
    const probedAt = (await rowOf(incident, probeId))?.lastRunAt;
    expect((await rowOf(incident, 'graph.directoryAudits'))?.state.name).toBe('collecting');

    incident.microsoft.tenant(contoso.tenantId).setRoles('graph', withoutAudits);
    // The token at hand still works for an hour.
    await incident.runFor({ minutes: 75 });

    expect((await rowOf(incident, 'graph.directoryAudits'))?.state).toMatchObject({
      name: 'needsAttention',
      failure: { kind: 'permissionMissing', permission: 'AuditLog.Read.All' },
    });
    expect((await rowOf(incident, probeId))?.lastRunAt).not.toBe(probedAt);
    expect(verdictsTold(incident)).toContain('graph.directoryAudits: Available -> Permission missing');
  });

  it('is probed again when the probe died before it could say what it found', async () => {
    let deaths = 0;
    const incident = await begin({
      tenants: tenants.map((tenant) => ({ ...tenant, roles: { ...defaultRoles, graph: withoutAudits } })),
      sources,
      ports: (real) => ({
        profiles: {
          ...real.profiles,
          save: async (profile, signal) => {
            deaths += 1;
            if (deaths === 1) throw new Error('The process died.');
            return real.profiles.save(profile, signal);
          },
        },
      }),
    });
    incident.microsoft.graph.backfill(24);
    incident.expects = { possibleAlerts: ['stateChanged', 'runFinished', 'maintained', 'sourceFailed'], violations: [] };

    await incident.runFor({ minutes: 50 });

    expect(deaths).toBeGreaterThan(1);
    expect((await incident.connector.collectPorts.profiles.find(contoso.tenantId, incident.signal))?.verdicts).toMatchObject({
      'graph.directoryAudits': { name: 'permissionMissing' },
      'graph.riskyUsers': { name: 'ok' },
    });
  });
});
