import { tableSentMemory } from '../../src/azure/tableSentMemory';
import { sentMemoryContract } from '../support/sentMemoryContract';
import { tableWorkers } from '../../src/azure/tableWorkers';
import { startStorageStand } from './storageStand';
import type { StorageStand } from './storageStand';

const { signal } = new AbortController();
let stand: StorageStand;

beforeAll(async () => {
  stand = await startStorageStand();
});

afterAll(async () => {
  await stand.stop();
});

describe('what was sent, in tables', () =>
  sentMemoryContract(() => tableSentMemory(stand.access, { storagePrefix: stand.prefix() })));

describe('the workers at work', () => {
  it('are those that asked in the last minutes', async () => {
    const storagePrefix = stand.prefix();
    let now = Date.parse('2026-11-22T12:00:00Z');
    const worker = (name: string) => tableWorkers(stand.access, name, { now: () => new Date(now) }, { storagePrefix });
    const one = worker('one');
    const two = worker('two');

    expect(await one.count(signal)).toBe(1);
    expect(await two.count(signal)).toBe(2);
    expect(await one.count(signal)).toBe(1);
    now += 61_000;
    expect(await one.count(signal)).toBe(2);
    now += 4 * 60_000;
    expect(await one.count(signal)).toBe(1);
  });

  it('are taken to be as many as before while the table cannot be read, and many when it never could', async () => {
    const unreachable = {
      kind: 'connectionString' as const,
      value: stand.connectionString.replace(/TableEndpoint=http:\/\/127\.0\.0\.1:\d+/, 'TableEndpoint=http://127.0.0.1:1'),
    };
    const workers = tableWorkers(unreachable, 'one', { now: () => new Date() }, { storagePrefix: stand.prefix() });
    expect(await workers.count(signal)).toBe(10);
  });
});
