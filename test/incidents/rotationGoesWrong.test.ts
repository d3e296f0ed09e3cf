import { explainCredential } from '../../src/app/credentialWords';
import { giveCredential } from '../../src/app/credentials';
import { noteNearExpiry } from '../../src/app/nearExpiry';
import { careFor } from '../../src/app/rotate';
import { selfSignedCertificate } from '../../src/microsoft/selfSignedCertificate';
import { CredentialWorld, Died, homeTenantId, identityClientId, unanswered } from '../support/credentialWorld';

const dayMinutes = 24 * 60;

/** A world whose secret is due for rotation, with an instance that polls. */
async function dueWorld(): Promise<CredentialWorld> {
  const world = new CredentialWorld();
  await world.beginWithOurs();
  await world.tick();
  world.startInstance();
  world.passDays(91);
  return world;
}

/** Does something at the first step of a name. */
function at(world: CredentialWorld, step: string, does: (go: () => Promise<unknown>) => Promise<unknown>): void {
  let done = false;
  world.around = async <Result>(name: string, go: () => Promise<Result>) => {
    if (name !== step || done) return go();
    done = true;
    return (await does(go)) as Result;
  };
}

const applied = (failure: Error) => async (go: () => Promise<unknown>) => {
  await go();
  throw failure;
};

async function expectOneOfOurs(world: CredentialWorld): Promise<void> {
  const ring = await world.ring();
  expect(world.ours.map(({ keyId }) => keyId)).toEqual([ring.current?.keyId]);
  expect(ring.rotation).toBeUndefined();
}

