import { incidentStand } from '../support/incidentStack';
import { contoso, fabrikam } from '../support/incidentTenants';
import type { Around } from '../support/aroundPorts';
import { contentOf } from '../support/collectQueueHost';

describe('the timer and the queue do what they are known for', () => {
  const { begin } = incidentStand();

  it('F11: a timer that fires twice at once, and again on a restart, queues each source once', async () => {
    const incident = await begin({ tenants: [contoso, fabrikam], settings: { TENANTS_PER_MESSAGE: '1' } });
    incident.publish();
    incident.publish({ tenant: fabrikam });

    await Promise.all([incident.tick(), incident.tick()]);
    await incident.tick(incident.compose());

    expect(await incident.queue.receive()).toHaveLength(2);
    // Those two are lost with this test's hand; the schedule makes up for it.
    incident.pass({ minutes: 16 });
    await incident.runUntilQuiet();
    expect(incident.requests('blob')).toHaveLength(2);
  });

  it('F14: a message that is lost comes again after a while', async () => {
    const incident = await begin();
    incident.publish();
    await incident.tick();
    await incident.queue.collect.clearMessages();
    await incident.runFor({ minutes: 14 });
    expect(incident.delivered()).toEqual([]);

    await incident.runFor({ minutes: 2 });

    expect(incident.deliveredUnits()).toHaveLength(1);
  });

  it('F15: a source that fails five times goes to poison with its cause, and is tried again by itself', async () => {
    let failures = 5;
    const failing: Around = async (call, go) => {
      if (call.name === 'ledger.enlist' && failures > 0) {
        failures -= 1;
        throw new TypeError('A planted bug.');
      }
      return go();
    };
    const incident = await begin({ around: failing, tenants: [contoso, fabrikam] });
    const units = [incident.publish(), incident.publish({ tenant: fabrikam })];
    // What a run leaves behind that died of a bug is a lease, which has to run out before the next can fail.
    for (let attempt = 0; attempt < 8; attempt += 1) {
      await incident.round();
      incident.pass({ minutes: 4 });
    }
    await incident.runUntilQuiet();

    expect(failures).toBe(0);
    expect(incident.deliveredUnits().toSorted()).toEqual(units.toSorted());
    incident.expects = { alerts: ['sourceFailed'], possibleAlerts: ['poisonMessage'] };
  });

  it('F15: a message that nobody can process is recorded with its cause, and its sources are due again', async () => {
    let broken = false;
    const around: Around = async (call, go) => {
      // The tenant table cannot be reached as long as the message is tried.
      if (call.name === 'tenants.find' && broken) throw new TypeError('A planted bug.');
      return go();
    };
    const incident = await begin({ around });
    incident.publish();
    await incident.tick();
    broken = true;
    await incident.drain();
    broken = false;
    expect(incident.delivered()).toEqual([]);
    expect(incident.logged('poisonMessage')).toMatchObject([
      { severity: 'error', fields: { armed: 1, tenant: contoso.tenantId } },
    ]);

    await incident.runFor({ minutes: 20 });

    expect(incident.deliveredUnits()).toHaveLength(1);
    incident.expects = { alerts: ['sourceFailed', 'poisonMessage'] };
  });

  it('F16: a foreign message that cannot be set aside stays, and is set aside later; collecting goes on', async () => {
    let refusals = 2;
    const refusing: Around = async (call, go) => {
      if (call.name === 'queue.setAside' && (refusals -= 1) >= 0) throw new Error('The poison queue does not answer.');
      return go();
    };
    const incident = await begin({ around: refusing });
    incident.publish();
    await incident.queue.put('{"v":7,"entries":"not ours"}');

    await incident.round();

    expect(incident.logged('messageSetAside')).toHaveLength(3);
    expect(incident.logged('poisonMessage')).toHaveLength(1);
    expect(incident.deliveredUnits()).toHaveLength(1);
    await incident.runUntilQuiet();
    incident.expects = { alerts: ['messageSetAside', 'poisonMessage'] };
  });

  it('F9, F17: a message that appears again while its work is under way finds the lease taken, and leaves', async () => {
    let second: (() => Promise<void>) | undefined;
    const meanwhile: Around = async (call, go) => {
      const work = second;
      if (call.name === 'sink.write' && work !== undefined) {
        second = undefined;
        await work();
      }
      return go();
    };
    const incident = await begin({ around: meanwhile });
    incident.publish({ records: 20 });
    await incident.tick();
    const content = (await incident.queue.receive()).map(contentOf)[0];
    const other = incident.compose();
    second = async () => other.collect(content, { log: () => undefined });

    await incident.clock.run(incident.connector.collect(content, { log: () => undefined }));

    expect(second).toBeUndefined();
    expect(incident.requests('blob')).toHaveLength(1);
    await incident.runUntilQuiet();
  });

  it('F9: the same message five times, to two connectors at once, is worked on once', async () => {
    const incident = await begin({ tenants: [contoso, fabrikam] });
    for (const tenant of [contoso, fabrikam]) for (let blob = 0; blob < 10; blob += 1) incident.publish({ tenant });
    await incident.tick();
    const content = (await incident.queue.receive()).map(contentOf)[0];
    const connectors = [incident.connector, incident.compose()];

    await incident.clock.run(
      Promise.all([0, 1, 0, 1, 0].map(async (which) => connectors[which]?.collect(content, { log: () => undefined }))),
    );

    expect(incident.requests('blob')).toHaveLength(20);
    await incident.runUntilQuiet();
    expect(incident.requests('blob')).toHaveLength(20);
  });

  it('F18: a queue that is not emptied is not filled further, and nothing is queued twice', async () => {
    const tenants = Array.from({ length: 6 }, (_, index) => ({
      ...contoso,
      tenantId: `0000000${index}-0000-4000-8000-00000000000a`,
      name: `Tenant ${index}`,
    }));
    const incident = await begin({ tenants, tune: { queueDepthLimit: 4 }, settings: { TENANTS_PER_MESSAGE: '1' } });
    for (const tenant of tenants) incident.publish({ tenant });
    for (let minute = 0; minute < 30; minute += 1) {
      await incident.tick();
      incident.pass({ minutes: 1 });
    }
    const depth = (await incident.queue.collect.getProperties()).approximateMessagesCount ?? 0;

    await incident.runUntilQuiet();

    expect(depth).toBeLessThanOrEqual(6);
    expect(incident.requests('blob')).toHaveLength(tenants.length);
    incident.expects = { alerts: ['queueFull'] };
  });
});
