import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { createRandom } from '../local/microsoft365/random';
import { incidentStand } from '../support/incidentStack';
import { bundleWorker } from '../support/workerProcess';

const settings = { EVENT_TARGET_BYTES: '20000' };

describe('the process is stopped, told to stop, or dies in the middle of a list', () => {
  const { begin, stand } = incidentStand();
  let bundle: string;

  beforeAll(async () => {
    bundle = await bundleWorker(stand().folder);
  });

  it.each(['sink.write: records', 'ledger.save: done', 'sourceRows.save: ends the run'])(
    'F8: stopped for a quarter of an hour in front of %s, it changes nothing that another did meanwhile, and repeats at most one batch',
    async (stopBefore) => {
      const incident = await begin({ settings });
      for (let blob = 0; blob < 3; blob += 1) incident.publish({ records: 30, recordBytes: 1_000 });
      const zombie = await incident.startWorker(bundle, { stopBefore });
      const itsRound = zombie.round();
      await incident.until(() => stateOf(zombie.child.pid) === 'T', 'the process is stopped');
      // Its message is not there for anybody else, so only the schedule brings the next run.
      incident.pass({ minutes: 16 });
      incident.publish();
      await incident.runUntilQuiet();
      expect(incident.deliveredUnits()).toHaveLength(4);

      const row = await incident.row();
      zombie.child.kill('SIGCONT');
      await itsRound;
      expect(await incident.row()).toEqual(row);
      await incident.runUntilQuiet();

      // An answer that lay there for as long as the process was stopped has an old date.
      incident.expects = { repeatedBatches: 1, alerts: ['runAbandoned'], possibleAlerts: ['clockSkew'] };
    },
  );

  it('F13: told to stop at ten random moments, it ends by itself, and nothing is lost or repeated', async () => {
    const incident = await begin({ settings });
    const random = createRandom(13, 'stops');
    for (let stop = 0; stop < 10; stop += 1) {
      for (let blob = 0; blob < 6; blob += 1) incident.publish({ records: 40, recordBytes: 1_000 });
      const worker = await incident.startWorker(bundle);
      worker.beginRound();
      await wait(random.int(0, 400));
      worker.child.kill('SIGTERM');
      expect(await worker.ended).toEqual({ code: 0, signal: null });
      incident.pass({ minutes: 16 });
    }

    await incident.runUntilQuiet();

    expect(incident.deliveredUnits()).toHaveLength(60);
    expect(incident.history().duplicates).toEqual([]);
    incident.expects = { possibleAlerts: ['runAbandoned', 'runFinished', 'operationsNotSent', 'sourceFailed'] };
  });

  it.each([1, 2, 3, 4])(
    'F2: killed when %i of five units of a list are in the ledger, the next run adds the others',
    async (count) => {
      const incident = await begin({ settings });
      const units = Array.from({ length: 5 }, (_, index) =>
        incident.publish({ contentCreated: incident.ago({ minutes: 50 - index }) }),
      );
      const doomed = await incident.startWorker(bundle, { killAfterEnlisting: count });
      expect(await doomed.lastRound()).toEqual({ code: null, signal: 'SIGKILL' });
      expect((await incident.row()).cursor.listedTo).toBeUndefined();

      incident.pass({ minutes: 16 });
      await incident.runUntilQuiet();

      expect(incident.deliveredUnits().toSorted()).toEqual(units.toSorted());
      expect(incident.requests('blob')).toHaveLength(units.length);
    },
  );
});

/** The state of a process as the kernel has it; T is stopped. */
function stateOf(pid: number | undefined): string | undefined {
  return /\) (\w)/.exec(readFileSync(`/proc/${pid ?? 0}/stat`, 'utf8'))?.[1];
}
