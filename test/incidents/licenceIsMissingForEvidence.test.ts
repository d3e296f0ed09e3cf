import { evidenceSourceId } from '../../src/app/assess';
import { addTenant } from '../../src/app/tenants';
import { deliveredRecords } from '../local/historyCheck';
import type { SimulatedTenant } from '../local/microsoft365/tenant';
import type { Incident } from '../support/incident';
import { incidentStand } from '../support/incidentStack';
import { contoso } from '../support/incidentTenants';

const withoutP2: SimulatedTenant = { ...contoso, skus: ['SPE_E3'] };
const hub = 'm365-posture';

interface Told {
  readonly check: string;
  readonly status: string;
  readonly statement: string;
  readonly failure?: { readonly kind: string };
  readonly assessment: { readonly id: string };
}

describe('a licence is missing for a part of the evidence', () => {
  const { begin, stand } = incidentStand();

  async function assessed(tenant: SimulatedTenant): Promise<Incident> {
    stand().emulator.addHub(hub, 1);
    const incident = await begin({ tenants: [tenant], sources: [evidenceSourceId] });
    incident.microsoft.graph.backfill(48);
    const { tenantId, clientId, secret, name } = tenant;
    await addTenant(
      incident.connector.tenantPorts,
      {
        ...{ tenant: tenantId, clientId, secret, cloud: 'custom', name, description: '', stampName: false },
        integrations: [{ id: 'evidence', polling: { kind: 'adaptive' } }],
      },
      () => undefined,
      incident.signal,
    );
    return incident;
  }

  /** What arrived in the hub, of one check. */
  const told = (check: string): Told[] =>
    [...stand().emulator.read(hub)]
      .flatMap((event) => deliveredRecords(event))
      .map(({ record }) => (JSON.parse(record.toString()) as { readonly properties: Told }).properties)
      .filter((properties) => properties.check === check);

  it('risky users without Entra ID P2 are not available, in words, never an error; bought, they are there the next day', async () => {
    const incident = await assessed(withoutP2);

    await incident.runFor({ hours: 3 });

    expect(told('riskyUsers')).toEqual([
      expect.objectContaining({ status: 'notAvailable', figures: {}, failure: { kind: 'notLicensed', code: 'Forbidden' } }),
    ]);
    expect(told('conditionalAccess').map(({ status }) => status)).toEqual(['met']);
    expect(told('riskyUsers')[0]?.statement).toMatch(/licen[cs]e/i);
    expect(told('secureScore').map(({ status }) => status)).not.toContain('notAvailable');
    expect(await incident.row(withoutP2, evidenceSourceId)).toMatchObject({ state: { name: 'collecting' }, failedRuns: 0 });
    expect(incident.log.filter(({ severity }) => severity !== 'info')).toEqual([]);

    incident.microsoft.tenant(withoutP2.tenantId).setSkus(['SPE_E5']);
    await incident.runFor({ hours: 23 });

    const found = told('riskyUsers').map(({ status }) => status);
    expect([found.length >= 2, found.at(-1)]).toEqual([true, expect.stringMatching(/^(met|attention)$/)]);
  });
});
