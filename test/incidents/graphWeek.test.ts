import type { Feed } from '../local/microsoft365/graph/operations';
import { graphFaults } from '../local/microsoft365/graph/graphFaults';
import { incidentStand } from '../support/incidentStack';
import { comparison, deliveredOf } from '../support/graphIncident';
import { contoso } from '../support/incidentTenants';

const pollHours = 4;
const tenants = [{ ...contoso, activity: 'quiet' as const }];
const userFields =
  'id,userPrincipalName,displayName,givenName,surname,mail,accountEnabled,userType,createdDateTime,companyName,department,jobTitle,usageLocation,assignedLicenses,externalUserState,onPremisesSyncEnabled,onPremisesImmutableId,onPremisesSamAccountName,onPremisesSecurityIdentifier,lastPasswordChangeDateTime,signInSessionsValidFromDateTime';

const kinds: readonly {
  readonly source: string;
  readonly feed: Feed;
  readonly as?: { readonly select: readonly string[] };
}[] = [
  { source: 'graph.alertsV2', feed: 'alertsV2' },
  { source: 'graph.signIns', feed: 'interactiveUserSignIns' },
  { source: 'graph.users', feed: 'users', as: { select: userFields.split(',') } },
  { source: 'graph.conditionalAccessPolicies', feed: 'conditionalAccessPolicies' },
  { source: 'defender.machines', feed: 'defenderMachines' },
];

describe('a week with late arrivals, updates, throttling and restarts', () => {
  const { begin } = incidentStand();

  it.each(kinds)('leaves nothing out of $source and sends nothing twice', async (kind) => {
    const incident = await begin({
      tenants,
      sources: [kind.source],
      polling: { kind: 'every', seconds: pollHours * 3_600 },
      simulation: { graphLateShare: 0.1, graphLateUpToMs: 48 * 3_600_000, sharedLimitUse: 0.2, deltaReplayShare: 0.1 },
    });
    incident.microsoft.graph.backfill(48);
    incident.microsoft.faults.add({ when: {}, probability: 0.03, respond: graphFaults.throttled(20) });
    incident.microsoft.faults.add({ when: {}, probability: 0.03, respond: graphFaults.serverError() });
    const since = incident.clock.now();
    incident.expects = {
      possibleAlerts: ['stateChanged', 'runFinished', 'queryDegraded', 'maintained'],
      violations: ['tooManyRequests'],
    };

    for (let day = 0; day < 9; day += 1) {
      for (let hours = 0; hours < 24; hours += pollHours) {
        incident.microsoft.graph.generate(incident.clock.now());
        await incident.runFor({ hours: pollHours });
      }
      await incident.restart();
    }
    incident.microsoft.faults.clear();
    await incident.runFor({ hours: 26 });
    const before = deliveredOf(incident, kind.source).length;

    expect(before).toBeGreaterThan(5);
    expect(comparison(incident, { ...kind, since, pollMs: (pollHours + 1) * 3_600_000 })).toEqual([]);
    await incident.runFor({ hours: 3 * pollHours });
    const after = deliveredOf(incident, kind.source).slice(before);
    expect(after.filter(({ snapshot }) => snapshot === undefined)).toEqual([]);
  });
});
