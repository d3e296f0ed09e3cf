import { incidentStand } from '../support/incidentStack';
import { contoso, fabrikam } from '../support/incidentTenants';

describe('the tenant is gone or is another one', () => {
  const { begin } = incidentStand();

  it.each([
    ['AF20011', 'auditOff', 80],
    ['AF20012', 'serviceMissing', 20],
    ['AF20010', 'tenantMismatch', 20],
  ])('F30: stops asking every minute, raises one alert and heals by itself after %s', async (code, kind, most) => {
    const incident = await begin({ tenants: [contoso, fabrikam], settings: { POLL_LONGEST_SECONDS: '7200' } });
    const refusing = incident.microsoft.faults.add({
      when: { tenantId: contoso.tenantId, operation: ['subscriptionsList', 'content'] },
      respond: { af: code, status: 400 },
    });
    await incident.runFor({ hours: 12 });
    incident.publish({ tenant: fabrikam });
    expect(await incident.row()).toMatchObject({ state: { name: 'needsAttention', failure: { kind, code } } });
    expect(refusing.used).toBeLessThan(most);
    expect(incident.logged('stateChanged').filter(({ severity }) => severity === 'error')).toHaveLength(1);

    refusing.remove();
    incident.publish();
    await incident.runFor({ hours: 2 });

    expect(incident.deliveredUnits()).toHaveLength(2);
    incident.expects = { alerts: ['runFinished', 'stateChanged'] };
  });
});
