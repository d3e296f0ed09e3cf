import { incidentStand } from '../support/incidentStack';

describe('a blob is listed late', () => {
  const { begin } = incidentStand();

  it('F19: comes with the next list when it is less than an hour old', async () => {
    const incident = await begin();
    incident.publish();
    await incident.runUntilQuiet();
    const late = incident.publish({ contentCreated: incident.ago({ minutes: 30 }), visibleFrom: incident.ahead({ minutes: 20 }) });

    await incident.runFor({ minutes: 35 });

    expect(incident.deliveredUnits()).toContain(late);
  });
});
