import { incidentStand } from '../support/incidentStack';
import { contoso, unsubscribed } from '../support/incidentTenants';

const hourMs = 3_600_000;

describe('the subscription is not on', () => {
  const { begin } = incidentStand();

  it('F28: starts it once and waits for the first content, which may take twelve hours', async () => {
    const incident = await begin({ tenants: [{ ...unsubscribed, firstContentAfterMs: 5 * hourMs }] });
    incident.publish();

    await incident.runFor({ hours: 4 });
    expect(incident.requests('start')).toHaveLength(1);
    expect(await incident.row()).toMatchObject({ state: { name: 'waiting', silence: 'awaitingFirstContent' } });
    await incident.runFor({ hours: 3 });

    expect(incident.deliveredUnits()).toHaveLength(1);
    expect(await incident.row()).toMatchObject({ state: { name: 'collecting' } });
    expect(incident.requests('start')).toHaveLength(1);
    incident.expects = { watermark: 'passesHidden' };
  });

  it('F28: does not start it again within fifteen minutes when the answer to the start was lost', async () => {
    const incident = await begin({ tenants: [unsubscribed] });
    incident.publish();
    // The start has no effect either: nothing but the next start brings it on.
    incident.microsoft.faults.add({ when: { operation: 'start' }, times: 1, respond: { status: 503 } });

    await incident.runFor({ minutes: 14 });
    expect(incident.requests('start')).toHaveLength(1);
    await incident.runFor({ minutes: 30 });

    expect(incident.requests('start')).toHaveLength(2);
    expect(incident.deliveredUnits()).toHaveLength(1);
    incident.expects = { alerts: ['runFinished'] };
  });

  it('F28: starts it once more when it is gone although it was on', async () => {
    const incident = await begin();
    incident.publish();
    await incident.runUntilQuiet();
    incident.microsoft.faults.add({ when: { operation: 'content' }, times: 1, respond: { af: 'AF20022', status: 400 } });
    incident.microsoft.faults.add({ when: { operation: 'subscriptionsList' }, times: 1, respond: { kind: 'json', value: [] } });
    incident.publish();

    await incident.runFor({ hours: 1 });

    expect(incident.requests('start')).toHaveLength(1);
    expect(incident.deliveredUnits()).toHaveLength(2);
    incident.expects = { alerts: ['runFinished'] };
  });

  it('F29: leaves it off when an administrator switched it off, says so, and goes on by itself when it is on again', async () => {
    const incident = await begin({ tenants: [{ ...contoso, contentTypes: ['Audit.Exchange'] }] });
    incident.publish();
    await incident.runUntilQuiet();
    incident.microsoft.tenant(contoso.tenantId).setMood('subscriptionDisabled');
    await incident.runFor({ hours: 8 });
    expect(incident.requests('start')).toEqual([]);
    expect(await incident.row()).toMatchObject({
      state: { name: 'needsAttention', failure: { kind: 'subscriptionDisabled', code: 'AF20023' } },
    });

    incident.microsoft.tenant(contoso.tenantId).setMood('steady');
    incident.publish();
    await incident.runFor({ hours: 2 });

    expect(incident.requests('start')).toEqual([]);
    expect(incident.deliveredUnits()).toHaveLength(2);
    expect(incident.logged('stateChanged').filter(({ severity }) => severity === 'error')).toHaveLength(1);
    expect(incident.facts('M365Connector.StateChange')).toContainEqual(
      expect.objectContaining({ state: 'Needs attention', code: 'AF20023' }),
    );
    incident.expects = { alerts: ['runFinished', 'stateChanged'] };
  });

  it('F38: takes AF20024, already on, for success', async () => {
    const incident = await begin({ tenants: [unsubscribed] });
    incident.publish();
    // A start that works, but says that it was needless.
    incident.microsoft.faults.add({
      when: { operation: 'start' },
      times: 1,
      respond: {
        kind: 'replaceBody',
        change: () => Buffer.from('{"error":{"code":"AF20024","message":"The subscription is already enabled."}}'),
      },
    });

    await incident.runUntilQuiet();

    expect(incident.requests('start')).toHaveLength(1);
    expect(incident.deliveredUnits()).toHaveLength(1);
  });
});
