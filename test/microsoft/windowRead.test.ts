import fc from 'fast-check';
import { failureOf } from '../../src/domain/failure';
import type { LostPart, Page, ReadAgain, Run, SourceRecord, TenantRequest, Unit } from '../../src/domain/source';
import { createAnswer } from '../../src/microsoft/answer';
import { readSpan } from '../../src/microsoft/windowRead';
import type { WindowSpec } from '../../src/microsoft/graphSpec';
import { answerWith, contoso, madeUpCloud, noAbort, provider } from './fakes';

// The same cases each time: a test that fails only sometimes helps nobody.
fc.configureGlobal({ seed: 20261122 });

const spec: WindowSpec = {
  ...{ id: 'graph.things', title: 'Things', docs: 'https://learn.microsoft.com/graph/api/things', integration: 'defenderXdr' },
  ...{ permissions: [], anyLicenceOf: [], clouds: ['custom'], category: 'Test.Thing', resourceProvider: 'Microsoft.Graph' },
  ...{ hub: 'm365-alerts', everySeconds: 60, path: '/things', pageSizes: [8, 2], limits: [] },
  ...{ filterBy: 'changed', backfillDays: 7, maxWindowHours: 24 },
};

const from = new Date('2026-11-20T00:00:00Z');
const windowSeconds = 6 * 3_600;
const now = new Date('2026-11-22T10:00:00Z');
const unit: Unit = {
  ...{ id: 'window', ref: '', from, expires: new Date('2026-11-29T00:00:00Z') },
  at: new Date(from.getTime() + (windowSeconds - 1) * 1_000),
};

interface Thing {
  readonly id: string;
  readonly second: number;
  /** The list cannot carry it in any page, nor can it be read alone. */
  readonly isPoison?: boolean;
  /** Only the list cannot carry it. */
  readonly breaksLists?: boolean;
  /** It breaks what is asked for with `$expand`. */
  readonly breaksExpand?: boolean;
}

const changedOf = ({ second }: Thing): Date => new Date(from.getTime() + second * 1_000 + 400);
const broken = (): ReturnType<typeof answerWith> =>
  answerWith({ status: 500, body: { error: { code: 'UnknownError', message: '' } } });

/** A list of things, a page at a time, which fails for every page that holds what it cannot carry. */
class Things {
  readonly requests: URL[] = [];
  readonly #things: readonly Thing[];
  /** How many requests are answered; then the run is cut off. */
  answers = Infinity;
  warnAt: string | undefined;
  /** Pages of more than so many things never end. */
  mostOnPage = Infinity;

  constructor(things: readonly Thing[]) {
    this.#things = things.toSorted((a, b) => a.second - b.second);
  }

  run(): Run {
    return {
      tenant: { id: contoso.id, cloud: madeUpCloud },
      ...{ publisherId: provider, now: () => now, signal: noAbort() },
      send: async (request) => Promise.resolve(this.#answer(request)),
    };
  }

  #answer({ url }: TenantRequest): ReturnType<typeof answerWith> {
    if (this.answers <= 0) throw new CutOff();
    this.answers -= 1;
    const asked = new URL(url);
    this.requests.push(asked);
    const isExpanded = asked.searchParams.has('$expand');
    const alone = /\/things\/(.+)$/.exec(asked.pathname)?.[1];
    if (alone !== undefined) {
      const thing = this.#things.find(({ id }) => id === alone);
      return thing === undefined || thing.isPoison === true ? broken() : answerWith({ body: shown(thing) });
    }
    const [, ge = '', le = ''] = /changed ge (\S+) and changed le (\S+)/.exec(asked.searchParams.get('$filter') ?? '') ?? [];
    const found = this.#things.filter((thing) => changedOf(thing) >= new Date(ge) && changedOf(thing) <= new Date(le));
    const skip = Number(asked.searchParams.get('$skiptoken') ?? 0);
    const top = Number(asked.searchParams.get('$top') ?? 100);
    const page = found.slice(skip, skip + top);
    const isOfIds = asked.searchParams.get('$select') === 'id';
    if (!isOfIds && page.some(({ isPoison, breaksLists }) => isPoison === true || breaksLists === true)) return broken();
    if (isExpanded && page.some(({ breaksExpand }) => breaksExpand === true)) return broken();
    if (page.length > this.mostOnPage) return endless();
    const next = new URL(asked);
    next.searchParams.set('$skiptoken', String(skip + top));
    const warns = page.some(({ id }) => id === this.warnAt);
    return answerWith({
      ...(warns ? { status: 206, headers: { warning: '199 - "things/not answering"' } } : {}),
      body: { value: page.map(shown), ...(skip + top < found.length ? { '@odata.nextLink': next.href } : {}) },
    });
  }
}

