import { contoso, startTestBed, type TestBed } from '../client';
import { GraphClient, type Page } from './graphClient';
import { followsLink, graphFaults } from './graphFaults';

const hourMs = 3_600_000;

describe('deltas of the simulated Graph', () => {
  let bed: TestBed;
  let graph: GraphClient;
  beforeEach(async () => {
    bed = await startTestBed({ keepLimits: false });
    graph = new GraphClient(bed);
  });
  afterEach(() => bed.stop());

  /** Lets time pass and the world turn. */
  async function pass(hours: number): Promise<void> {
    bed.clock.advance(hours * hourMs);
    bed.microsoft.graph.generate(bed.clock.now());
    await graph.token(contoso, 'graph', true);
  }

  /** What a client knows after the pages it read. */
  function apply(known: Map<string, Record<string, unknown>>, pages: readonly Page[]): void {
    for (const object of pages.flatMap(({ value }) => value)) {
      if (object['@removed']) known.delete(String(object['id']));
      else known.set(String(object['id']), object);
    }
  }

  it.each(['users', 'groups', 'devices', 'servicePrincipals'] as const)(
    'tell %s as they are after any number of rounds',
    async (feed) => {
      const known = new Map<string, Record<string, unknown>>();
      const select = feed === 'groups' ? ['displayName', 'description'] : ['displayName', 'accountEnabled'];
      let pages = await graph.all(contoso, `/v1.0/${feed}/delta?$select=${select.join()}`, { Prefer: 'odata.maxpagesize=7' });
      apply(known, pages);
      let changes = 0;
      for (let day = 0; day < 9; day++) {
        await pass(24);
        pages = await graph.all(contoso, pages.at(-1)?.deltaLink ?? '');
        expect(pages.map(({ status }) => status).every((status) => status === 200)).toBe(true);
        changes += pages.flatMap(({ value }) => value).length;
        apply(known, pages);
      }
      const list = (await graph.all(contoso, `/v1.0/${feed}?$select=${['id', ...select].join()}`)).flatMap(({ value }) => value);

      expect(changes).toBeGreaterThan(0);
      expect(known.size).toBe(list.length);
      for (const object of list) expect(known.get(String(object['id']))).toEqual(object);
      expect(bed.microsoft.violations).toEqual([]);
    },
  );

  it('tell members as they come and go', async () => {
    const members = new Set<string>();
    const read = (pages: readonly Page[]) => {
      for (const group of pages.flatMap(({ value }) => value)) {
        // A group that goes takes its members along; one that is restored brings them all.
        if (group['@removed']) for (const key of members) if (key.startsWith(`${String(group['id'])}|`)) members.delete(key);
        for (const member of (group['members@delta'] as { id: string; '@removed'?: object }[] | undefined) ?? []) {
          const key = `${String(group['id'])}|${member.id}`;
          if (member['@removed']) members.delete(key);
          else members.add(key);
        }
      }
    };
    bed.microsoft.settings.deltaMembersPerEntry = 3;
    let pages = await graph.all(contoso, '/v1.0/groups/delta?$select=displayName,members');
    const groups = pages.flatMap(({ value }) => value.map(({ id }) => id));
    expect(new Set(groups).size).toBeLessThan(groups.length);
    read(pages);
    for (let day = 0; day < 7; day++) {
      await pass(24);
      pages = await graph.all(contoso, pages.at(-1)?.deltaLink ?? '');
      read(pages);
    }
    const truth = [...bed.microsoft.graph.truth.available({ feed: 'groupMembers', tenantId: contoso.tenantId, latest: true })];
    const groupsThere = new Set(
      [...bed.microsoft.graph.truth.available({ feed: 'groups', tenantId: contoso.tenantId, latest: true })]
        .filter(({ removed }) => !removed)
        .map(({ id }) => id),
    );

    expect(truth.some(({ removed }) => removed)).toBe(true);
    const live = truth.filter(({ removed, owner = '' }) => !removed && groupsThere.has(owner)).map(({ id }) => id);
    expect([...members].filter((key) => groupsThere.has(key.split('|')[0] ?? '')).sort()).toEqual(live.sort());
  });

  it('say how an object went', async () => {
    const [first] = await graph.all(contoso, '/v1.0/users/delta?$deltatoken=latest');
    expect(first?.value).toEqual([]);
    await pass(14 * 24);
    bed.microsoft.settings.deltaTokenLifeMs = Infinity;
    const seen: string[] = [];
    let link = first?.deltaLink ?? '';
    for (let day = 0; day < 10; day++) {
      const pages = await graph.all(contoso, link);
      link = pages.at(-1)?.deltaLink ?? '';
      seen.push(
        ...pages.flatMap(({ value }) =>
          value.flatMap((user) => (user['@removed'] as { reason: string } | undefined)?.reason ?? []),
        ),
      );
      await pass(24);
    }

    expect(new Set(seen)).toEqual(new Set(['changed', 'deleted']));
  });

  it('send nothing when nothing changed, only what changed when asked to, and repeats when set to', async () => {
    const pages = await graph.all(contoso, '/v1.0/users/delta?$select=displayName,department,accountEnabled');
    const link = pages.at(-1)?.deltaLink ?? '';

    expect((await graph.get(contoso, link)).value).toEqual([]);
    bed.microsoft.settings.deltaReplayShare = 0.5;
    bed.microsoft.graph.publish(contoso.tenantId, 'users', { id: 'new', displayName: 'New', department: 'IT' });
    const repeated = (await graph.all(contoso, link)).flatMap(({ value }) => value.map(({ id }) => id));
    expect(repeated).toContain('new');
    expect(new Set(repeated).size).toBeLessThan(repeated.length);
    bed.microsoft.settings.deltaReplayShare = 0;
    const [after] = await graph.all(contoso, link);
    bed.microsoft.graph.publish(contoso.tenantId, 'users', { id: 'new', displayName: 'New', department: 'HR' });
    const [minimal] = await graph.all(contoso, after?.deltaLink ?? '', { Prefer: 'return=minimal' });
    expect(minimal?.value).toEqual([{ id: 'new', department: 'HR' }]);
  });

  it('answer 410 with the way to begin again: for old tokens, within a round too', async () => {
    const pages = await graph.all(contoso, '/v1.0/devices/delta?$select=displayName', { Prefer: 'odata.maxpagesize=10' });
    bed.microsoft.graph.expireDeltas(contoso.tenantId);

    for (const link of [pages[0]?.nextLink ?? '', pages.at(-1)?.deltaLink ?? '']) {
      const gone = await graph.get(contoso, link);
      expect([gone.status, gone.error?.code]).toEqual([410, 'syncStateNotFound']);
      const again = await graph.all(contoso, String(gone.headers.location));
      expect(again.flatMap(({ value }) => value)).toEqual(pages.flatMap(({ value }) => value));
    }
    const { deltaLink = '' } = (await graph.all(contoso, '/v1.0/devices/delta')).at(-1) ?? {};
    await pass(7 * 24 + 1);
    expect((await graph.get(contoso, deltaLink)).status).toBe(410);
  });

  it('can be made to lose the way', async () => {
    const within = { operation: 'usersDelta', where: followsLink } as const;
    bed.microsoft.faults.add({ when: within, respond: graphFaults.serverError() });
    bed.microsoft.faults.add({ when: { operation: 'usersDelta' }, times: 1, respond: graphFaults.deltaGone() });
    bed.microsoft.faults.add({ when: { operation: 'usersDelta' }, times: 1, respond: graphFaults.resyncRequired() });

    const [gone, resync] = [await graph.get(contoso, '/v1.0/users/delta'), await graph.get(contoso, '/v1.0/users/delta')];

    const [first, second] = await graph.all(contoso, '/v1.0/users/delta', { Prefer: 'odata.maxpagesize=10' });
    expect([first?.status, second?.status]).toEqual([200, 500]);
    expect([gone.status, gone.headers.location, resync.status, resync.error?.code]).toEqual([
      410,
      undefined,
      400,
      'resyncRequired',
    ]);
  });
});
