import { handlePoison } from '../../src/app/poison';
import { failureOf } from '../../src/domain/failure';
import { MemoryPoisonStore } from '../support/memorySchedule';
import { ScriptedSource } from '../support/scriptedSource';
import { tenantNamed } from '../support/simulatedTenant';
import { Simulation } from '../support/simulation';
import type { Worker } from '../support/simulation';
import { VirtualClock } from '../support/virtualClock';

const start = new Date('2026-11-22T10:00:00Z');
const tenant = tenantNamed('poisoned');
const { signal } = new AbortController();

interface World {
  readonly simulation: Simulation;
  readonly worker: Worker;
  readonly poison: MemoryPoisonStore;
  readonly entry: { readonly tenantId: string; readonly sourceId: string; readonly ticket: number; readonly dueAt: string };
  readonly handle: (message: unknown) => Promise<void>;
}

function begin(): World {
  const clock = new VirtualClock(start);
  const source = new ScriptedSource(clock);
  const simulation = new Simulation(clock, [source]);
  simulation.addTenant(tenant);
  const worker = simulation.start();
  const poison = new MemoryPoisonStore();
  const entry = { tenantId: tenant.id, sourceId: source.id, ticket: 0, dueAt: start.toISOString() };
  return { simulation, worker, poison, entry, handle: async (message) => handlePoison(worker.ports, poison, message, signal) };
}

describe('handlePoison', () => {
  it('records a message that failed too often, raises an alert, and makes its sources due in a quarter of an hour', async () => {
    const { simulation, worker, poison, entry, handle } = begin();
    await simulation.stores.schedule.remove(simulation.stores.schedule.entries(), signal);

    await handle({ v: 1, entries: [entry] });

    expect(poison.recorded).toEqual([
      {
        cause: 'A collect message failed as often as the queue allows.',
        message: JSON.stringify({ v: 1, entries: [entry] }),
        entries: [entry],
        at: start,
      },
    ]);
    expect(worker.process.telemetry.events).toEqual([
      {
        name: 'poisonMessage',
        severity: 'error',
        fields: {
          cause: 'A collect message failed as often as the queue allows.',
          entries: 1,
          armed: 1,
          tenants: 1,
          tenant: tenant.id,
        },
      },
    ]);
    expect(simulation.stores.schedule.entries().map(({ tenantId, dueAt }) => [tenantId, dueAt.toISOString()])).toEqual([
      [tenant.id, '2026-11-22T10:15:00.000Z'],
    ]);
  });

  it('takes up again what a set-aside message names, by its ids only', async () => {
    const { simulation, poison, entry, handle } = begin();
    const original = JSON.stringify({ v: 1, entries: [{ ...entry, contentUri: 'https://evil.example' }] });

    await handle({ cause: 'Entry 1 of the message has fields that do not belong there.', message: original });

    expect(poison.recorded).toMatchObject([{ cause: expect.stringContaining('Entry 1') as string, entries: [entry] }]);
    expect(JSON.stringify(simulation.stores.schedule.entries())).not.toContain('evil');
    expect(simulation.stores.schedule.entries()).toHaveLength(2);
  });

  it('arms nothing for a tenant or a source that is not ours', async () => {
    const { simulation, worker, entry, handle } = begin();
    const foreign = { ...entry, tenantId: '22222222-2222-4222-8222-222222222222' };

    await handle({ v: 1, entries: [foreign, { ...entry, sourceId: 'activity.unknown' }] });

    expect(worker.process.telemetry.named('poisonMessage')).toMatchObject([{ entries: 2, armed: 0, tenants: 2 }]);
    expect(simulation.stores.schedule.entries()).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ['text', 'not ours'],
    ['nothing', undefined],
    ['a number', 42],
    ['an array', []],
    ['64 KB', 'x'.repeat(65_536)],
    ['something nested without end', JSON.parse('['.repeat(32_000) + ']'.repeat(32_000))],
    ['a forged cause', { cause: 7, message: {} }],
    ['a very long cause', { cause: 'x'.repeat(60_000), message: 'y' }],
    ['a set-aside message that is not JSON', { cause: 'The message is not JSON.', message: '{"v":1,' }],
  ])('keeps an excerpt of %s, and does not throw', async (_, message) => {
    const { poison, worker, handle } = begin();

    await handle(message);

    const [recorded] = poison.recorded;
    expect(recorded?.entries).toEqual([]);
    expect(recorded?.cause.length).toBeGreaterThan(10);
    expect(recorded?.cause.length).toBeLessThanOrEqual(2_000);
    expect(recorded?.message.length).toBeLessThanOrEqual(2_000);
    expect(worker.process.telemetry.named('poisonMessage')).toHaveLength(1);
  });

  it('fails, so that the message comes again, only when storage fails', async () => {
    const { worker, entry } = begin();

    const failed = handlePoison(worker.ports, new MemoryPoisonStore(), { v: 1, entries: [entry] }, AbortSignal.abort());

    expect(failureOf(await failed.catch((error: unknown) => error))?.kind).toBe('cancelled');
  });
});
