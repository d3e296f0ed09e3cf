import { incidentStand } from '../support/incidentStack';
import { contoso, fabrikam } from '../support/incidentTenants';

const collecting = ['subscriptionsList', 'content', 'nextPage', 'blob'] as const;

describe('Microsoft throttles one tenant for half an hour', () => {
  const { begin } = incidentStand();

  it.each([
    ['with Retry-After', { af: 'AF429', status: 429, retryAfter: 120 }],
    ['without Retry-After', { af: 'AF429', status: 429 }],
    ['as 403', { af: 'AF429', status: 403 }],
  ])('F31: keeps quiet for that tenant, %s, and does not let the other one wait', async (_words, respond) => {
    const incident = await begin({ tenants: [contoso, fabrikam] });
    await incident.runUntilQuiet();
    const throttling = incident.microsoft.faults.add({ when: { tenantId: contoso.tenantId, operation: collecting }, respond });
    const units = [incident.publish(), incident.publish()];
    const undisturbed = incident.publish({ tenant: fabrikam });

    await incident.runFor({ minutes: 30 });
    expect(incident.deliveredUnits()).toEqual([undisturbed]);
    expect(throttling.used).toBeLessThan(20);
    expect(await incident.row()).toMatchObject({ state: { name: 'waiting', failure: { kind: 'throttled', code: 'AF429' } } });
    throttling.remove();
    await incident.runFor({ minutes: 40 });

    expect(incident.deliveredUnits().toSorted()).toEqual([...units, undisturbed].toSorted());
    incident.expects = { alerts: ['runFinished'] };
  });

  it('F31: throttled among many blobs, it delivers the others and comes back for the rest', async () => {
    const incident = await begin();
    const units = Array.from({ length: 40 }, () => incident.publish());
    const respond = { af: 'AF429', status: 429, retryAfter: 30 };
    for (const contentId of [units[10] ?? '', units[30] ?? ''])
      incident.microsoft.faults.add({ when: { operation: 'blob', contentId }, times: 1, respond });

    await incident.runUntilQuiet();

    expect(incident.deliveredUnits().toSorted()).toEqual(units.toSorted());
    incident.expects = { alerts: ['runFinished'] };
  });
});

describe('the login service is busy while a person adds a tenant', () => {
  const { begin } = incidentStand();

  it('F31: waits as long as it is asked to, then adds it', async () => {
    const incident = await begin();
    const before = incident.clock.now();
    const { faults } = incident.microsoft;
    const answers = [
      faults.add({ when: { operation: 'openId' }, times: 1, respond: { status: 503, body: 'Service Unavailable' } }),
      faults.add({ when: { operation: 'openId' }, times: 1, respond: { status: 429 } }),
      faults.add({ when: { operation: 'token' }, times: 1, respond: { status: 429, headers: { 'Retry-After': '20' } } }),
    ];

    const tenant = await incident.clock.run(incident.add(contoso));

    expect(answers.map(({ used }) => used)).toEqual([1, 1, 1]);
    expect(incident.clock.now().getTime() - before.getTime()).toBe(30_000);
    expect(tenant).toMatchObject({ id: contoso.tenantId, status: 'active' });
    incident.publish();
    await incident.runUntilQuiet();
  });
});
