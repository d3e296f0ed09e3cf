import { incidentStand } from '../support/incidentStack';
import { bundleWorker } from '../support/workerProcess';

describe('there is very much of it', () => {
  const { begin, stand } = incidentStand();

  it('F12, F35: a blob of more than 50 MB is streamed in several runs, in bounded memory, each record once', async () => {
    const incident = await begin({ settings: { TIME_BUDGET_SECONDS: '60' } });
    incident.publish({ records: 17_500, recordBytes: 3_000 });
    const worker = await incident.startWorker(await bundleWorker(stand().folder), { writesTakeMs: 3_000 });
    const idleBytes = worker.peakBytes;

    incident.worker = worker;
    await incident.runUntilQuiet();

    const fetches = incident.requests('blob').length;
    expect(fetches).toBeGreaterThan(2);
    expect(fetches).toBeLessThan(12);
    expect(incident.history()).toMatchObject({ delivered: 17_500, duplicates: [] });
    expect(worker.peakBytes / 2 ** 20).toBeLessThan(250);
    // The blob never lies in memory as a whole.
    expect(worker.peakBytes - idleBytes).toBeLessThan(17_500 * 3_000);
  });

  it('F56: thousands of units a day are listed page by page, sent once, and forgotten a day after Microsoft has dropped them', async () => {
    const incident = await begin({ settings: { REQUESTS_PER_MINUTE: '100000', POLL_LONGEST_SECONDS: '86400' } });
    const day = incident.ago({ hours: 12 }).toISOString().slice(0, 10);
    for (let unit = 0; unit < 2_500; unit += 1)
      incident.publish({ records: 1, contentCreated: new Date(`${day}T00:00:00.${String(unit % 1_000).padStart(3, '0')}Z`) });
    await incident.runUntilQuiet();
    expect(incident.requests('blob')).toHaveLength(2_500);
    const ledgered = async (): Promise<number> => {
      const scope = { tenantId: incident.tenants[0]?.tenantId ?? '', sourceId: 'activity.exchange' };
      const pages = await Array.fromAsync(incident.connector.collectPorts.ledger.hour(scope, `${day}T00`, incident.signal));
      return pages.flat().length;
    };

    const left: number[] = [];
    for (let days = 1; days <= 10; days += 1) {
      incident.pass({ hours: 24 });
      await incident.round();
      await incident.connector.maintain({ log: () => undefined });
      left.push(await ledgered());
    }

    expect(left.slice(0, 7)).toEqual(Array.from({ length: 7 }, () => 2_500));
    expect(left.at(-1)).toBe(0);
    expect(incident.requests('blob')).toHaveLength(2_500);
  });
});
