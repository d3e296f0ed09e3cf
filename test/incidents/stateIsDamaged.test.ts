import type { TableClient } from '@azure/data-tables';
import { keyPart } from '../../src/azure/tableKeys';
import type { Incident } from '../support/incident';
import { incidentStand } from '../support/incidentStack';
import { contoso, fabrikam } from '../support/incidentTenants';
import { tableOf, tableRows } from '../support/incidentTables';

const key = [keyPart(contoso.tenantId), keyPart('activity.exchange')] as const;

describe('stored state is damaged', () => {
  const { begin, stand } = incidentStand();
  const table = (incident: Incident, name: string): TableClient => tableOf(stand().storage, incident.prefix, name);

  it('F54: a source row that was deleted is made again from nothing, and the ledger keeps everything from being sent twice', async () => {
    const incident = await begin();
    const units = Array.from({ length: 5 }, (_, index) =>
      incident.publish({ contentCreated: incident.ago({ hours: 30 * index + 1 }) }),
    );
    await incident.runUntilQuiet();
    await table(incident, 'sources').deleteEntity(...key);
    units.push(incident.publish({ contentCreated: incident.ago({ hours: 100 }) }));

    await incident.runUntilQuiet();

    expect(incident.deliveredUnits().toSorted()).toEqual(units.toSorted());
    expect(incident.requests('blob')).toHaveLength(units.length);
    incident.expects = { watermark: 'rewinds' };
  });

  it.each([
    ['no JSON', { cursor: '{"listedTo":' }],
    ['another type', { cursor: 7 }],
    ['without a time', { cursor: '{"listedTo":"yesterday"}' }],
  ])('F54: a cursor that is %s means listing all that Microsoft holds, never beginning at now', async (_words, damage) => {
    const incident = await begin();
    const units = [incident.publish()];
    await incident.runUntilQuiet();
    await table(incident, 'sources').updateEntity({ partitionKey: key[0], rowKey: key[1], ...damage }, 'Merge');
    units.push(incident.publish({ contentCreated: incident.ago({ hours: 130 }) }));

    await incident.runUntilQuiet();

    expect(incident.deliveredUnits().toSorted()).toEqual(units.toSorted());
    incident.expects = { watermark: 'rewinds', possibleAlerts: ['corruptRow'] };
  });

  it('F55: a watermark in the future is not believed, raises an alert, and everything is listed again', async () => {
    const incident = await begin();
    const units = [incident.publish()];
    await incident.runUntilQuiet();
    const cursor = JSON.stringify({ listedTo: incident.ahead({ hours: 48 }).toISOString() });
    await table(incident, 'sources').updateEntity({ partitionKey: key[0], rowKey: key[1], cursor }, 'Merge');
    units.push(incident.publish({ contentCreated: incident.ago({ hours: 100 }) }));

    await incident.runUntilQuiet();
    incident.pass({ hours: 1 });
    units.push(incident.publish());
    await incident.runUntilQuiet();

    expect(incident.deliveredUnits().toSorted()).toEqual(units.toSorted());
    incident.expects = { watermark: 'rewinds', alerts: ['watermarkRefused'] };
  });

  it('F54: schedule entries that are gone, and those that cannot be read, are repaired', async () => {
    const incident = await begin();
    await incident.runUntilQuiet();
    const schedule = table(incident, 'schedule');
    for await (const { partitionKey = '', rowKey = '' } of schedule.listEntities())
      await schedule.deleteEntity(partitionKey, rowKey);
    await schedule.createEntity({ partitionKey: 's00', rowKey: 'nonsense', tenantId: 3 });
    const unit = incident.publish();
    await incident.round();
    expect(incident.deliveredUnits()).toEqual([]);

    await incident.connector.maintain({ log: () => undefined });
    await incident.runUntilQuiet();

    expect(incident.deliveredUnits()).toEqual([unit]);
    incident.expects = { alerts: ['maintained'], possibleAlerts: ['corruptRow'] };
  });

  it('F54: a tenant whose row cannot be read is reported, and does not keep the schedule of the others from being repaired', async () => {
    const incident = await begin({ tenants: [contoso, fabrikam] });
    await incident.runUntilQuiet();
    const tenants = table(incident, 'tenants');
    const [partitionKey, rowKey] = ['tenants', keyPart(fabrikam.tenantId)];
    await tenants.updateEntity({ partitionKey, rowKey, status: 'asleep' }, 'Merge');
    const schedule = table(incident, 'schedule');
    for await (const { partitionKey: shard = '', rowKey: entry = '' } of schedule.listEntities())
      if (entry.includes(keyPart(contoso.tenantId))) await schedule.deleteEntity(shard, entry);
    const unit = incident.publish();

    await incident.connector.maintain({ log: () => undefined });
    await incident.round();

    expect(incident.deliveredUnits()).toEqual([unit]);
    const kept = await Array.fromAsync(schedule.listEntities());
    expect(kept.some(({ rowKey: entry = '' }) => entry.includes(keyPart(fabrikam.tenantId)))).toBe(true);
    incident.expects = { alerts: ['maintained', 'corruptRow'], possibleAlerts: ['sourceFailed', 'poisonMessage'] };
  });

  it('F57: storage restored from a backup of six hours ago repeats no more than those six hours, and loses nothing', async () => {
    const incident = await begin();
    const before = Array.from({ length: 4 }, (_, index) =>
      incident.publish({ contentCreated: incident.ago({ hours: 20 * index + 1 }) }),
    );
    await incident.runUntilQuiet();
    const backup = await tableRows(stand().storage, incident.prefix);
    const since: string[] = [];
    for (let hour = 0; hour < 6; hour += 1) {
      incident.pass({ hours: 1 });
      since.push(incident.publish());
      await incident.round();
    }
    await restore(stand().storage, incident.prefix, backup);
    await incident.restart();

    await incident.runUntilQuiet();

    const fetches = Map.groupBy(incident.requests('blob'), ({ contentId }) => contentId ?? '');
    expect(incident.deliveredUnits().toSorted()).toEqual([...before, ...since].toSorted());
    expect(before.map((unit) => fetches.get(unit)?.length)).toEqual(before.map(() => 1));
    expect(since.map((unit) => fetches.get(unit)?.length)).toEqual(since.map(() => 2));
    incident.expects = { repeatedBatches: since.length, watermark: 'rewinds' };
  });
});

/** Puts every table of the prefix back to what it was. */
async function restore(connectionString: string, prefix: string, backup: Awaited<ReturnType<typeof tableRows>>): Promise<void> {
  for (const [name, now] of await tableRows(connectionString, prefix)) {
    const client = tableOf(connectionString, prefix, name);
    for (const { partitionKey, rowKey } of now) await client.deleteEntity(partitionKey, rowKey);
    for (const row of backup.get(name) ?? []) await client.createEntity(row);
  }
}
