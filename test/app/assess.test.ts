import fc from 'fast-check';
import { evidenceSource, evidenceSourceId } from '../../src/app/assess';
import type { AssessPorts } from '../../src/app/assess';
import { askForAssessment, viewAssessments } from '../../src/app/askForAssessment';
import type { AskedForAssessment } from '../../src/app/askForAssessment';
import { readAssessment, writeAssessment } from '../../src/app/assessment';
import { assessedPeriod, assessmentIntervalMs, collectedPeriod, isAssessmentDue } from '../../src/domain/evidence';
import type { Assessment, EvidenceCheck, Finding } from '../../src/domain/evidence';
import { ConnectorError } from '../../src/domain/failure';
import type { Failure } from '../../src/domain/failure';
import type { EvidenceStore } from '../../src/domain/ports';
import type { Source } from '../../src/domain/source';
import type { Polling, Tenant } from '../../src/domain/tenant';
import { MemoryEvidenceStore } from '../support/memoryEvidenceStore';
import type { Plan } from '../support/simulatedProcess';
import { tenantNamed } from '../support/simulatedTenant';
import { isExpected, Simulation } from '../support/simulation';
import type { Worker } from '../support/simulation';
import { VirtualClock } from '../support/virtualClock';

// The same cases each time: a test that fails only sometimes helps nobody.
fc.configureGlobal({ seed: 20261122 });
jest.setTimeout(300_000);

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const { signal } = new AbortController();
const always = [new Date('2020-01-01T00:00:00Z'), new Date('2040-01-01T00:00:00Z')] as const;

/** A connector with nothing but evidence, on memory stores; every look finds another number, so that two looks are never taken for one. */
class EvidenceScenario {
  readonly simulation: Simulation;
  readonly evidence = new MemoryEvidenceStore();
  readonly tenant: Tenant;
  readonly source: Source;
  /** Called around keeping a document. */
  beforeKeep: () => Promise<void> = async () => Promise.resolve();
  afterKeep: () => Promise<void> = async () => Promise.resolve();
  /** What the second check fails with, if anything. */
  failure: Failure | undefined;
  looks = 0;

  constructor(polling: Polling = { kind: 'adaptive' }) {
    const sources: Source[] = [];
    this.simulation = new Simulation(new VirtualClock(new Date('2026-11-22T10:07:31Z')), sources);
    const { clock, stores } = this.simulation;
    const keep: EvidenceStore['keep'] = async (...given) => {
      await this.beforeKeep();
      const kept = await this.evidence.keep(...given);
      await this.afterKeep();
      return kept;
    };
    const ports: AssessPorts = {
      ...{ clock, clouds: this.simulation.start().ports.clouds, clockOffsetMs: () => 0 },
      ...{ tenants: stores.tenants, sourceRows: stores.sourceRows, coverage: stores.coverage, sources: new Map() },
      telemetry: { event: () => undefined },
      evidence: { ids: this.evidence.ids, read: this.evidence.read, keep },
      checks: ['one', 'two', 'three'].map((id) => this.#check(id)),
      controls: [{ framework: 'F', id: 'F.1', title: 'First', checks: ['one', 'two'] }],
      readList: async () => Promise.reject(new Error('not asked')),
    };
    this.source = evidenceSource(ports);
    sources.push(this.source);
    this.tenant = tenantNamed('assessed', { integrations: [{ id: 'evidence', polling }] });
    this.simulation.addTenant(this.tenant);
  }

  #check(id: string): EvidenceCheck {
    return {
      ...{ id, title: id, question: `${id}?`, metWhen: '', docs: undefined, permissions: [], licence: '' },
      gather: async () => {
        if (id === 'two' && this.failure !== undefined) throw new ConnectorError('looking', this.failure);
        this.looks += 1;
        const finding: Finding = {
          ...{ status: 'met', statement: `Looked ${this.looks} times.`, tables: [] },
          figures: [{ name: 'looks', title: 'Looks', value: this.looks }],
          objects: [{ type: 'look', id: `${this.looks}`, sha256: 'ab'.repeat(32) }],
        };
        return Promise.resolve(finding);
      },
    };
  }

  async assessments(): Promise<Assessment[]> {
    const found: Assessment[] = [];
    for (const id of await this.evidence.ids(this.tenant.id, ...always, signal)) {
      const kept = await this.evidence.read(this.tenant.id, id, signal);
      if (kept !== undefined) found.push(readAssessment(kept));
    }
    return found;
  }

  /** What arrived: the ids of the records, and for each the texts it arrived with. */
  received(): Map<string, Set<string>> {
    const texts = new Map<string, Set<string>>();
    for (const { id, properties } of this.simulation.stores.sink.records('m365-posture'))
      texts.set(id, (texts.get(id) ?? new Set()).add(JSON.stringify(properties)));
    return texts;
  }