describe('a rotation goes wrong', () => {
  it.each([
    ['F64: the answer of addPassword is lost', applied(unanswered('addPassword'))],
    ['F65: the process dies between addPassword and Key Vault', applied(new Died())],
  ])('%s: the orphan is found by its name and removed, and another is added', async (_name, mishap) => {
    const world = await dueWorld();
    const before = await world.ring();
    at(world, 'addPassword', mishap);

    await world.minutes(10);

    expect(world.ours).toHaveLength(2);
    expect(await world.ring()).toMatchObject({ rotation: { step: 'grace', attempt: 2 }, previous: before.current });
    await world.minutes(dayMinutes + 60);
    await expectOneOfOurs(world);
  });

  it('F66: replicas that flap do not move the pointer until three logins in a row have worked over a minute', async () => {
    const world = await dueWorld();
    world.application.mood.acceptedAfterMs = 90_000;
    world.application.mood.flappingLogins = 8;
    const before = await world.ring();

    await world.minutes(4);
    expect((await world.ring()).current).toEqual(before.current);
    await world.minutes(12);

    expect((await world.ring()).previous).toEqual(before.current);
    const verified = world.rings.history.findLast(({ rotation }) => rotation?.step === 'verifying')?.rotation?.verifiedAt ?? [];
    expect(verified.length).toBeGreaterThanOrEqual(3);
  });

  it('F66: a new secret that is never accepted is taken away again, the old one stays, and a person is told', async () => {
    const world = await dueWorld();
    world.application.mood.acceptedAfterMs = 365 * dayMinutes * 60_000;
    const before = await world.ring();

    await world.minutes(30);

    const ring = await world.ring();
    expect(ring.current).toEqual(before.current);
    expect(ring.failing).toMatchObject({ times: 1, failure: { kind: 'credentialRejected', code: 'AADSTS7000215' } });
    expect(world.ours).toHaveLength(1);
    expect(world.facts.at(-1)).toMatchObject({ kind: 'rotationFailing', daysLeft: 88 });
    world.application.mood.acceptedAfterMs = 0;
    await world.minutes(6 * 60);
    expect((await world.ring()).previous).toEqual(before.current);
  });

  it('F67: an instance that has not read the pointer since the switch goes on, and so does one whose secret was removed', async () => {
    const world = await dueWorld();
    await world.poll();
    await world.tick();
    for (let minute = 0; minute < 5; minute += 1) {
      world.pass(60);
      await world.tick();
    }
    const ring = await world.ring();
    expect(ring.rotation?.step).toBe('grace');
    world.application.remove(ring.previous?.keyId ?? '');

    await world.poll();
  });

  it('F67: a new secret that stops working within the day gives way to the old one, and is removed', async () => {
    const world = await dueWorld();
    const before = await world.ring();
    await world.minutes(10);
    const bad = (await world.ring()).current;
    world.application.expire(world.vault.readable(world.tenant.secretName).get(bad?.version ?? ''));

    await world.minutes(90);

    const ring = await world.ring();
    expect(ring.current).toEqual(before.current);
    expect(world.facts.map(({ kind }) => kind)).toEqual(['rotated', 'rolledBack', 'rotationFailing']);
    expect(world.ours.map(({ keyId }) => keyId)).toEqual([before.current?.keyId]);
    expect(world.events).toContain('credentialFallback');
  });

  it.each(['vault.add', 'vault.disable'])(
    'F68: Key Vault refuses %s for hours: nothing is lost, and it goes on after',
    async (step) => {
      const world = await dueWorld();
      world.around = async (name, go) => {
        if (name === step) throw unanswered(name);
        return go();
      };
      await world.minutes(dayMinutes + 300);
      expect(world.usable(await world.ring())).toBe(true);
      expect(world.ours.length).toBeLessThanOrEqual(3);
      world.around = async (_name, go) => go();

      await world.minutes(2 * dayMinutes);

      await expectOneOfOurs(world);
    },
  );

  it('F69: of two rotators at once one does it', async () => {
    const world = await dueWorld();
    const found = await world.ring();

    await Promise.all([careFor(world.rotation(), found, world.signal), careFor(world.rotation(), found, world.signal)]);
    await world.minutes(3);

    expect(world.application.all).toHaveLength(2);
    await world.minutes(dayMinutes + 60);
    await expectOneOfOurs(world);
  });

  it('F69: a rotator that slept through its lease adds nothing that stays', async () => {
    const world = await dueWorld();
    let wake: () => void = () => undefined;
    const asleep = new Promise<void>((resolve) => (wake = resolve));
    let fallAsleep: () => void = () => undefined;
    const fallen = new Promise<void>((resolve) => (fallAsleep = resolve));
    at(world, 'addPassword', async (go) => {
      fallAsleep();
      await asleep;
      return go();
    });
    const slow = world.tick();
    await fallen;
    world.pass(240);
    await world.minutes(5);
    wake();
    await slow;
    await world.minutes(40);

    const ring = await world.ring();
    const known = [ring.current, ring.previous].map((one) => one?.keyId);
    expect(world.ours.map(({ keyId }) => keyId).toSorted()).toEqual(known.toSorted());
  });

  it('F70: a credential somebody else added is told of once and never removed', async () => {
    const world = await dueWorld();
    await world.minutes(dayMinutes + 60);
    const keyId = world.application.addSecret('foreign~canary-secret', { displayName: 'm365c-of-another-installation' });

    await world.minutes(3 * dayMinutes);

    expect(world.facts.filter(({ kind }) => kind === 'foreign')).toMatchObject([{ keyId }]);
    expect(world.application.all.map((one) => one.keyId)).toContain(keyId);
    expect(world.events.filter((name) => name === 'credentialForeign')).toHaveLength(1);
  });

  it.each(['', 'with\nline break'])(
    'B55: a value in Key Vault that is no secret (%j) is not used while the one before works',
    async (value) => {
      const world = await dueWorld();
      await world.minutes(10);
      const ring = await world.ring();
      const version = await world.vault.add(ring.name, { kind: 'clientSecret', value, tags: {} }, world.signal);
      const pointed = { ...ring, current: { ...(ring.current ?? { ours: true }), version } };
      await world.rings.save(pointed, world.signal);
      world.pass(120);

      await world.poll();

      expect(world.events).toContain('credentialFallback');
    },
  );
});

