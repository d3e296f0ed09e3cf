import { incidentStand } from '../support/incidentStack';

describe('a blob is listed but cannot be fetched', () => {
  const { begin } = incidentStand();

  it('F24: tries again, ever more rarely, while others go on, and delivers it when Microsoft finds it', async () => {
    const incident = await begin();
    const lost = incident.publish();
    const others = [incident.publish(), incident.publish()];
    const missing = incident.microsoft.faults.add({
      when: { operation: 'blob', contentId: lost },
      respond: { af: 'AF20050', status: 404 },
    });
    await incident.round();
    expect(incident.deliveredUnits().toSorted()).toEqual(others.toSorted());
    expect(await incident.row()).toMatchObject({
      state: { name: 'degraded', failure: { code: 'unitsResting' } },
      pendingUnits: 1,
    });

    await incident.runFor({ hours: 6 });
    const attempts = missing.used;
    missing.remove();
    await incident.runUntilQuiet();

    expect(attempts).toBeGreaterThan(5);
    expect(attempts).toBeLessThan(25);
    expect(incident.deliveredUnits()).toContain(lost);
    incident.expects = { alerts: ['stateChanged'] };
  });

  it('F24: does not give up before Microsoft drops it; then it is a gap with its cause', async () => {
    const incident = await begin();
    const lost = incident.publish({ contentExpiration: incident.ahead({ hours: 3 }) });
    incident.publish();
    incident.microsoft.faults.add({ when: { operation: 'blob', contentId: lost }, respond: { status: 404 } });
    await incident.runFor({ hours: 2, minutes: 50 });
    expect(await incident.gaps()).toEqual([]);

    await incident.runFor({ hours: 2 });

    expect(await incident.gaps()).toMatchObject([{ unitId: lost, cause: 'contentMissing [HTTP 404]' }]);
    expect(await incident.row()).toMatchObject({ state: { name: 'collecting' }, pendingUnits: 0 });
    incident.expects = { gaps: 1, alerts: ['gapRecorded', 'stateChanged'] };
  });

  it('F25: an expired blob is a gap of its own; its neighbours are delivered', async () => {
    const incident = await begin();
    const units = Array.from({ length: 5 }, () => incident.publish());
    const expired = units[2] ?? '';
    incident.microsoft.faults.add({ when: { operation: 'blob', contentId: expired }, respond: { af: 'AF20051', status: 400 } });

    await incident.runUntilQuiet();

    expect(await incident.gaps()).toMatchObject([{ unitId: expired, cause: 'contentExpired [AF20051]' }]);
    expect(incident.deliveredUnits().toSorted()).toEqual(units.filter((unit) => unit !== expired).toSorted());
    expect(incident.requests('blob').filter(({ contentId }) => contentId === expired)).toHaveLength(1);
    incident.expects = { gaps: 1, alerts: ['gapRecorded'] };
  });
});
