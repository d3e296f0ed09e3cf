import { startTableProxy } from '../azure/tableProxy';
import type { TableFault, TableProxy } from '../azure/tableProxy';
import { incidentStand } from '../support/incidentStack';
import { createRandom } from '../local/microsoft365/random';

const kinds: readonly TableFault[] = [
  'lostAs500',
  'lostAs412',
  'lostAs409',
  'lostAs429',
  'lostConnection',
  'refuse500',
  'refuse412',
  'refuse409',
  'refuse429',
  'refuse503',
];

const interruptions = ['runAbandoned', 'runFinished', 'sourceFailed', 'poisonMessage'];

describe('Table storage answers wrongly', () => {
  const { begin, stand } = incidentStand();
  let proxy: TableProxy;

  beforeAll(async () => {
    proxy = await startTableProxy(stand().storage);
  });

  afterAll(async () => proxy.stop());

  it.each(kinds)(
    'F53: every write in turn meets %s, applied or not, and nothing is lost, repeated or overwritten',
    async (kind) => {
      const storage = proxy.access.kind === 'connectionString' ? proxy.access.value : '';
      const incident = await begin({ settings: { AzureWebJobsStorage: storage, EVENT_TARGET_BYTES: '10000' } });
      const units: string[] = [];
      for (let write = 0; write < 14; write += 1) {
        units.push(incident.publish({ records: 20, recordBytes: 1_000 }));
        proxy.fail([...Array.from({ length: write }, () => 'pass' as const), kind]);
        await incident.round();
        incident.pass({ minutes: 16 });
      }
      proxy.fail([]);

      await incident.runUntilQuiet();

      expect(incident.deliveredUnits().toSorted()).toEqual(units.toSorted());
      // A write that was applied is recognised, whatever was answered. A refusal that was none may end a run, which begins again.
      incident.expects = kind.startsWith('lost') ? {} : { repeatedBatches: 1, possibleAlerts: interruptions };
    },
  );

  it.each([1, 2, 3])('F53: every third write meets one of all of them, at random (%i)', async (seed) => {
    const random = createRandom(seed, 'storage');
    const storage = proxy.access.kind === 'connectionString' ? proxy.access.value : '';
    const incident = await begin({ settings: { AzureWebJobsStorage: storage, EVENT_TARGET_BYTES: '10000' } });
    const units = Array.from({ length: 5 }, (_, index) =>
      incident.publish({ records: 20, recordBytes: 1_000, contentCreated: incident.ago({ hours: index }) }),
    );
    proxy.fail(Array.from({ length: 120 }, () => (random.chance(1 / 3) ? random.pick(kinds) : 'pass')));
    for (let round = 0; round < 8; round += 1) {
      await incident.round();
      incident.pass({ minutes: 16 });
    }
    proxy.fail([]);

    await incident.runUntilQuiet();

    expect(incident.deliveredUnits().toSorted()).toEqual(units.toSorted());
    incident.expects = { repeatedBatches: 3, possibleAlerts: interruptions };
  });
});
