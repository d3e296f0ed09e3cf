import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { compareHistory, originalOf } from './historyCheck';
import type { AvailableRecord, HubEvent } from './historyCheck';

const contoso = '11111111-1111-4111-8111-111111111111';
const fabrikam = '22222222-2222-4222-8222-222222222222';

const originals = [1, 2, 3].map((number) => `{"Id":"id${number}", "Note":"ü ,\\"properties\\": ${number}"}`);

function available(original: string, { tenantId = contoso, unit = 'blob1' } = {}): AvailableRecord {
  const sha256 = createHash('sha256').update(original).digest('hex');
  return { tenantId, unit, id: /"(id\d)"/.exec(original)?.[1], sha256 };
}

function wrapped(original: string, tenantId = contoso): string {
  return `{"time":"2026-11-22T10:00:00Z","operationName":"a,\\"properties\\":b","tenantId":"${tenantId}","id":"${/"(id\d)"/.exec(original)?.[1] ?? ''}","properties":${original}}`;
}

function event(records: readonly string[], { tenantId = contoso, unit = 'blob1' } = {}): HubEvent {
  return { body: Buffer.from(`{"records":[${records.join(',')}]}`), applicationProperties: { tenantId, unit } };
}

const truth = originals.map((original) => available(original));
const whole = event(originals.map((original) => wrapped(original)));

describe('compareHistory', () => {
  it('finds nothing wrong when every record arrived as it was', () => {
    const halves = [event([wrapped(originals[0] ?? '')]), event(originals.slice(1).map((original) => wrapped(original)))];

    for (const events of [[whole], halves])
      expect(compareHistory(truth, events)).toEqual({ available: 3, delivered: 3, missing: [], altered: [], duplicates: [] });
  });

  it('reads compressed events, and events that are one bare record', () => {
    const single = originals.map((original) => ({ ...event([]), body: Buffer.from(wrapped(original)) }));

    expect(compareHistory(truth, [{ ...whole, body: gzipSync(whole.body) }])).toMatchObject({
      delivered: 3,
      missing: [],
      altered: [],
    });
    expect(compareHistory(truth, single)).toMatchObject({ delivered: 3, missing: [], altered: [] });
  });

  it('finds a record that is missing', () => {
    const { missing, delivered } = compareHistory(truth, [event(originals.slice(1).map((original) => wrapped(original)))]);

    expect(delivered).toBe(2);
    expect(missing).toEqual([truth[0]]);
  });

  it.each<[string, (original: string) => string]>([
    ['one letter', (original) => original.replace('Note', 'Nope')],
    ['white space, as by parsing and writing again', (original) => JSON.stringify(JSON.parse(original))],
    ['its bytes, as by a wrong encoding', (original) => original.replace('ü', 'Ã¼')],
    ['nothing but its end', (original) => original.replace('}', ' }')],
  ])('finds a record that was altered in %s', (_, alter) => {
    const records = [wrapped(alter(originals[0] ?? '')), ...originals.slice(1).map((original) => wrapped(original))];

    const { missing, altered } = compareHistory(truth, [event(records)]);

    expect(missing).toEqual([truth[0]]);
    expect(altered).toEqual([{ tenantId: contoso, unit: 'blob1', id: 'id1' }]);
  });

  it('finds a record that was sent twice, and how often', () => {
    const again = event([wrapped(originals[1] ?? '')]);

    const { duplicates, missing, delivered } = compareHistory(truth, [whole, again, again]);
    const once = compareHistory(truth, [whole, again]).duplicates;

    expect([delivered, missing]).toEqual([5, []]);
    expect(duplicates).toEqual([{ tenantId: contoso, unit: 'blob1', id: 'id2', extra: 2 }]);
    expect(once).toEqual([{ tenantId: contoso, unit: 'blob1', id: 'id2', extra: 1 }]);
  });

  it('wants a record twice that Microsoft hands over twice', () => {
    const inTwoBlobs = [...truth, available(originals[0] ?? '', { unit: 'blob2' })];
    const twiceInOne = [...truth, truth[0] ?? available('')];
    const other = event([wrapped(originals[0] ?? '')], { unit: 'blob2' });
    const same = event([wrapped(originals[0] ?? '')]);

    expect(compareHistory(inTwoBlobs, [whole, other])).toMatchObject({ missing: [], altered: [], duplicates: [] });
    expect(compareHistory(inTwoBlobs, [whole]).missing).toEqual([inTwoBlobs[3]]);
    expect(compareHistory(twiceInOne, [whole, same])).toMatchObject({ missing: [], duplicates: [] });
    expect(compareHistory(twiceInOne, [whole]).missing).toEqual([truth[0]]);
  });

  it('finds a record that came under another tenant', () => {
    const foreign = event([wrapped(originals[0] ?? '', fabrikam)], { tenantId: fabrikam });
    const rest = event(originals.slice(1).map((original) => wrapped(original)));

    const { missing, altered } = compareHistory(truth, [foreign, rest]);

    expect(missing).toEqual([truth[0]]);
    expect(altered).toEqual([{ tenantId: fabrikam, unit: 'blob1', id: 'id1', belongsTo: contoso }]);
  });

  it('finds a record whose envelope names another tenant than its event', () => {
    const records = [wrapped(originals[0] ?? '', fabrikam), ...originals.slice(1).map((original) => wrapped(original))];

    const { missing, altered } = compareHistory(truth, [event(records)]);

    expect(missing).toHaveLength(1);
    expect(altered).toEqual([{ tenantId: contoso, unit: 'blob1', id: 'id1', belongsTo: fabrikam }]);
  });

  it('finds a record that came under another blob, and one that nobody ever made available', () => {
    const elsewhere = event([wrapped(originals[0] ?? '')], { unit: 'blob9' });
    const unknown = event([wrapped('{"Id":"id9"}')]);

    const { altered } = compareHistory(truth, [whole, elsewhere, unknown]);

    expect(altered.map(({ unit, id }) => [unit, id])).toEqual([
      ['blob9', 'id1'],
      ['blob1', 'id9'],
    ]);
  });

  it('counts an event that cannot be read as a record that nobody knows', () => {
    const broken = { ...whole, body: Buffer.from('{"records":[{"id":') };

    const { altered, missing } = compareHistory(truth, [broken]);

    expect(altered).toEqual([{ tenantId: contoso, unit: 'blob1', id: '(unreadable event)' }]);
    expect(missing).toHaveLength(3);
  });

  it('takes a pointer for the record that was too large for the hub', () => {
    const pointer = `{"truncated":true,"size":5000000,"sha256":"${truth[0]?.sha256 ?? ''}","blob":"x"}`;
    const other = pointer.replace(/"sha256":"."/, '"sha256":"x');

    expect(compareHistory(truth.slice(0, 1), [event([wrapped(pointer)])]).missing).toEqual([]);
    expect(compareHistory(truth.slice(0, 1), [event([wrapped(other.replace(/[0-9a-f]{8}/, '00000000'))])]).missing).toHaveLength(
      1,
    );
  });
});

describe('originalOf', () => {
  it('is not misled by the same text inside a string', () => {
    expect(originalOf(Buffer.from(wrapped(originals[0] ?? ''))).toString()).toBe(originals[0]);
  });

  it('refuses a record without properties', () => {
    expect(() => originalOf(Buffer.from('{"id":"1"}'))).toThrow('no properties');
  });
});
