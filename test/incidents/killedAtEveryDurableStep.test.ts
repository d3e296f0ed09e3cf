import type { Incident } from '../support/incident';
import { incidentStand } from '../support/incidentStack';
import { unsubscribed } from '../support/incidentTenants';
import { bundleWorker } from '../support/workerProcess';

// One request a second and eleven seconds a run: the work takes several runs, each of which leaves the rest to a message of its own.
const settings = { TIME_BUDGET_SECONDS: '11', REQUESTS_PER_MINUTE: '60', EVENT_TARGET_BYTES: '50000', UNITS_IN_FLIGHT: '2' };

/** Every call that makes something durable, by what it is for, and which time of it: the first, or one in the middle of a blob. */
const steps: readonly (readonly [step: string, nth: number])[] = [
  ['schedule.claim', 1],
  ['queue.send', 1],
  ['queue.send', 2],
  ['sourceRows.create', 1],
  ['sourceRows.save: takes the lease', 1],
  ['sourceRows.save: takes the lease', 2],
  ['sourceRows.save: remembers the subscription', 1],
  ['sourceRows.save: remembers the subscription', 2],
  ['sourceRows.save: moves the watermark', 1],
  ['sourceRows.save: ends the run', 1],
  ['sourceRows.save: ends the run', 2],
  ['ledger.enlist', 1],
  ['ledger.enlist', 3],
  ['ledger.save: progress', 1],
  ['ledger.save: progress', 2],
  ['ledger.save: done', 1],
  ['ledger.save: a gap', 1],
  ['sink.write: records', 1],
  ['sink.write: records', 2],
  ['sink.write: facts', 1],
  ['oversize.keep', 1],
  ['coverage.recordGap', 1],
  ['coverage.saveHours', 1],
  ['coverage.markGapsSent', 1],
  ['schedule.put', 1],
  ['schedule.put', 2],
  ['schedule.remove', 1],
];

describe('the process is killed (F1 to F7)', () => {
  const { begin, stand } = incidentStand({ linkLimitBytes: 262_144 });
  let bundle: string;

  beforeAll(async () => {
    bundle = await bundleWorker(stand().folder);
  });

  describe.each([
    ['before the effect of', 'before'],
    ['after the effect, but before the answer, of', 'unanswered'],
    ['after the answer, but before anything is recorded, of', 'unrecorded'],
  ] as const)('%s', (_words, position) => {
    it.each(steps)('%s, time %i: nothing is lost, and at most one batch repeats', async (step, nth) => {
      const incident = await begin({ tenants: [unsubscribed], settings });
      await prepare(incident);
      // Started at the same time, so that nobody has to wait for it.
      const [doomed, fresh] = await Promise.all([
        incident.startWorker(bundle, { killAt: { step, nth, position } }),
        incident.startWorker(bundle),
      ]);
      expect(await doomed.lastRound()).toEqual({ code: null, signal: 'SIGKILL' });

      // Its messages stay invisible, as if they were lost; its lease runs out.
      incident.pass({ minutes: 16 });
      incident.worker = fresh;
      await incident.runUntilQuiet();

      // A message that was sent although its answer was lost meets the one that takes its place.
      incident.expects = { repeatedBatches: 1, gaps: 1, alerts: ['gapRecorded'], possibleAlerts: ['runAbandoned'] };
      const known = new Set(incident.facts('M365Connector.Gap').map(({ unit }) => unit));
      expect(known.size).toBe(1);
    });
  });
});

/** A source that has never run and has no row, with some of everything: many batches, a record too large for the link, and an expired blob. */
async function prepare(incident: Incident): Promise<void> {
  await incident.connector.collectPorts.sourceRows.remove(unsubscribed.tenantId, incident.signal);
  incident.publish({ records: 300, recordBytes: 3_000, contentCreated: incident.ago({ minutes: 30 }) });
  incident.publish({ records: 1, recordBytes: 300_000, contentCreated: incident.ago({ hours: 3 }) });
  for (const hours of [30, 60, 90]) incident.publish({ records: 5, contentCreated: incident.ago({ hours }) });
  const expired = incident.publish({ contentCreated: incident.ago({ minutes: 20 }) });
  incident.microsoft.faults.add({ when: { operation: 'blob', contentId: expired }, respond: { af: 'AF20051', status: 400 } });
}