  /** Asks for an assessment in a process of its own, whose clock may be another; undefined when the process died over it. */
  async ask(skewMs = 0, plan?: Plan): Promise<AskedForAssessment | undefined> {
    const asking = this.simulation.start(plan);
    const { ports } = asking;
    const clock = { now: () => new Date(ports.clock.now().getTime() + skewMs), sleep: ports.clock.sleep };
    const { evidence, simulation } = this;
    const tenant = await this.tenantNow();
    return simulation.await(
      asking,
      askForAssessment({ ...ports, clock, evidence, collect: { ...ports, clock } }, tenant, signal),
    );
  }

  async tenantNow(): Promise<Tenant> {
    const row = await this.simulation.stores.tenants.find(this.tenant.id, signal);
    if (row === undefined) throw new Error('There is no tenant.');
    return row.tenant;
  }

  /** Since when an assessment is asked for that is not there yet. */
  async askedAt(): Promise<string | undefined> {
    const { evidence, simulation } = this;
    return (await viewAssessments({ evidence, clock: simulation.clock }, await this.tenantNow(), signal)).askedAt;
  }

  async run(ms: number, plan?: Plan): Promise<Worker> {
    const worker = this.simulation.start(plan);
    await this.simulation.runFor(worker, ms);
    return worker;
  }

  /** Everything that is kept has arrived, each item with one content, and nothing else has. */
  async problems(workers: readonly Worker[]): Promise<string[]> {
    const received = this.received();
    const assessments = await this.assessments();
    const expected = assessments.flatMap(({ id, items }) => items.map(({ check }) => `${id}/${check}`));
    return [
      ...expected.filter((id) => !received.has(id)).map((id) => `not sent: ${id}`),
      ...[...received.keys()].filter((id) => !expected.includes(id)).map((id) => `sent, not kept: ${id}`),
      ...[...received].filter(([, texts]) => texts.size !== 1).map(([id]) => `sent with different contents: ${id}`),
      ...workers.flatMap(({ errors }) => errors.filter((error) => !isExpected(error)).map(String)),
    ];
  }
}

