import { incidentStand } from '../support/incidentStack';

describe('a blob is listed late', () => {
  const { begin } = incidentStand();

  it('F19: comes with the next list when it is less than an hour old', async () => {
    const incident = await begin();
    incident.publish();
    await incident.runUntilQuiet();
    const late = incident.publish({ contentCreated: incident.clock.now(), visibleFrom: incident.ahead({ minutes: 40 }) });

    await incident.runFor({ minutes: 58 });

    expect(incident.deliveredUnits()).toContain(late);
  });

  it('F19: comes with the hourly list of the last day when it shows up after three hours', async () => {
    const incident = await begin();
    await incident.runUntilQuiet();
    const late = incident.publish({ contentCreated: incident.clock.now(), visibleFrom: incident.ahead({ hours: 3 }) });

    await incident.runFor({ hours: 4, minutes: 30 });

    expect(incident.deliveredUnits()).toEqual([late]);
    expect(incident.requests('blob')).toHaveLength(1);
  });

  it('F19: comes with the daily list of all that Microsoft holds when it shows up after almost six days', async () => {
    const incident = await begin({ settings: { POLL_SHORTEST_SECONDS: '3600', POLL_LONGEST_SECONDS: '21600' } });
    await incident.runUntilQuiet();
    const late = incident.publish({ contentCreated: incident.clock.now(), visibleFrom: incident.ahead({ hours: 140 }) });

    await incident.runFor({ hours: 166 });

    expect(incident.deliveredUnits()).toEqual([late]);
    expect(incident.requests('blob')).toHaveLength(1);
    // Nothing for so long is told, too.
    incident.expects = { alerts: ['stateChanged'] };
  });
});
