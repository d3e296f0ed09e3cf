import { incidentStand } from '../support/incidentStack';

const minuteMs = 60_000;

describe('our clock is wrong', () => {
  const { begin } = incidentStand();

  it.each([
    ['ten minutes ahead', 10 * minuteMs],
    ['ten minutes behind', -10 * minuteMs],
    ['two hours ahead', 120 * minuteMs],
    ['two hours behind', -120 * minuteMs],
  ])('F27: lists by the clock of Microsoft, loses nothing and says so when it is %s', async (_words, skewMs) => {
    const incident = await begin({ skewMs });
    const units = [1, 30, 90, 24 * 60, 6 * 24 * 60].map((minutes) =>
      incident.publish({ contentCreated: incident.ago({ minutes }) }),
    );
    await incident.runFor({ hours: 1 });
    for (let poll = 0; poll < 3; poll += 1) {
      units.push(incident.publish({ contentCreated: incident.ago({ minutes: 1 }) }));
      await incident.runFor({ minutes: 20 });
    }
    expect(incident.deliveredUnits().toSorted()).toEqual(units.toSorted());

    // After a restart the offset is not known until Microsoft has answered.
    incident.pass({ hours: 25 });
    await incident.restart();
    units.push(incident.publish());
    await incident.runFor({ hours: 2 });

    expect(incident.deliveredUnits().toSorted()).toEqual(units.toSorted());
    incident.expects = { alerts: ['clockSkew'] };
  });
});
