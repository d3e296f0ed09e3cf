import type { Around } from '../support/aroundPorts';
import type { Incident } from '../support/incident';
import { incidentStand } from '../support/incidentStack';

const settings = { EVENT_TARGET_BYTES: '20000', TIME_BUDGET_SECONDS: '10' };

describe('a blob is read in two runs', () => {
  const { begin } = incidentStand();
  let incident: Incident;

  // Each write takes so long that the time of a run is over in the middle of the blob.
  const slowWrites: Around = async (call, go) => {
    if (call.name === 'sink.write') await incident.clock.sleep(4_000, incident.signal);
    return go();
  };
  const tune = { outboxBytes: 30_000 };

  it('F5, F7: goes on at the next record when it reads the same', async () => {
    incident = await begin({ around: slowWrites, settings, tune });
    incident.publish({ records: 120, recordBytes: 1_000 });

    await incident.runUntilQuiet();

    expect(incident.requests('blob').length).toBeGreaterThan(1);
    expect(incident.history().duplicates).toEqual([]);
  });

  it('F7: is sent whole when it reads differently: Microsoft may show a part of a blob first', async () => {
    incident = await begin({ around: slowWrites, settings, tune });
    incident.publish({ records: 120, recordBytes: 1_000 });
    incident.microsoft.faults.add({
      when: { operation: 'blob' },
      times: 1,
      respond: { kind: 'replaceBody', change: withoutFirstRecord },
    });

    await incident.runUntilQuiet();

    const { missing, duplicates } = incident.history();
    expect(missing).toEqual([]);
    expect(duplicates.length).toBeLessThan(100);
    expect(incident.logged('unitChanged')).toHaveLength(1);
    // What the first run delivered is delivered once more.
    incident.expects = { repeatedBatches: 4, alerts: ['unitChanged'] };
  });
});

function withoutFirstRecord(body: Buffer): Buffer {
  return Buffer.from(JSON.stringify((JSON.parse(body.toString()) as unknown[]).slice(1)));
}