describe('an assessment', () => {
  it('is made soon after a tenant was added, kept, and sent item by item', async () => {
    const scenario = new EvidenceScenario();

    const worker = await scenario.run(5 * minuteMs);

    const [assessment, ...more] = await scenario.assessments();
    expect([assessment?.id, more]).toEqual(['2026-11-22T10:00:00.000Z', []]);
    expect(await scenario.problems([worker])).toEqual([]);
    const records = scenario.simulation.stores.sink.records('m365-posture');
    expect(records.map(({ category, tenantId }) => [category, tenantId])).toEqual(
      Array.from({ length: 3 }, () => ['M365Connector.Evidence', scenario.tenant.id]),
    );
    expect(records[0]?.properties).toMatchObject({
      check: 'one',
      status: 'met',
      figures: { looks: 1 },
      controls: [{ framework: 'F', id: 'F.1', title: 'First' }],
      assessment: { id: assessment?.id, items: 3, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    });
  });

  it.each<[string, Polling, number]>([
    ['once a day', { kind: 'adaptive' }, 3],
    ['once an hour, on request', { kind: 'every', seconds: 3_600 }, 49],
    ['not more often than once an hour', { kind: 'every', seconds: 60 }, 49],
  ])('is made %s', async (_, polling, count) => {
    const scenario = new EvidenceScenario(polling);

    const worker = await scenario.run(48 * hourMs + 30 * minuteMs);

    expect((await scenario.assessments()).length).toBe(count);
    expect(scenario.received().size).toBe(3 * count);
    expect(await scenario.problems([worker])).toEqual([]);
  });

  it.each<[Failure, boolean]>([
    [{ kind: 'unavailable', code: 'HTTP 503' }, true],
    [{ kind: 'throttled', code: 'HTTP 429', retryAfterMs: 60_000 }, true],
    [{ kind: 'unexpectedResponse', code: 'notAnArray', detail: '' }, true],
    [{ kind: 'notLicensed', code: 'Forbidden', detail: '' }, false],
    [{ kind: 'permissionMissing', code: 'Forbidden', permission: 'Policy.Read.All' }, false],
  ])(
    'in which something failed with %j is kept as it is, and made again in an hour if that may heal: %s',
    async (failure, again) => {
      const scenario = new EvidenceScenario();
      scenario.failure = failure;
      const workers = [await scenario.run(5 * minuteMs)];
      scenario.failure = undefined;
      workers.push(await scenario.run(5 * hourMs));

      const [first, second, ...more] = await scenario.assessments();
      expect(first?.items.map(({ status }) => status)).toEqual(['met', 'notAvailable', 'met']);
      expect(first?.items[1]).toMatchObject({ failure: { kind: failure.kind, code: failure.code }, figures: [], objects: [] });
      expect([second?.items.map(({ status }) => status), more]).toEqual([again ? ['met', 'met', 'met'] : undefined, []]);
      expect(await scenario.problems(workers)).toEqual([]);
    },
  );

  it('that a command has kept is sent by the connector, once', async () => {
    const scenario = new EvidenceScenario();
    await scenario.run(5 * minuteMs);
    const [made] = await scenario.assessments();
    const id = scenario.simulation.clock.now().toISOString();
    if (made === undefined) throw new Error('nothing was made');
    await scenario.evidence.keep(scenario.tenant.id, id, writeAssessment({ ...made, id }), signal);

    const worker = await scenario.run(3 * hourMs);

    expect(scenario.received().size).toBe(6);
    expect(scenario.simulation.stores.sink.records('m365-posture')).toHaveLength(6);
    expect(await scenario.problems([worker])).toEqual([]);
  });
});

describe('an assessment that somebody asks for', () => {
  it.each<[string, Polling]>([
    ['adaptively', { kind: 'adaptive' }],
    ['only on request', { kind: 'disabled' }],
  ])('of a tenant that is polled %s is answered at once, made by the next run, and sent', async (_, polling) => {
    const scenario = new EvidenceScenario(polling);
    const workers = [await scenario.run(5 * minuteMs)];
    const before = (await scenario.assessments()).length;

    const asked = await scenario.ask();
    const again = await scenario.ask();
    const underWay = await scenario.askedAt();
    expect([asked?.outcome, again, (await scenario.assessments()).length]).toEqual([
      'asked',
      { ...asked, outcome: 'underWay' },
      before,
    ]);
    workers.push(await scenario.run(minuteMs));

    expect([underWay, await scenario.askedAt()]).toEqual([asked?.askedAt, undefined]);
    expect((await scenario.assessments()).map(({ id }) => id).slice(before)).toEqual([asked?.askedAt]);
    workers.push(await scenario.run(12 * hourMs));
    expect((await scenario.assessments()).length).toBe(before + 1);
    expect(await scenario.problems(workers)).toEqual([]);
  });

  it.each([-4, 4])('from a clock that is %d hours ahead is made once, and sent', async (hours) => {
    const scenario = new EvidenceScenario();
    const workers = [await scenario.run(30 * minuteMs)];

    await scenario.ask(hours * hourMs);
    workers.push(await scenario.run(3 * hourMs));

    expect((await scenario.assessments()).length).toBe(2);
    expect(await scenario.problems(workers)).toEqual([]);
  });

  it('in a process that dies over it, at any step, is made or was never answered; and what was answered is made', async () => {
    for (const fate of ['dieBefore', 'dieUnanswered', 'dieAnswered'] as const) {
      for (let step = 0; step < 3; step += 1) {
        const scenario = new EvidenceScenario();
        const workers = [await scenario.run(5 * minuteMs)];

        const asked = await scenario.ask(0, (_, index) => (index === step ? fate : 'go'));
        const noted = (await scenario.tenantNow()).assessmentAskedAt;
        workers.push(await scenario.run(2 * hourMs));

        const made = (await scenario.assessments()).length - 1;
        expect([fate, step, asked, noted !== undefined, made]).toEqual([
          ...[fate, step, undefined, step > 0 || fate !== 'dieBefore'],
          noted === undefined ? 0 : 1,
        ]);
        expect(await scenario.problems(workers)).toEqual([]);
      }
    }
  });

  it('of a tenant that is paused, lacks the integration, or is in a cloud that is not set up is refused, and nothing is noted', async () => {
    const refusals: readonly (readonly [Partial<Tenant>, RegExp])[] = [
      [{ status: 'paused' }, /is paused/],
      [{ integrations: [{ id: 'intune', polling: { kind: 'adaptive' } }] }, /does not have the integration/],
      [{ cloud: 'custom' }, /cloudNotConfigured/],
    ];
    for (const [change, words] of refusals) {
      const scenario = new EvidenceScenario();
      scenario.simulation.stores.tenants.put({ ...scenario.tenant, ...change });

      await expect(scenario.ask()).rejects.toThrow(words);
      expect((await scenario.tenantNow()).assessmentAskedAt).toBeUndefined();
    }
  });

  it('waits while the tenant is paused, and is made once it is resumed', async () => {
    const scenario = new EvidenceScenario();
    const workers = [await scenario.run(5 * minuteMs)];
    const { tenants } = scenario.simulation.stores;
    await scenario.ask();
    const tenant = await scenario.tenantNow();
    tenants.put({ ...tenant, status: 'paused', epoch: 2 });
    workers.push(await scenario.run(3 * hourMs));
    const whilePaused = (await scenario.assessments()).length;

    tenants.put({ ...tenant, epoch: 3 });
    workers.push(await scenario.run(2 * hourMs));

    expect([whilePaused, (await scenario.assessments()).length, await scenario.askedAt()]).toEqual([1, 2, undefined]);
    expect(await scenario.problems(workers)).toEqual([]);
  });
});

describe('a process that dies while it assesses', () => {
  it('before or after the document is kept: there is one assessment in the end, and it is sent as it was kept', async () => {
    for (const moment of ['beforeKeep', 'afterKeep'] as const) {
      const scenario = new EvidenceScenario();
      const dying = scenario.simulation.start();
      scenario[moment] = async () => {
        dying.process.die();
        return new Promise<never>(() => undefined);
      };
      await scenario.simulation.runFor(dying, 5 * minuteMs);
      scenario[moment] = async () => Promise.resolve();
      expect(dying.process.isDead).toBe(true);
      await scenario.simulation.clock.advance(minuteMs);

      const worker = await scenario.run(2 * hourMs);

      const assessments = await scenario.assessments();
      expect([moment, assessments.length]).toEqual([moment, 1]);
      expect(assessments[0]?.items[0]?.figures[0]?.value).toBe(moment === 'beforeKeep' ? 4 : 1);
      expect(await scenario.problems([worker])).toEqual([]);
    }
  });

  it.each(['dieBefore', 'dieUnanswered', 'dieAnswered'] as const)(
    'at any durable step (%s): nothing is lost, what is sent again is the same, and the store holds it once',
    async (fate) => {
      const clean = await new EvidenceScenario().run(3 * minuteMs);
      const steps = clean.process.steps.length;
      expect(steps).toBeGreaterThan(5);
      for (let step = 0; step < steps; step += 1) {
        const scenario = new EvidenceScenario();
        scenario.simulation.repairs = false;
        const dying = await scenario.run(3 * minuteMs, (_, index) => (index === step ? fate : 'go'));
        await scenario.simulation.clock.advance(minuteMs);
        const worker = await scenario.run(2 * hourMs);

        const writes = scenario.simulation.stores.sink.records('m365-posture').length;
        expect([step, (await scenario.assessments()).length]).toEqual([step, 1]);
        expect([step, await scenario.problems([dying, worker])]).toEqual([step, []]);
        expect(writes).toBeLessThanOrEqual(6);
      }
    },
  );
});

describe('when a tenant is assessed', () => {
  const times = fc.date({ min: new Date('2026-01-01T00:00:00Z'), max: new Date('2027-01-01T00:00:00Z'), noInvalidDate: true });

  it('is never later than the interval after the last time, and never sooner than an hour', () => {
    const intervals = fc.integer({ min: 1, max: 90_000 }).map((seconds): Polling => ({ kind: 'every', seconds }));
    fc.assert(
      fc.property(times, fc.nat(100 * hourMs), intervals, fc.boolean(), (now, ageMs, polling, again) => {
        const intervalMs = assessmentIntervalMs(polling);
        const latest = { id: new Date(now.getTime() - ageMs).toISOString(), again };
        const isDue = isAssessmentDue(latest, now, intervalMs);

        expect(intervalMs).toBeGreaterThanOrEqual(hourMs);
        if (ageMs >= intervalMs) expect(isDue).toBe(true);
        if (ageMs < hourMs) expect(isDue).toBe(false);
        if (again && ageMs >= hourMs) expect(isDue).toBe(true);
      }),
    );
  });

  it('it speaks of full hours that are over, of at most a day, and of none before the tenant was added', () => {
    fc.assert(
      fc.property(times, times, (now, addedAt) => {
        const { from, to } = collectedPeriod(assessedPeriod(now), addedAt);

        expect([from.getTime() % hourMs, to.getTime() % hourMs]).toEqual([0, 0]);
        expect(to.getTime()).toBeLessThanOrEqual(now.getTime() - hourMs);
        expect(to.getTime() - from.getTime()).toBeLessThanOrEqual(24 * hourMs);
        expect(to.getTime()).toBeGreaterThanOrEqual(from.getTime());
        if (from < to) expect(from.getTime()).toBeGreaterThanOrEqual(addedAt.getTime());
      }),
    );
  });
});

describe('the source of evidence', () => {
  it('needs no permission of its own, so that a check that is refused leaves the others', () => {
    const { source } = new EvidenceScenario();

    expect([source.id, source.permissions, source.hub]).toEqual([evidenceSourceId, [], 'm365-posture']);
  });
});
