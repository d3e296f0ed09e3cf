import fc from 'fast-check';
import { tableCoverageStore } from '../../src/azure/tableCoverageStore';
import { tableLedger } from '../../src/azure/tableLedger';
import { tableScheduleIndex } from '../../src/azure/tableScheduleIndex';
import { tableSourceStore } from '../../src/azure/tableSourceStore';
import { ledgerContract } from '../support/ledgerContract';
import { coverageStoreContract, scheduleIndexContract, sourceStoreContract } from '../support/storeContracts';
import { startStorageStand } from './storageStand';
import type { StorageStand } from './storageStand';

// The same cases each time: a test that fails only sometimes helps nobody.
fc.configureGlobal({ seed: 20261122 });

// What the engine is tested with keeps the promises of what it runs on: the same tests over both.
describe('the stores in tables', () => {
  let stand: StorageStand;
  const clock = { now: () => new Date('2026-11-22T10:00:00Z'), sleep: () => Promise.resolve() };
  const fresh = () => ({ storagePrefix: stand.prefix() });

  beforeAll(async () => {
    stand = await startStorageStand();
  });

  afterAll(() => stand.stop());

  describe('ledger', () => ledgerContract(() => tableLedger(stand.access, fresh()), { numRuns: 5 }));
  describe('source rows', () => sourceStoreContract(() => tableSourceStore(stand.access, clock, fresh())));
  describe('schedule index', () => scheduleIndexContract(() => tableScheduleIndex(stand.access, fresh())));
  describe('coverage', () => coverageStoreContract(() => tableCoverageStore(stand.access, fresh())));
});
