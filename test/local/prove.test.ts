import { createHash } from 'node:crypto';
import type { HubEvent } from './historyCheck';
import type { TenantOverview } from './overview';
import { prove } from './prove';
import type { TruthRecord } from './prove';

const contoso = '11111111-1111-4111-8111-111111111111';
const fabrikam = '22222222-2222-4222-8222-222222222222';

const originals = ['{"Id":"id1"}', '{"Id":"id2"}', '{"Id":"id3"}'];

function truth(collectable = true, tenantId = contoso): TruthRecord[] {
  return originals.map((original, index) => ({
    ...{ tenantId, unit: 'blob', id: `id${index + 1}`, collectable },
    sha256: createHash('sha256').update(original).digest('hex'),
  }));
}

function event(sent: readonly string[] = originals, tenantId = contoso): HubEvent {
  const records = sent.map(
    (original) => `{"tenantId":"${tenantId}","id":"${/id\d/.exec(original)?.[0] ?? ''}","properties":${original}}`,
  );
  return { body: Buffer.from(`{"records":[${records.join(',')}]}`), applicationProperties: { tenantId, unit: 'blob' } };
}

const overview = (id: string, name: string, gaps = 0): TenantOverview => ({
  ...{
    tenant: { id, name, addedAt: '' },
    state: 'collecting',
    stateTitle: 'Collecting',
    since: undefined,
    why: '',
    nextStep: '',
  },
  ...{ records: 3, auditRecords: 3, sources: 33, available: 27, listed: 1, delivered: 1, pending: 0, gaps, lagSeconds: 1 },
});
const tenants = [overview(contoso, 'Contoso')];

describe('prove', () => {
  it('proves a run in which everything arrived', () => {
    const { proof, lines } = prove(truth(), [event()], tenants);

    expect(proof).toEqual({
      ...{ ok: true, tenants: 1, available: 3, delivered: 3, missing: 0, altered: 0, foreign: 0, duplicates: 0, gaps: 0 },
    });
    expect(lines.join('\n')).toMatch(/Contoso +Collecting +1 of 1 blobs +3 of 3 records/);
    expect(lines.at(-1)).toMatch(/^Proven: 3 records were available, 3 of them were delivered byte for byte/);
  });

  it.each<[string, HubEvent[], object, RegExp]>([
    ['a lost record', [event(originals.slice(1))], { missing: 1 }, /missing: id1 of Contoso, blob blob/],
    [
      'an altered record',
      [event(['{"Id": "id1"}', ...originals.slice(1)])],
      { missing: 1, altered: 1 },
      /altered: id1 of Contoso/,
    ],
    ['an invented record', [event(), event(['{"Id":"id9"}'])], { altered: 1, foreign: 0 }, /altered: id9/],
    [
      'a record of another tenant',
      [event(), event(originals.slice(0, 1), fabrikam)],
      { altered: 1, foreign: 1 },
      /of another tenant: id1 .* belongs to Contoso/,
    ],
    ['nothing at all', [], { missing: 3, delivered: 0 }, /NOT PROVEN: 3 records were available, 0 of them/],
  ])('does not prove a run with %s', (_, events, counts, words) => {
    const { proof, lines } = prove(truth(), events, tenants);

    expect(proof).toMatchObject({ ok: false, ...counts });
    expect(lines.join('\n')).toMatch(words);
    expect(lines.at(-1)).toMatch(/^NOT PROVEN/);
  });

  it('lists duplicates and gaps, which alone do not spoil the proof', () => {
    const { proof, lines } = prove(truth(), [event(), event(originals.slice(0, 2))], [overview(contoso, 'Contoso', 2)]);

    expect(proof).toMatchObject({ ok: true, duplicates: 2, gaps: 2, delivered: 5 });
    expect(lines).toContain('  sent 2 times: id1 of Contoso, blob blob');
  });

  it('wants nothing that could not be collected, and does not mind when it was', () => {
    const all = [...truth(), ...truth(false, fabrikam)];
    const both = [...tenants, overview(fabrikam, 'Fabrikam')];

    const without = prove(all, [event()], both);
    const partly = prove(all, [event(), event(originals.slice(0, 1), fabrikam)], both);

    for (const { proof } of [without, partly]) expect(proof).toMatchObject({ ok: true, available: 3, missing: 0, altered: 0 });
    expect(without.lines.join('\n')).toMatch(/Fabrikam .* nothing could be collected/);
  });

  it('proves nothing when there was nothing', () => {
    expect(prove([], [], tenants).proof.ok).toBe(false);
    expect(prove(truth(false), [], tenants).lines.at(-1)).toContain('nothing was made available that could be collected');
  });

  it('lists no more than a person reads', () => {
    const lost = Array.from({ length: 500 }, (_, index) => ({ ...truth()[0], unit: `blob${index}` }) as TruthRecord);

    const { lines } = prove(lost, [], tenants);

    expect(lines.filter((line) => line.includes('missing: '))).toHaveLength(20);
    expect(lines).toContain('  … and 480 more like that');
  });
});
