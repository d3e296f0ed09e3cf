import type { Answer } from '../local/microsoft365/answer';
import { incidentStand } from '../support/incidentStack';
import type { Around } from '../support/aroundPorts';

// What must never be in telemetry: a person, a place, a token, a secret, a piece of a record.
const planted = ['zoë', 'Müller', '203.0.113.77', '2001:db8::7334', 'eyJhbGciOiJub25lIn0', 'hush-hush', 'Ausspähen'];
const [person, family, address, wideAddress, token, secret, subject] = planted;
const privately = `${person} ${family} <zoe@example.com> from ${address} and ${wideAddress}: Bearer ${token}.e30.x client_secret=${secret}`;

const answers: readonly (readonly [string, 'content' | 'blob' | 'start', Answer])[] = [
  ['the list', 'content', { kind: 'json', value: { error: { code: 'AF20023', message: privately } } }],
  ['the list, as text', 'content', { kind: 'replaceBody', change: () => Buffer.from(privately) }],
  ['the blob', 'blob', { kind: 'json', value: { error: { code: 'AF50000', message: privately } } }],
  ['the blob, as text', 'blob', { kind: 'replaceBody', change: () => Buffer.from(`[{"Id":"1","UserId":"${privately}"`) }],
  ['the start of a subscription', 'start', { kind: 'json', value: { error: { code: 'AF20024', message: privately } } }],
];

describe('telemetry tells nothing private', () => {
  const { begin } = incidentStand();

  it.each(answers)('when Microsoft repeats it in an answer to %s', async (_words, operation, respond) => {
    const incident = await begin();
    incident.publish({ records: 5 });
    incident.microsoft.faults.add({ when: { operation }, respond });

    for (let round = 0; round < 5; round += 1) {
      await incident.round();
      incident.pass({ minutes: 20 });
    }

    expect(incident.log.length).toBeGreaterThan(5);
    for (const { line } of incident.log) for (const word of planted) expect(line).not.toContain(word);
    incident.expects = { unfinished: true, possibleAlerts: ['runFinished', 'stateChanged', 'unitFault'] };
  });

  it('when a record holds it, a foreign message carries it, and a bug quotes it', async () => {
    let broken = true;
    const around: Around = async (call, go) => {
      if (call.name === 'ledger.save' && broken) JSON.parse(privately);
      return go();
    };
    const incident = await begin({ around });
    const tenant = incident.tenants[0];
    if (tenant === undefined) throw new Error('no tenant');
    const record = { Id: '1', CreationTime: '2026-11-22T11:59:00', UserId: privately, Subject: subject, ClientIP: address };
    const contentCreated = incident.ago({ minutes: 1 });
    incident.microsoft.publish(tenant.tenantId, 'Audit.Exchange', [JSON.stringify(record), JSON.stringify(privately)], {
      contentCreated,
    });
    await incident.queue.put(privately);
    await incident.queue.put(JSON.stringify({ v: 1, entries: [{ tenantId: privately, sourceId: privately }] }));

    await incident.round();
    broken = false;
    incident.pass({ minutes: 30 });
    await incident.runUntilQuiet();
    await incident.connector.maintain({ log: () => undefined });
    await incident.restart();

    const told = new Set(incident.log.map(({ event }) => event));
    for (const event of ['sourceFailed', 'messageSetAside', 'poisonMessage', 'runFinished', 'tenantInventory', 'measured'])
      expect(told).toContain(event);
    for (const { line } of incident.log) for (const word of planted) expect(line).not.toContain(word);
    incident.expects = {
      unfinished: true,
      repeatedBatches: 1,
      possibleAlerts: [
        'sourceFailed',
        'messageSetAside',
        'poisonMessage',
        'runAbandoned',
        'stateChanged',
        'unitFault',
        'runFinished',
      ],
    };
  });

  it('and what is measured is told: requests, the hub, the queue, and how late records were', async () => {
    const incident = await begin();
    incident.publish({ records: 5, contentCreated: incident.ago({ minutes: 1 }) });
    await incident.runUntilQuiet();
    await incident.restart();

    const measured = incident.logged('measured').map(({ fields }) => fields);
    expect(measured).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ metric: 'requestMs', tenant: incident.tenants[0]?.tenantId, api: 'management', outcome: 'ok' }),
        expect.objectContaining({ metric: 'hubSendMs', hub: incident.hubs.audit, outcome: 'ok' }),
        expect.objectContaining({ metric: 'queueWaitMs', queue: 'collect' }),
      ]),
    );
    const [run] = incident.logged('runFinished').filter(({ fields }) => Number(fields['records']) > 0);
    expect(run?.fields['lagSecondsP50']).toBeGreaterThanOrEqual(60);
    expect(run?.fields['lagSecondsP95']).toBeGreaterThanOrEqual(Number(run?.fields['lagSecondsP50']));
  });
});