/** A page that goes on for ever, a MiB at a time. */
function endless(): ReturnType<typeof answerWith> {
  const body = async function* () {
    yield await Promise.resolve(Buffer.from('{"value":[{"id":"endless","text":"'));
    for (;;) yield Buffer.alloc(1_048_576, 'x');
  };
  return createAnswer({ status: 200, headers: {}, body: body(), discard: () => undefined, doing: 'testing' });
}

class CutOff extends Error {}

function shown(thing: Thing): object {
  return { id: thing.id, changed: changedOf(thing).toISOString() };
}

interface Seen {
  readonly ids: Set<string>;
  readonly lost: LostPart[];
  readonly notes: string[];
}

const idOf = ({ json }: SourceRecord): string => (JSON.parse(json.toString()) as { id: string }).id;

function take(page: Page, seen: Seen): void {
  for (const record of page.records) seen.ids.add(idOf(record));
  if (page.lost !== undefined) seen.lost.push(page.lost);
  seen.notes.push(...(page.notes ?? []));
}

/** Reads as the engine does: again from the last place after each failure, and after each interruption, which counts as no attempt. */
async function readToTheEnd(things: Things, answersAtATime = Infinity, ofSpec = spec): Promise<Seen & { readonly runs: number }> {
  const seen: Seen = { ids: new Set(), lost: [], notes: [] };
  let again: ReadAgain = { attempts: 0 };
  for (let runs = 1; runs < 400; runs += 1) {
    things.answers = answersAtATime;
    seen.lost.length = 0;
    try {
      for await (const page of readSpan(ofSpec, 'graph', things.run(), unit, again)) {
        take(page, seen);
        if (page.resumeAt !== undefined) again = { ...again, resumeAt: page.resumeAt };
      }
      return { ...seen, runs };
    } catch (error) {
      if (!(error instanceof CutOff)) {
        if (failureOf(error) === undefined) throw error;
        again = { ...again, attempts: again.attempts + 1 };
      }
    }
  }
  throw new Error('The window is never read to its end.');
}

const many = (count: number): Thing[] =>
  Array.from({ length: count }, (_, index) => ({ id: `thing-${index}`, second: (index * 97) % windowSeconds }));

