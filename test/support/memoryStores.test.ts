import fc from 'fast-check';
import { evidenceStoreContract } from './evidenceStoreContract';
import { ledgerContract } from './ledgerContract';
import { MemoryCoverageStore } from './memoryCoverageStore';
import { MemoryEvidenceStore } from './memoryEvidenceStore';
import { MemoryLedger } from './memoryLedger';
import { MemoryProfileStore } from './memoryProfileStore';
import { MemoryScheduleIndex } from './memorySchedule';
import { MemorySentMemory } from './memorySentMemory';
import { MemorySourceStore } from './memorySourceStore';
import { sentMemoryContract } from './sentMemoryContract';
import { coverageStoreContract, profileStoreContract, scheduleIndexContract, sourceStoreContract } from './storeContracts';

// The same cases each time: a test that fails only sometimes helps nobody.
fc.configureGlobal({ seed: 20261122 });

describe('the ledger in memory', () => ledgerContract(() => new MemoryLedger()));
describe('the source rows in memory', () => sourceStoreContract(() => new MemorySourceStore()));
describe('the schedule index in memory', () => scheduleIndexContract(() => new MemoryScheduleIndex()));
describe('coverage in memory', () => coverageStoreContract(() => new MemoryCoverageStore()));
describe('what was sent, in memory', () => sentMemoryContract(() => new MemorySentMemory()));
describe('profiles in memory', () => profileStoreContract(() => new MemoryProfileStore()));
describe('evidence in memory', () => evidenceStoreContract(() => new MemoryEvidenceStore()));
