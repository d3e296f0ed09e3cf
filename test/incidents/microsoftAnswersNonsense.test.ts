import { gzipSync } from 'node:zlib';
import type { Answer } from '../local/microsoft365/answer';
import { incidentStand } from '../support/incidentStack';

const listing = ['content', 'nextPage'] as const;

const nonsense: readonly (readonly [string, Answer])[] = [
  ['AF50000', { af: 'AF50000', status: 500 }],
  ['502 with a page of HTML', { kind: 'html', status: 502 }],
  ['200 with a page of HTML', { kind: 'html', status: 200 }],
  ['200 without a body', { kind: 'empty' }],
  ['an object in place of a list', { kind: 'json', value: {} }],
  ['null in place of a list', { kind: 'json', value: null }],
  ['a redirect', { kind: 'redirect', location: 'https://localhost:1/elsewhere' }],
];

const broken: readonly (readonly [string, Answer])[] = [
  ['ends early, although its framing looks complete', { kind: 'truncate', bytes: 700 }],
  ['breaks off in the middle', { kind: 'reset', afterBytes: 700 }],
  ['never begins', { kind: 'reset', afterBytes: 0 }],
  ['claims to be gzip and is not', { kind: 'gzip', body: Buffer.from('[{"Id":"no gzip"}]'), compressed: true }],
  ['is gzip that breaks off', { kind: 'gzip', body: gzipSync('[{"Id":"half"}]'.repeat(100)).subarray(0, 40), compressed: true }],
];

describe('Microsoft answers nonsense', () => {
  const { begin } = incidentStand();

  it.each([...nonsense, ...broken])(
    'F32, F33: the list: %s; the watermark stays, and the next run lists again',
    async (_words, respond) => {
      const incident = await begin();
      const units = Array.from({ length: 5 }, () => incident.publish());
      const answering = incident.microsoft.faults.add({ when: { operation: listing }, respond });
      await incident.round();
      expect((await incident.row()).cursor.listedTo).toBeUndefined();
      answering.remove();

      await incident.runUntilQuiet();

      expect(incident.deliveredUnits().toSorted()).toEqual(units.toSorted());
      incident.expects = { alerts: ['runFinished'] };
    },
  );

  it.each([...nonsense, ...broken])(
    'F32, F33: the blob: %s; it is fetched again, and each record is there once',
    async (_words, respond) => {
      const incident = await begin({ settings: { EVENT_TARGET_BYTES: '10000' } });
      const units = Array.from({ length: 4 }, () => incident.publish({ records: 30, recordBytes: 1_000 }));
      incident.microsoft.faults.add({ when: { operation: 'blob' }, times: 3, respond: later(respond) });

      await incident.runUntilQuiet();

      expect(incident.deliveredUnits().toSorted()).toEqual(units.toSorted());
      expect(incident.history().duplicates).toEqual([]);
      incident.expects = { alerts: ['stateChanged'] };
    },
  );

  it('F33: a body that arrives a little at a time is taken as it comes', async () => {
    const incident = await begin();
    incident.publish({ records: 20, recordBytes: 500 });
    incident.microsoft.faults.add({ when: { operation: 'blob' }, times: 1, respond: { kind: 'slow', bytesPerSecond: 40_000 } });

    await incident.runUntilQuiet();

    expect(incident.requests('blob')).toHaveLength(1);
  });

  it.each([
    ['AF20031', 'content', 'waiting'],
    ['AF20023', 'content', 'needsAttention'],
    ['AF50000', 'content', 'waiting'],
  ] as const)('F34: a 200 with the error %s inside is that error', async (code, operation, state) => {
    const incident = await begin();
    incident.publish();
    const answering = incident.microsoft.faults.add({
      when: { operation },
      respond: { kind: 'json', value: { error: { code, message: 'No.' } } },
    });
    await incident.round();
    expect(await incident.row()).toMatchObject({ state: { name: state, failure: { code } } });
    answering.remove();

    await incident.runFor({ hours: 1 });

    expect(incident.deliveredUnits()).toHaveLength(1);
    incident.expects = { alerts: state === 'needsAttention' ? ['runFinished', 'stateChanged'] : ['runFinished'] };
  });

  it('F34: a 200 with AF20051 in place of a blob is an expired blob', async () => {
    const incident = await begin();
    const expired = incident.publish();
    incident.publish();
    const value = { error: { code: 'AF20051', message: 'Content requested with the key has already expired.' } };
    incident.microsoft.faults.add({ when: { operation: 'blob', contentId: expired }, respond: { kind: 'json', value } });

    await incident.runUntilQuiet();

    expect(await incident.gaps()).toMatchObject([{ unitId: expired, cause: 'contentExpired [AF20051]' }]);
    incident.expects = { gaps: 1, alerts: ['gapRecorded'] };
  });
});

/** The same, so late in the blob that some of its batches are delivered before. */
function later(answer: Answer): Answer {
  if (!('kind' in answer)) return answer;
  if (answer.kind === 'truncate') return { ...answer, bytes: 22_000 };
  return answer.kind === 'reset' && answer.afterBytes > 0 ? { ...answer, afterBytes: 22_000 } : answer;
}
