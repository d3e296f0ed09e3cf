import { incidentStand } from '../support/incidentStack';
import { comparison, deliveredOf } from '../support/graphIncident';
import { contoso } from '../support/incidentTenants';

const tenants = [{ ...contoso, activity: 'steady' as const }];
const alerts = { source: 'graph.alertsV2', feed: 'alertsV2' } as const;

describe('alerts that change after they were made', () => {
  const { begin } = incidentStand();

  it('are delivered in every state that could be seen, each once', async () => {
    const incident = await begin({ tenants, sources: ['graph.alertsV2'] });
    incident.microsoft.graph.backfill(72);
    const since = incident.clock.now();

    for (let hour = 0; hour < 6; hour += 1) {
      incident.microsoft.graph.generate(incident.clock.now());
      await incident.runFor({ hours: 1 });
    }
    await incident.runFor({ minutes: 10 });

    expect(deliveredOf(incident, 'graph.alertsV2').length).toBeGreaterThan(10);
    expect(comparison(incident, { ...alerts, since, pollMs: 3_600_000 })).toEqual([]);
  });
});
