import { incidentStand } from '../support/incidentStack';

describe('the connector was down', () => {
  const { begin } = incidentStand();

  it('F10: catches up after three hours', async () => {
    const incident = await begin();
    await incident.runUntilQuiet();
    for (let hour = 0; hour < 3; hour += 1) {
      incident.pass({ hours: 1 });
      incident.publish();
    }

    await incident.restart();
    await incident.runUntilQuiet();

    expect(incident.deliveredUnits()).toHaveLength(3);
  });

  it('F10: takes the newest hour first and the rest oldest first, in spans of a day, after three days', async () => {
    const incident = await begin({ settings: { UNITS_IN_FLIGHT: '1' } });
    await incident.runUntilQuiet();
    incident.pass({ hours: 72 });
    const older = [70, 50, 30, 10].map((hours) => incident.publish({ contentCreated: incident.ago({ hours }) }));
    const newest = incident.publish({ contentCreated: incident.ago({ minutes: 20 }) });

    await incident.restart();
    await incident.runUntilQuiet();

    expect(incident.requests('blob').map(({ contentId }) => contentId)).toEqual([newest, ...older]);
  });

  it('F26: records as a gap what is older than seven days, and collects the rest, after nine days', async () => {
    const incident = await begin();
    await incident.runUntilQuiet();
    const listedTo = (await incident.row()).cursor.listedTo ?? '';
    incident.pass({ hours: 9 * 24 });
    const lost = incident.publish({ contentCreated: incident.ago({ hours: 8 * 24 }) });
    const kept = [6 * 24, 48, 1].map((hours) => incident.publish({ contentCreated: incident.ago({ hours }) }));

    await incident.restart();
    await incident.runUntilQuiet();

    expect(incident.deliveredUnits().toSorted()).toEqual(kept.toSorted());
    expect(incident.history().missing.map(({ unit }) => unit)).toEqual([lost, lost, lost]);
    expect(await incident.gaps()).toMatchObject([{ from: new Date(listedTo), cause: 'notListedInTime' }]);
    incident.expects = { gaps: 1, alerts: ['gapRecorded'], watermark: 'passesHidden' };
  });
});
