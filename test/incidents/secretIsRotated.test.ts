import { addTenant } from '../../src/app/tenants';
import { setCredential } from '../../src/app/setCredential';
import type { CredentialRing } from '../../src/domain/credential';
import { incidentStand } from '../support/incidentStack';
import type { Incident } from '../support/incident';
import { contoso, fabrikam } from '../support/incidentTenants';

const own = { ...contoso, tokenLifeSeconds: 90, secretLifeDays: 4, roles: { graph: ['Application.ReadWrite.OwnedBy'] } };
const host = { log: () => undefined };

async function ringOf(incident: Incident, tenantId = contoso.tenantId): Promise<CredentialRing> {
  const { rings } = incident.connector.tenantPorts.rotation;
  const found = await incident.connector.tenantPorts.tenants.find(tenantId, incident.signal);
  const ring = await rings.find(found?.tenant.secretName ?? '', incident.signal);
  if (ring === undefined) throw new Error('There is no ring.');
  return ring;
}

/** The timer of the credentials and a round of collecting, minute by minute. */
async function minutes(incident: Incident, count: number): Promise<void> {
  for (let minute = 0; minute < count; minute += 1) {
    await incident.connector.rotate(host);
    incident.publish({ records: 1 });
    await incident.round();
    incident.pass({ minutes: 1 });
  }
}

describe('a secret is rotated while data flows', () => {
  const { begin } = incidentStand();

  it('F66, F67: through Key Vault, the tables and Graph, without losing a poll, and leaves one working secret', async () => {
    const incident = await begin({ tenants: [own] });
    const { application } = incident.microsoft.tenant(own.tenantId);
    await minutes(incident, 1);
    const before = await ringOf(incident);
    expect(before.current).toMatchObject({ ours: false, keyId: application.all[0]?.keyId });
    application.mood.acceptedAfterMs = 80_000;
    application.mood.flappingLogins = 4;

    // Half of its life.
    incident.pass({ hours: 49 });
    await minutes(incident, 15);
    const after = await ringOf(incident);
    expect(after).toMatchObject({ rotation: { step: 'grace' }, previous: before.current });
    application.removeSecret(own.secret);
    await incident.restart();
    await minutes(incident, 3);

    expect(after.current?.keyId).not.toBe(before.current?.keyId);
    expect(application.workingSecrets).toHaveLength(1);
    expect(await incident.row()).toMatchObject({ state: { name: 'collecting' } });
    expect(incident.requests('content').every(({ status }) => status === 200)).toBe(true);
    expect(incident.logged('rotationFinished')).toHaveLength(1);
    expect(incident.facts('M365Connector.Credential')).toMatchObject([{ credentialKind: 'clientSecret' }, { daysLeft: 179 }]);
    incident.expects = { unfinished: true };
  });

  it('F58: an expired secret is a state with words, harms nobody else, and a new value heals it within a minute', async () => {
    const incident = await begin({ tenants: [{ ...contoso, tokenLifeSeconds: 60 }, fabrikam] });
    incident.publish({ records: 1 });
    incident.publish({ records: 1, tenant: fabrikam });
    await incident.runUntilQuiet();
    incident.microsoft.tenant(contoso.tenantId).expireSecret();
    incident.pass({ minutes: 5 });
    await incident.runFor({ minutes: 5 });
    const broken = await incident.row();
    expect(broken.state).toMatchObject({
      name: 'needsAttention',
      failure: { kind: 'credentialRejected', code: 'AADSTS7000222' },
    });
    expect((await incident.row(fabrikam)).state.name).toBe('collecting');

    const value = 'another~canary-by-hand';
    incident.microsoft.tenant(contoso.tenantId).addSecret(value);
    const { tenantPorts } = incident.connector;
    const set = setCredential(tenantPorts, contoso.tenantId, { kind: 'clientSecret', value }, () => undefined, incident.signal);
    await set;
    incident.pass({ minutes: 1 });
    const unit = incident.publish({ records: 1 });
    await incident.runUntilQuiet();

    expect((await incident.row()).state.name).toBe('collecting');
    expect(incident.deliveredUnits()).toContain(unit);
    incident.expects = { alerts: ['runFinished', 'stateChanged'] };
  });

  it('F58: a value that somebody put into Key Vault by hand is used at the next login', async () => {
    const incident = await begin({ tenants: [{ ...contoso, tokenLifeSeconds: 60 }] });
    await incident.runUntilQuiet();
    const value = 'another~canary-by-hand';
    const control = incident.microsoft.tenant(contoso.tenantId);
    control.setSecret(value);
    const found = await incident.connector.tenantPorts.tenants.find(contoso.tenantId, incident.signal);
    await incident.connector.tenantPorts.secrets.write(found?.tenant.secretName ?? '', value, {}, incident.signal);
    incident.pass({ minutes: 10 });

    const unit = incident.publish({ records: 1 });
    await incident.runUntilQuiet();

    expect(incident.deliveredUnits()).toEqual([unit]);
    expect(incident.logged('credentialFallback')[0]?.fields).toMatchObject({ from: 'newest' });
    incident.expects = { alerts: ['credentialFallback'] };
  });

  it('adding a tenant again with another secret moves its ring', async () => {
    const incident = await begin();
    const before = await ringOf(incident);
    const value = 'another~canary-again';
    incident.microsoft.tenant(contoso.tenantId).addSecret(value);
    const { tenantId: tenant, clientId } = contoso;
    const wanted = { ...{ tenant, clientId, cloud: 'custom' as const, secret: value }, ...unchanged };
    await addTenant(incident.connector.tenantPorts, wanted, () => undefined, incident.signal);

    const after = await ringOf(incident);

    expect(after.previous).toEqual(before.current);
    expect(after.current?.version).not.toBe(before.current?.version);
    await incident.runUntilQuiet();
  });
});

const unchanged = { integrations: undefined, name: undefined, description: undefined, stampName: undefined };
