import { existsSync, readFileSync } from 'node:fs';
import { sources } from '../../src/sources';
import type { Feed } from '../local/microsoft365/graph/operations';
import { graphFaults } from '../local/microsoft365/graph/graphFaults';
import { incidentStand } from '../support/incidentStack';
import { comparison, deliveredOf } from '../support/graphIncident';
import type { Comparison } from '../support/graphIncident';
import { contoso } from '../support/incidentTenants';

const pollHours = 8;
/** So many feeds share a week. */
const atOnce = 5;
const tenants = [{ ...contoso, activity: 'quiet' as const, skus: ['SPE_E5', 'WORKLOAD_IDENTITIES_PREMIUM'] }];

/** The feeds of the simulation whose names are not those of the sources. */
const feedNames: Readonly<Record<string, Feed>> = {
  'graph.signIns': 'interactiveUserSignIns',
  'graph.signInsNonInteractive': 'nonInteractiveUserSignIns',
  'graph.signInsServicePrincipal': 'servicePrincipalSignIns',
  'graph.signInsManagedIdentity': 'managedIdentitySignIns',
  'graph.signInActivity': 'users',
  'defender.machines': 'defenderMachines',
  'defender.alerts': 'defenderAlerts',
};

/** The properties a source asks for, as the last request of its recorded first run shows: for the parts of objects, that is a request for parts. */
function selectOf(sourceId: string): readonly string[] | undefined {
  const recorded = `test/fixtures/${sourceId}/firstRun/exchange.json`;
  if (!existsSync(recorded)) throw new Error(`${sourceId} has no recorded first run`);
  const url =
    readFileSync(recorded, 'utf8')
      .match(/"url": "[^"]+"/g)
      ?.at(-1) ?? '';
  const select = /[?&]\$select=([^"&]+)/.exec(url)?.[1];
  return select === undefined ? undefined : decodeURIComponent(select).split(',');
}

const all = sources
  .filter(({ api }) => api !== 'management')
  .map((source): Pick<Comparison, 'source' | 'feed' | 'as'> & { readonly kind: string } => {
    const select = selectOf(source.id);
    const feed = feedNames[source.id] ?? (source.id.slice('graph.'.length) as Feed);
    const isFull = source.optional === true || source.id === 'graph.signInActivity';
    const as = { ...(select === undefined ? {} : { select }), ...(isFull ? { full: true } : {}) };
    return { source: source.id, feed, kind: source.progress.kind, as };
  });

const groups = [...Map.groupBy(all, ({ kind }) => kind)].flatMap(([kind, ofKind]) =>
  Array.from({ length: Math.ceil(ofKind.length / atOnce) }, (_, index) => ({
    name: `${kind}s, part ${index + 1}`,
    kinds: ofKind.slice(index * atOnce, (index + 1) * atOnce),
  })),
);

describe('a week with late arrivals, updates, throttling and restarts', () => {
  const { begin } = incidentStand();

  it('is one of every feed of Graph and Defender', () => {
    expect(all.length).toBeGreaterThan(28);
    expect(groups.flatMap(({ kinds }) => kinds)).toHaveLength(all.length);
  });

  it.each(groups)(
    'leaves nothing out of any feed and sends nothing twice: $name',
    async ({ kinds }) => {
      const incident = await begin({
        tenants,
        sources: kinds.map(({ source }) => source),
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
      const before = new Map(kinds.map(({ source }) => [source, deliveredOf(incident, source).length]));

      const problems = kinds.flatMap((kind) => {
        const found = comparison(incident, { ...kind, since, pollMs: (pollHours + 1) * 3_600_000 });
        return [...found, ...((before.get(kind.source) ?? 0) < 2 ? ['nothing was delivered'] : [])].map(
          (problem) => `${kind.source}: ${problem}`,
        );
      });
      expect(problems).toEqual([]);
      await incident.runFor({ hours: 3 * pollHours });
      const again = kinds.flatMap(({ source }) => {
        const after = deliveredOf(incident, source).slice(before.get(source));
        return after.filter(({ snapshot }) => snapshot === undefined);
      });
      expect(again).toEqual([]);
    },
    300_000,
  );
});
