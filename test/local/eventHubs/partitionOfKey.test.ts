import { partitionOfKey } from './partitionOfKey';

describe('partitionOfKey', () => {
  // Values the Azure SDK maps the same way (mapPartitionKeyToId in @azure/event-hubs).
  it.each([
    ['FWfAT', 5],
    ['7149583486996073602', 17],
    ['sOdeEAsyQoEuEFPGerWO', 7],
  ])('puts %s on partition %i of 32', (key, partition) => {
    expect(partitionOfKey(key, 32)).toBe(partition);
  });

  it('stays inside the partitions for every key length', () => {
    const keys = ['', ...Array.from({ length: 40 }, (_, length) => 'é'.repeat(length + 1))];

    const partitions = keys.map((key) => partitionOfKey(key, 7));

    expect(partitions.every((partition) => partition >= 0 && partition < 7)).toBe(true);
  });
});
