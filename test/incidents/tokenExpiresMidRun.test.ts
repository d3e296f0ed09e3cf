import { incidentStand } from '../support/incidentStack';
import { contoso } from '../support/incidentTenants';

describe('the token expires in the middle of a run', () => {
  const { begin } = incidentStand();

  it('F37: signs in again, as often as tokens expire, and loses nothing', async () => {
    // One request every two seconds, and tokens that live for thirty.
    const incident = await begin({ settings: { REQUESTS_PER_MINUTE: '30' }, tenants: [{ ...contoso, tokenLifeSeconds: 30 }] });
    const units = Array.from({ length: 60 }, () => incident.publish({ records: 1 }));

    await incident.runUntilQuiet();

    expect(incident.deliveredUnits().toSorted()).toEqual(units.toSorted());
    expect(incident.requests('token').length).toBeGreaterThan(3);
    expect(incident.requests('blob').filter(({ status }) => status === 401)).toEqual([]);
    expect(await incident.row()).toMatchObject({ state: { name: 'collecting' } });
  });

  it('F37: many calls that are refused together ask for one new token, and all succeed with it', async () => {
    const incident = await begin({ settings: { UNITS_IN_FLIGHT: '8' } });
    const units = Array.from({ length: 8 }, () => incident.publish());
    const before = incident.requests('token').length;
    // Every blob is refused until the second token of the run has been issued.
    const body = '{"Message":"Authorization has been denied for this request."}';
    const refusing = incident.microsoft.faults.add({ when: { operation: 'blob' }, respond: { status: 401, body } });
    const count = (answer: Buffer): Buffer => {
      if (incident.requests('token').length - before === 1) refusing.remove();
      return answer;
    };
    incident.microsoft.faults.add({ when: { operation: 'token' }, respond: { kind: 'replaceBody', change: count } });

    await incident.runUntilQuiet();

    expect(incident.deliveredUnits().toSorted()).toEqual(units.toSorted());
    expect(refusing.used).toBeGreaterThan(0);
    // The first of the run, and one after the refusals.
    expect(incident.requests('token').length - before).toBe(2);
  });

  it('F37: a token that is refused again and again is a state with a cause, not a loop', async () => {
    const incident = await begin();
    incident.publish();
    const refusing = incident.microsoft.faults.add({
      when: { operation: ['subscriptionsList', 'content', 'blob'] },
      respond: { status: 401 },
    });
    await incident.runFor({ hours: 1 });
    expect(await incident.row()).toMatchObject({ state: { name: 'degraded', failure: { kind: 'unauthorized' } } });
    expect(refusing.used).toBeLessThan(40);
    refusing.remove();

    await incident.runFor({ hours: 1 });

    expect(incident.deliveredUnits()).toHaveLength(1);
    incident.expects = { alerts: ['runFinished', 'stateChanged'] };
  });
});
