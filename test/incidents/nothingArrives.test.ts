import { diagnose } from '../../src/app/doctor';
import type { Diagnosis } from '../../src/app/doctor';
import type { Incident } from '../support/incident';
import { incidentStand } from '../support/incidentStack';
import { contoso } from '../support/incidentTenants';

describe('every list is answered, and every list is empty', () => {
  const { begin } = incidentStand();

  it('F36: waits with a reason for twelve hours, then is degraded with a reason and an alert, and heals with the first content', async () => {
    const incident = await begin();
    await incident.runFor({ hours: 11 });
    expect(await incident.row()).toMatchObject({ state: { name: 'waiting', silence: 'awaitingFirstContent' } });

    await incident.runFor({ hours: 2 });
    expect(await incident.row()).toMatchObject({ state: { name: 'degraded', silence: 'silentSinceStart' } });
    expect(incident.logged('stateChanged').filter(({ severity }) => severity !== 'info')).toHaveLength(1);
    expect((await diagnosis(incident))?.nextStep).toMatch(/unified audit logging/i);
    incident.publish();
    await incident.runFor({ hours: 1 });

    expect(await incident.row()).toMatchObject({ state: { name: 'collecting' } });
    incident.expects = { alerts: ['stateChanged'] };
  });

  it('F36: a source that once delivered is shown as quiet after a day, never as healthy without a reason', async () => {
    const incident = await begin({ settings: { POLL_LONGEST_SECONDS: '3600' } });
    incident.publish();
    await incident.runFor({ hours: 26 });

    expect(await incident.row()).toMatchObject({ state: { name: 'collecting', silence: 'quiet' } });
    expect((await diagnosis(incident))?.why).toMatch(/Nothing new for more than 24 hours/);
  });
});

async function diagnosis(incident: Incident): Promise<Diagnosis | undefined> {
  const { collectPorts } = incident.connector;
  const found = await collectPorts.tenants.find(contoso.tenantId, incident.signal);
  return found === undefined ? undefined : (await diagnose(collectPorts, found.tenant, incident.signal))[0];
}
