import { eventHubSink } from '../../src/azure/eventHubSink';
import type { CollectPorts } from '../../src/app/collectPorts';
import { incidentStand } from '../support/incidentStack';
import type { Incident } from '../support/incident';

// The engine's own retries are what is looked at; those of the SDK, and its patience with a lost answer, would cost real time.
const withQuickSdk = (_real: CollectPorts, { EVENTHUBS = '' }: Readonly<Record<string, string>>): Partial<CollectPorts> => ({
  sink: eventHubSink({ kind: 'connectionString', value: EVENTHUBS }, { timeoutInMs: 1_000, retryDelayInMs: 50 }),
});
const withoutSdkRetries = (_real: CollectPorts, { EVENTHUBS = '' }: Readonly<Record<string, string>>): Partial<CollectPorts> => ({
  sink: eventHubSink({ kind: 'connectionString', value: EVENTHUBS }, { maxRetries: 0 }),
});

describe('Event Hubs misbehaves', () => {
  const { begin, stand } = incidentStand();
  const faults = () => stand().emulator.faults;

  it('F4, F48: an answer that is lost repeats one batch, with the same record ids and message ids', async () => {
    const incident = await begin({ ports: withQuickSdk, settings: { EVENT_TARGET_BYTES: '20000' } });
    incident.publish({ records: 60, recordBytes: 1_000 });
    faults().loseAnswer({ hub: incident.hubs.audit });

    await incident.runUntilQuiet();

    const ids = incident.delivered().map(({ messageId }) => messageId);
    expect(new Set(ids).size).toBeLessThan(ids.length);
    expect(incident.history().duplicates.every(({ extra }) => extra === 1)).toBe(true);
    incident.expects = { repeatedBatches: 1, possibleAlerts: ['hubBusy'] };
  });

  it('F49: throttled for ten minutes it stops fetching, holds little, and goes on where it was', async () => {
    const incident = await begin({
      ports: withoutSdkRetries,
      tune: { outboxBytes: 100_000 },
      settings: { UNITS_IN_FLIGHT: '2' },
    });
    const units = Array.from({ length: 20 }, () => incident.publish({ records: 40, recordBytes: 1_000 }));
    const relent = faults().rejectSends({ hub: incident.hubs.audit, times: Infinity, condition: 'com.microsoft:server-busy' });
    const end = incident.ahead({ minutes: 10 });

    await incident.runUntil(() => incident.clock.now() > end);
    // What fits the outbox, what the readers have in hand, and again in the run after the first has used up its time.
    expect(incident.requests('blob').length).toBeLessThan(14);
    expect(incident.delivered()).toEqual([]);
    expect((await incident.row()).pendingUnits).toBe(units.length);
    relent();
    await incident.runUntilQuiet();

    expect(incident.deliveredUnits().toSorted()).toEqual(units.toSorted());
    expect(incident.logged('hubBusy').some(({ severity }) => severity === 'error')).toBe(true);
    incident.expects = { alerts: ['hubBusy', 'runFinished'], possibleAlerts: ['stateChanged'] };
  });

  it('F50: down for three days it says so within the hour, the ledger grows, nothing is lost', async () => {
    const incident = await begin({ ports: withoutSdkRetries, settings: { TIME_BUDGET_SECONDS: '5' } });
    await incident.runUntilQuiet();
    const back = faults().rejectSends({ times: Infinity, condition: 'amqp:internal-error' });
    incident.publish();
    await incident.runFor({ hours: 1 });
    expect(await incident.row()).toMatchObject({ state: { name: 'degraded', failure: { kind: 'hubBusy' } }, pendingUnits: 1 });
    expect(incident.logged('stateChanged').map(({ severity }) => severity)).toContain('warning');
    expect(incident.logged('hubBusy').some(({ severity }) => severity === 'error')).toBe(true);

    for (let halfDay = 0; halfDay < 6; halfDay += 1) {
      incident.publish();
      incident.pass({ hours: 12 });
      await incident.round();
    }
    expect((await incident.row()).pendingUnits).toBe(7);
    back();
    await incident.runUntilQuiet();

    expect(incident.deliveredUnits()).toHaveLength(7);
    incident.expects = { alerts: ['hubBusy', 'operationsNotSent', 'runFinished', 'stateChanged'] };
  });

  it('F51: links that are detached and connections that are cut between two batches are opened again', async () => {
    const incident = await begin({ settings: { EVENT_TARGET_BYTES: '20000' } });
    await incident.runUntilQuiet();
    for (let turn = 0; turn < 3; turn += 1) {
      incident.publish({ records: 30, recordBytes: 1_000 });
      if (turn % 2 === 0) faults().detachLinks();
      else faults().dropConnections();
      await incident.runUntilQuiet();
    }

    expect(incident.deliveredUnits()).toHaveLength(3);
    incident.expects = { possibleAlerts: ['hubBusy', 'operationsNotSent'] };
  });

  it('F51: a link that is cut in the middle of a blob repeats no more than the batch that was under way', async () => {
    const incident = await begin({ settings: { EVENT_TARGET_BYTES: '20000' } });
    incident.publish({ records: 200, recordBytes: 1_000 });
    let batches = 0;
    faults().onBatch(() => {
      batches += 1;
      if (batches === 2) setImmediate(() => faults().dropConnections());
    });

    await incident.runUntilQuiet();

    incident.expects = { repeatedBatches: 1, possibleAlerts: ['hubBusy', 'operationsNotSent'] };
  });

  it('F52: refused at the hub it raises an alert at once, keeps the units pending, and heals when the role is back', async () => {
    const incident = await begin({ ports: withoutSdkRetries });
    faults().refuseAuthorization(true);
    const unit = incident.publish();

    await incident.round();
    expect(await incident.row()).toMatchObject({
      state: { name: 'needsAttention', failure: { kind: 'hubRefused' } },
      pendingUnits: 1,
    });
    expect(incident.logged('stateChanged')).toMatchObject([{ severity: 'error' }]);
    await incident.runFor({ hours: 2 });
    faults().refuseAuthorization(false);
    await incident.runFor({ hours: 2 });

    expect(incident.deliveredUnits()).toEqual([unit]);
    expect(await incident.row()).toMatchObject({ state: { name: 'collecting' } });
    expect(toldStates(incident)).toContain('Collecting');
    incident.expects = { alerts: ['runFinished', 'operationsNotSent', 'stateChanged'] };
  });
});

function toldStates(incident: Incident): unknown[] {
  return incident.facts('M365Connector.StateChange').map(({ state }) => state);
}