describe('what the application allows', () => {
  it('without the permission nothing is rotated; a person is warned at 45, 30, 14, 7 and 1 days, with the steps', async () => {
    const world = new CredentialWorld({ tenant: { roles: { graph: [] } } });
    const value = world.control.tenant.secret;
    const expiresAt = new Date('2027-05-21T00:00:00Z');
    await giveCredential(world.rotation(), world.tenant, { kind: 'clientSecret', value, expiresAt }, world.signal);
    for (let day = 0; day < 182; day += 1) {
      await world.tick();
      world.passDays(1);
    }

    const warnings = world.facts.filter(({ kind }) => kind === 'nearExpiry');
    expect(warnings.map(({ daysLeft }) => daysLeft)).toEqual([45, 30, 14, 7, 1]);
    expect(world.application.all).toHaveLength(1);
    const near = explainCredential(await world.ring(), world.tenant.id, new Date('2027-05-11T12:00:00Z'));
    expect(near).toMatchObject({ state: 'nearExpiry', daysLeft: 9, automatic: false });
    expect(near.nextStep).toContain('Create another client secret');
    expect(near.nextStep).toContain('Application.ReadWrite.OwnedBy');
    const gone = explainCredential(await world.ring(), world.tenant.id, world.clock.now());
    expect(gone).toMatchObject({ state: 'expired', why: 'The client secret expired on 2027-05-21.' });
  });

  it('a policy against long lives is followed: 180, 90, then 30 days', async () => {
    const world = await dueWorld();
    world.application.mood.longestLifeDays = 60;

    await world.minutes(10);

    expect((await world.ring()).rotation).toMatchObject({ step: 'grace', lifeDays: 30 });
  });

  it('a policy against secrets is told, and tried again only the next day', async () => {
    const world = await dueWorld();
    world.application.mood.passwordsAllowed = false;

    await world.minutes(60);

    const ring = await world.ring();
    expect(ring.failing).toMatchObject({ times: 1, failure: { code: 'CredentialTypeNotAllowedAsPerAppPolicy' } });
    expect(explainCredential(ring, world.tenant.id, world.clock.now()).nextStep).toContain('Use a certificate');
  });

  it('in the home tenant the managed identity renews a secret that was removed, although nothing can sign in with it any more', async () => {
    const world = new CredentialWorld({ home: true });
    await world.beginWithOurs();
    await world.minutes(2);
    world.application.remove((await world.ring()).current?.keyId ?? '');
    world.passDays(2);

    for (let minute = 0; minute < 10; minute += 1) {
      await world.tick();
      world.pass(60);
    }
    world.startInstance();
    await world.poll();

    expect((await world.ring()).rotation).toMatchObject({ reason: 'broken', step: 'grace' });
    expect(homeTenantId).toBe(world.tenant.id);
    expect(world.application.owners).toContain(identityClientId);
  });

  it('a certificate is replaced by another one, with a proof of the one in use', async () => {
    const world = new CredentialWorld({ tenant: { roles: { graph: ['Application.ReadWrite.OwnedBy'] } } });
    world.makeCertificate = selfSignedCertificate;
    const from = world.clock.now();
    const pem = await selfSignedCertificate({ name: 'first', from, to: new Date(from.getTime() + 180 * 86_400_000) });
    world.application.addKey(/-----BEGIN CERTIFICATE-----([^-]+)-----END/.exec(pem)?.[1] ?? '', 'first');
    world.application.removeSecret();
    await giveCredential(world.rotation(), world.tenant, { kind: 'certificate', value: pem }, world.signal);
    world.startInstance();
    await world.minutes(2);
    const before = await world.ring();
    expect(before.current).toMatchObject({ keyId: world.application.all[0]?.keyId, ours: false });
    world.application.mood.acceptedAfterMs = 60_000;
    world.passDays(91);
    at(world, 'addKey', applied(new Died()));

    await world.minutes(dayMinutes + 120);

    const ring = await world.ring();
    expect(ring.current).toMatchObject({ ours: true, keyId: world.application.all[1]?.keyId });
    expect(world.application.all).toHaveLength(2);
    expect(ring.rotation).toBeUndefined();
  });
});

describe('Key Vault says that a secret is about to expire', () => {
  const event = {
    eventType: 'Microsoft.KeyVault.SecretNearExpiry',
    data: { ObjectName: 'contoso-secret', ObjectType: 'Secret' },
  };

  it.each([
    ['an event', event],
    ['text', JSON.stringify(event)],
    ['base64', Buffer.from(JSON.stringify([event])).toString('base64')],
  ])('as %s, and the ring is looked at now', async (_form, message) => {
    const world = new CredentialWorld();
    await world.begin();
    await world.tick();
    const before = await world.ring();

    await noteNearExpiry(world.rotation(), message, world.signal);

    const ring = await world.ring();
    expect(Date.parse(before.dueAt)).toBeGreaterThan(world.clock.now().getTime());
    expect(Date.parse(ring.dueAt)).toBe(world.clock.now().getTime());
    await world.tick();
    expect((await world.ring()).comparedAt).toBe(world.clock.now().toISOString());
  });

  it.each(['', '{', 'null', '[1]', '{"eventType":7}', 'x'.repeat(70_000), '{"eventType":"Microsoft.KeyVault.SecretNearExpiry"}'])(
    'in a message that is none (%#), nothing happens',
    async (message) => {
      const world = new CredentialWorld();
      await world.begin();
      const before = await world.ring();

      await noteNearExpiry(world.rotation(), message, world.signal);

      expect(await world.ring()).toEqual(before);
    },
  );
});
