import { sha256Of } from '../../src/domain/evidence';
import { failureOf } from '../../src/domain/failure';
import type { EvidenceStore } from '../../src/domain/ports';

const signal = new AbortController().signal;
const contoso = '11111111-2222-4333-8444-000000000001';
const fabrikam = '11111111-2222-4333-8444-000000000002';
const document = (text: string): Buffer => Buffer.from(JSON.stringify({ text }));
const all = [new Date('2000-01-01T00:00:00Z'), new Date('2100-01-01T00:00:00Z')] as const;

/** What every store of assessments has to do. */
export function evidenceStoreContract(makeStore: () => EvidenceStore): void {
  it('keeps a document byte for byte, with its hash, and finds it again', async () => {
    const store = makeStore();
    const written = document('Fuß & Hand 年度');

    const kept = await store.keep(contoso, '2026-11-22T10:00:00.000Z', written, signal);
    const found = await store.read(contoso, '2026-11-22T10:00:00.000Z', signal);

    expect(kept.sha256).toBe(sha256Of(written));
    expect(found).toEqual(kept);
    expect(found?.document.equals(written)).toBe(true);
  });

  it('never overwrites: whoever comes second gets what is there', async () => {
    const store = makeStore();
    const id = '2026-11-22T10:00:00.000Z';
    const first = await store.keep(contoso, id, document('first'), signal);

    const second = await store.keep(contoso, id, document('second'), signal);

    expect(second).toEqual(first);
    expect((await store.read(contoso, id, signal))?.document.equals(document('first'))).toBe(true);
    expect(await store.ids(contoso, ...all, signal)).toEqual([id]);
  });

  it('lets one of many that write at once win, and tells all of them which', async () => {
    const store = makeStore();
    const id = '2026-11-22T10:00:00.000Z';

    const kept = await Promise.all(
      Array.from({ length: 5 }, (_, index) => store.keep(contoso, id, document(`writer ${index}`), signal)),
    );

    expect(new Set(kept.map(({ sha256 }) => sha256)).size).toBe(1);
  });

  it('lists a span of a tenant, oldest first, from inclusive to exclusive', async () => {
    const store = makeStore();
    const ids = [
      '2026-12-31T23:00:00.000Z',
      '2025-11-22T10:00:00.000Z',
      '2026-11-22T10:00:00.000Z',
      '2026-11-22T10:00:00.001Z',
      '2026-11-22T22:59:59.999Z',
      '2027-01-01T00:00:00.000Z',
    ];
    for (const id of ids) await store.keep(contoso, id, document(id), signal);
    await store.keep(fabrikam, '2026-11-22T11:00:00.000Z', document('other'), signal);
    const between = (from: string, to: string) => store.ids(contoso, new Date(from), new Date(to), signal);

    expect(await store.ids(contoso, ...all, signal)).toEqual([...ids].sort());
    expect(await between('2026-11-22T10:00:00.000Z', '2026-11-22T22:59:59.999Z')).toEqual(ids.slice(2, 4));
    expect(await between('2026-11-22T10:00:00.001Z', '2026-12-31T23:00:00.001Z')).toEqual([ids[3], ids[4], ids[0]]);
    expect(await between('2026-12-31T00:00:00.000Z', '2027-01-01T00:00:00.000Z')).toEqual([ids[0]]);
    expect(await store.ids('11111111-2222-4333-8444-000000000003', ...all, signal)).toEqual([]);
  });

  it('says that there is none, and cancelled when the caller gives up', async () => {
    const store = makeStore();
    const kind = async (work: Promise<unknown>) =>
      work.then(
        () => 'done',
        (error: unknown) => failureOf(error)?.kind,
      );
    const gone = AbortSignal.abort();

    expect(await store.read(contoso, '2026-11-22T10:00:00.000Z', signal)).toBeUndefined();
    expect(await kind(store.keep(contoso, '2026-11-22T10:00:00.000Z', document(''), gone))).toBe('cancelled');
    expect(await kind(store.ids(contoso, ...all, gone))).toBe('cancelled');
    expect(await kind(store.read(contoso, '2026-11-22T10:00:00.000Z', gone))).toBe('cancelled');
  });
}
