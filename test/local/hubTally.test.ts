import type { StoredEvent } from './eventHubs/storedEvent';
import { HubTally } from './hubTally';
import { RateMeter } from './rateMeter';

function stored(
  sequenceNumber: number,
  tenantId: string,
  records: unknown,
  source = 'activity.exchange',
  partition = '0',
): StoredEvent {
  return {
    ...{ partition, sequenceNumber, offset: '0', enqueuedTime: new Date(0), body: Buffer.alloc(0), batch: 0 },
    ...{ messageId: undefined, contentType: undefined, partitionKey: undefined },
    applicationProperties: { tenantId, records, source },
  };
}

describe('HubTally', () => {
  it('counts the records of each tenant once, as they come, without what the connector says about itself', () => {
    const events = [stored(0, 'a', 3), stored(0, 'b', 2, 'activity.dlp', '1')];
    events.push(stored(1, 'a', 9, 'connector'), stored(2, 'a', 5, 'connector.evidence'));
    const read = jest.fn(
      (_name: string, from: ReadonlyMap<string, number> = new Map()) =>
        events.filter((event) => event.sequenceNumber >= (from.get(event.partition) ?? 0)).values() as Generator<StoredEvent>,
    );
    const tally = new HubTally({ read }, ['m365-audit']);

    tally.update();
    const first = [tally.of('a'), tally.of('b'), tally.of('c'), tally.total];
    events.push(stored(3, 'a', 4), stored(4, 'a', 'nonsense'));
    tally.update();
    tally.update();

    expect(first).toEqual([3, 2, 0, 5]);
    expect([tally.of('a'), tally.total]).toEqual([7, 9]);
  });
});

describe('RateMeter', () => {
  it('is smooth over ten seconds, whatever the bursts', () => {
    const meter = new RateMeter();
    const rates = Array.from({ length: 31 }, (_, second) => {
      meter.note(second * 1_000, new Map([['a', Math.floor(second / 5) * 100]]));
      return meter.perSecond().get('a') ?? 0;
    });

    expect(rates[0]).toBe(0);
    for (const rate of rates.slice(15)) expect(rate).toBeGreaterThan(15);
    for (const rate of rates.slice(15)) expect(rate).toBeLessThan(25);
  });

  it('comes to rest when nothing comes any more, and knows tenants that are new', () => {
    const meter = new RateMeter();
    meter.note(0, new Map([['a', 100]]));
    meter.note(
      1_000,
      new Map([
        ['a', 200],
        ['b', 50],
      ]),
    );
    const early = meter.perSecond();
    for (const second of [5, 11, 13, 25])
      meter.note(
        second * 1_000,
        new Map([
          ['a', 200],
          ['b', 50],
        ]),
      );

    expect([early.get('a'), early.get('b')]).toEqual([100, 50]);
    expect([...meter.perSecond().values()]).toEqual([0, 0]);
  });
});