describe('a window that holds what cannot be read', () => {
  it('is read but for that, wherever it lies and however often the search is interrupted', async () => {
    const poisons = fc.uniqueArray(fc.nat(windowSeconds - 1), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(poisons, fc.nat(60), fc.integer({ min: 3, max: 40 }), async (seconds, others, answersAtATime) => {
        const poison = seconds.map((second, index) => ({ id: `poison-${index}`, second, isPoison: true }));
        const healthy = many(others).filter(({ second }) => !seconds.includes(second));
        const things = new Things([...healthy, ...poison]);

        const { ids, lost } = await readToTheEnd(things, answersAtATime);

        expect([...ids].sort()).toEqual(healthy.map(({ id }) => id).sort());
        const lostSeconds = lost.map((part) => (part.from.getTime() - from.getTime()) / 1_000);
        expect(lostSeconds.toSorted((a, b) => a - b)).toEqual(seconds.toSorted((a, b) => a - b));
        for (const part of lost) expect(part.to.getTime() - part.from.getTime()).toBe(1_000);
        // Two page sizes and a control request for each halving, on the way down and up again; what was under way when it was cut off comes once more.
        expect(things.requests.length).toBeLessThan(seconds.length * 200 + 6 * others + 40);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it('keeps the place of the search when it is interrupted after every third answer', async () => {
    const things = new Things([{ id: 'poison', second: 12_345, isPoison: true }, ...many(20)]);

    const uninterrupted = await readToTheEnd(new Things([{ id: 'poison', second: 12_345, isPoison: true }, ...many(20)]));
    const interrupted = await readToTheEnd(things, 3);

    expect(interrupted.lost).toEqual(uninterrupted.lost);
    expect(interrupted.runs).toBeGreaterThan(20);
    expect(interrupted.runs).toBeLessThan(100);
  });

  it('loses single objects where they can be asked for by their ids', async () => {
    const second = 4_000;
    const things = new Things([
      { id: 'poison', second, isPoison: true },
      { id: 'shy', second, breaksLists: true },
      { id: 'neighbour', second },
      ...many(5),
    ]);

    const { ids, lost } = await readToTheEnd(things, Infinity, { ...spec, select: ['id', 'changed'] });

    expect(lost).toMatchObject([{ id: 'poison', cause: { kind: 'unavailable', code: 'UnknownError' } }]);
    expect([...ids].sort()).toEqual(['neighbour', 'shy', ...many(5).map(({ id }) => id)].sort());
    expect(things.requests.some(({ pathname }) => pathname.endsWith('/things/shy'))).toBe(true);
  });

  it('is read without $expand where that is what fails', async () => {
    const things = new Things([{ id: 'tangled', second: 4_000, breaksExpand: true }, ...many(5)]);

    const { ids, lost, notes } = await readToTheEnd(things, Infinity, { ...spec, expand: 'parts' });

    expect(lost).toEqual([]);
    expect(ids).toContain('tangled');
    expect(ids.size).toBe(6);
    expect(notes).toContain('queryDegraded');
    expect(things.requests.at(-1)?.searchParams.has('$expand')).toBe(false);
  });

  it('is asked for in smaller pages when a page is enormous', async () => {
    const things = new Things(many(12));
    things.mostOnPage = 4;

    const { ids, lost, notes } = await readToTheEnd(things);

    expect(ids.size).toBe(12);
    expect(lost).toEqual([]);
    expect(notes).toContain('queryDegraded');
    expect(things.requests.at(-1)?.searchParams.get('$top')).toBe('2');
  });

  it('gives nothing up when most of it cannot be read, and begins anew', async () => {
    const things = new Things(
      Array.from({ length: 12 }, (_, index) => ({ id: `${index}`, second: index * 900, isPoison: true })),
    );
    let resumeAt: string | undefined;
    const lost: LostPart[] = [];
    const reading = async (): Promise<void> => {
      for await (const page of readSpan(spec, 'graph', things.run(), unit, { attempts: 1 })) {
        resumeAt = page.resumeAt ?? resumeAt;
        if (page.lost !== undefined) lost.push(page.lost);
      }
    };

    await expect(reading()).rejects.toMatchObject({ failure: { kind: 'unexpectedResponse', code: 'tooManyLost' } });

    expect(lost).toEqual([]);
    expect(JSON.parse(resumeAt ?? '')).toEqual({ from: '2026-11-20T00:00:00Z', seconds: windowSeconds, shape: 0, lost: [] });
  });
});

describe('a page that says that something is missing from it', () => {
  it('is where reading goes on next time, not behind it', async () => {
    const things = new Things(many(40));
    things.warnAt = 'thing-12';
    const places: string[] = [];
    const reading = async (): Promise<void> => {
      for await (const { resumeAt } of readSpan(spec, 'graph', things.run(), unit, { attempts: 0 }))
        if (resumeAt !== undefined) places.push(resumeAt);
    };

    await expect(reading()).rejects.toMatchObject({ failure: { code: 'partialResult' } });

    expect(things.requests.length).toBe(5);
    expect(places.map((place) => new URL(place).searchParams.get('$skiptoken'))).toEqual(['8']);
  });
});
