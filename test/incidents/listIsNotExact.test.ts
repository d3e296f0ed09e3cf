import type { Incident } from '../support/incident';
import { incidentStand } from '../support/incidentStack';

const listing = ['content', 'nextPage'] as const;

describe('a list repeats, leaves out or loses its place', () => {
  const { begin } = incidentStand();

  it('F20: fetches and sends a blob once that is named in many windows, pages and places', async () => {
    const incident = await begin({ simulation: { pageSize: 3 } });
    const units = Array.from({ length: 8 }, (_, index) =>
      incident.publish({ contentCreated: incident.ago({ minutes: 50 - index }) }),
    );
    incident.microsoft.faults.add({
      when: { operation: listing },
      respond: { kind: 'mutateList', change: (items) => [...items, ...items.toReversed(), ...items] },
    });

    await incident.runFor({ hours: 3 });

    expect(incident.deliveredUnits().toSorted()).toEqual(units.toSorted());
    expect(incident.requests('blob')).toHaveLength(units.length);
  });

  it('F21: takes each of the blobs that share a millisecond or lie on either side of a boundary, once', async () => {
    const incident = await begin({ start: '2026-11-22T12:00:00.500Z' });
    const boundaries = [...windowBoundaries(incident), incident.clock.now().getTime() - 500];
    const units = boundaries.flatMap((boundary) =>
      [-1, 0, 0, 1].map((ms) => incident.publish({ records: 1, contentCreated: new Date(boundary + ms) })),
    );

    await incident.runUntilQuiet();

    expect(incident.deliveredUnits().toSorted()).toEqual(units.toSorted());
  });

  it('F21: misses nothing when polls and blobs fall on the same second', async () => {
    const incident = await begin({
      start: '2026-11-22T11:59:59.999Z',
      settings: { POLL_SHORTEST_SECONDS: '1', POLL_LONGEST_SECONDS: '1' },
    });
    const units: string[] = [];
    for (let second = 0; second < 5; second += 1) {
      const now = incident.clock.now().getTime();
      for (const ms of [-1, 0, 1, 999]) {
        const contentCreated = new Date(now + ms);
        units.push(incident.publish({ records: 1, contentCreated, visibleFrom: incident.clock.now() }));
      }
      await incident.round();
      incident.clock.moveTo(new Date(now + 1_000));
    }

    await incident.runUntilQuiet();

    expect(new Set(incident.deliveredUnits())).toEqual(new Set(units));
    // What lies ahead of the server's clock is not listed yet, so the list that would bring it may come a moment too early.
    incident.expects = { watermark: 'passesHidden' };
  });

  it('F22: finds the rest with the next list when a page hides that there are more', async () => {
    const incident = await begin({ simulation: { pageSize: 2 } });
    const units = Array.from({ length: 7 }, (_, index) =>
      incident.publish({ contentCreated: incident.ago({ minutes: 40 - index }) }),
    );
    const hiding = incident.microsoft.faults.add({
      when: { operation: listing },
      respond: { kind: 'mutateHeaders', headers: { NextPageUri: null } },
    });
    await incident.round();
    expect(incident.deliveredUnits()).toHaveLength(2);
    hiding.remove();

    await incident.runUntilQuiet();

    expect(incident.deliveredUnits().toSorted()).toEqual(units.toSorted());
    expect(incident.requests('blob')).toHaveLength(units.length);
    incident.expects = { watermark: 'passesHidden' };
  });

  it('F23: begins a window again when Microsoft no longer knows its next page', async () => {
    const incident = await begin({ simulation: { pageSize: 2 } });
    const units = Array.from({ length: 7 }, (_, index) =>
      incident.publish({ contentCreated: incident.ago({ minutes: 40 - index }) }),
    );
    incident.microsoft.faults.add({ when: { operation: 'nextPage' }, times: 2, respond: { af: 'AF20031', status: 400 } });

    await incident.round();

    expect(incident.deliveredUnits().toSorted()).toEqual(units.toSorted());
    expect(incident.requests('blob')).toHaveLength(units.length);
    await incident.runUntilQuiet();
  });

  it('F23: does not move the watermark past a window whose pages keep getting lost, and comes back to it', async () => {
    const incident = await begin({ simulation: { pageSize: 2 } });
    const units = Array.from({ length: 7 }, (_, index) =>
      incident.publish({ contentCreated: incident.ago({ minutes: 40 - index }) }),
    );
    const losing = incident.microsoft.faults.add({ when: { operation: 'nextPage' }, respond: { af: 'AF20031', status: 400 } });
    await incident.round();
    expect((await incident.row()).cursor.listedTo ?? '').not.toBe('2026-11-22T12:00:00.000Z');
    losing.remove();

    await incident.runUntilQuiet();

    expect(incident.deliveredUnits().toSorted()).toEqual(units.toSorted());
    incident.expects = { alerts: ['runFinished'] };
  });
});

/** Where the windows of the first run meet: the oldest second that can be listed, each day after it, and the newest hour. */
function windowBoundaries(incident: Incident): number[] {
  const end = Math.floor(incident.clock.now().getTime() / 1_000) * 1_000;
  const oldest = end - 7 * 86_400_000 + 5 * 60_000;
  const days = Array.from({ length: 6 }, (_, day) => oldest + (day + 1) * 86_400_000);
  return [...days, end - 3_600_000];
}
