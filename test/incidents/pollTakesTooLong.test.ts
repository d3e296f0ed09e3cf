import { incidentStand } from '../support/incidentStack';

// Sixty requests a minute are one a second: a run of ten seconds is over after about ten of them.
const settings = { TIME_BUDGET_SECONDS: '10', REQUESTS_PER_MINUTE: '60', UNITS_IN_FLIGHT: '2' };

describe('a poll takes longer than the function may run', () => {
  const { begin } = incidentStand();

  it('F12: ends in time, saves what it has, and goes on with a message of its own', async () => {
    const incident = await begin({ settings });
    const units = Array.from({ length: 40 }, (_, index) =>
      incident.publish({ contentCreated: incident.ago({ hours: 4 * index + 1 }) }),
    );
    const start = incident.clock.now().getTime();

    await incident.round();

    expect(incident.deliveredUnits().toSorted()).toEqual(units.toSorted());
    const runs = incident.logged('runFinished');
    expect(runs.length).toBeGreaterThan(4);
    expect(runs.filter(({ fields }) => fields['more'] === true)).toHaveLength(runs.length - 1);
    // All in one round: nothing waited for the timer.
    expect(incident.clock.now().getTime() - start).toBeLessThan(2 * 60_000);
    await incident.runUntilQuiet();
  });

  it('F12: a run of which the re-list of the whole week does not fit begins where the last one ended', async () => {
    const incident = await begin({ settings: { ...settings, TIME_BUDGET_SECONDS: '5' } });
    await incident.runUntilQuiet();
    incident.pass({ hours: 25 });
    const late = incident.publish({ contentCreated: incident.ago({ hours: 100 }) });
    const before = incident.requests('content').length;

    await incident.round();

    expect(incident.deliveredUnits()).toEqual([late]);
    // The newest hour, two days that were not listed yet, and the rest of the week; once, and some of it again.
    expect(incident.requests('content').length - before).toBeLessThan(25);
    await incident.runUntilQuiet();
  });
});
