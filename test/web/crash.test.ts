import { readCredential } from '../../src/app/credentials';
import { advanceOnboarding } from '../../src/app/onboard';
import type { OnboardPorts } from '../../src/app/onboardPorts';
import { sources } from '../../src/sources';
import { prospect, startWebStack } from '../support/webStack';
import type { WebStack } from '../support/webStack';

jest.setTimeout(240_000);

const { signal } = new AbortController();
const ways = ['adminConsent', 'provision', 'ownApplication'] as const;
/** More than any way in has durable steps. */
const most = 60;
let web: WebStack;
let digits = 0;
beforeAll(async () => {
  web = await startWebStack([prospect(9)]);
});
afterAll(async () => web.stop());

/** The process died. */
class Died extends Error {}

type Where = 'before' | 'after';

/** Every call that changes something outside, by its name. */
const changing = new Set([
  'onboardings.save',
  'invitations.save',
  'secrets.write',
  'secrets.remove',
  'versions.add',
  'rings.save',
  'tenants.save',
  'sourceRows.create',
  'schedule.put',
  'sink.write',
  'changes.record',
  'directory.putApplication',
  'directory.putServicePrincipal',
  'directory.grant',
  'directory.revoke',
  'directory.addPassword',
  'directory.removePassword',
  'directory.leave',
]);

/** Ports whose nth changing call is the last thing the process does. */
function dyingAt(
  ports: OnboardPorts,
  nth: number,
  where: Where,
): { readonly ports: OnboardPorts; readonly died: () => string | undefined } {
  let calls = 0;
  let died: string | undefined;
  const around = <T extends object>(target: T, prefix: string): T =>
    new Proxy(target, {
      get: (object, name) => {
        const value: unknown = Reflect.get(object, name);
        const full = `${prefix}${String(name)}`;
        if (
          typeof value === 'object' &&
          value !== null &&
          [
            'onboarding',
            'secrets',
            'rotation',
            'rings',
            'versions',
            'tenants',
            'sourceRows',
            'schedule',
            'sink',
            'changes',
            'directory',
            'invitations',
            'onboardings',
          ].includes(String(name))
        )
          return around(value, `${String(name)}.`);
        if (typeof value !== 'function' || !changing.has(full)) return value;
        return async (...given: unknown[]): Promise<unknown> => {
          if (died !== undefined) throw new Died();
          const mine = (calls += 1) === nth;
          if (mine) died = full;
          if (mine && where === 'before') throw new Died();
          const result: unknown = await Reflect.apply(value, object, given);
          if (mine) throw new Died();
          return result;
        };
      },
    });
  return { ports: around(ports, ''), died: () => died };
}

/** Begins an onboarding in a browser, up to where the connector takes over. */
async function begin(way: (typeof ways)[number]): Promise<{ readonly id: string; readonly tenantId: string }> {
  const number = (digits += 1);
  // Both clocks are the same: a token is not to expire because the connector's has jumped.
  web.microsoft.settings.serverClockOffsetMs = web.clock.now().getTime() - Date.now();
  const tenantId = `${String(number).padStart(8, '0')}-2222-4222-8222-222222222222`;
  const clientId = `${String(number).padStart(8, '0')}-3333-4333-8333-333333333333`;
  const name = `Crash ${number}`;
  web.microsoft.addTenant(prospect(1, { tenantId, clientId, name, domain: `crash${number}.onmicrosoft.com` }));
  const visitor = web.visitor();
  const account = `admin@crash${number}.onmicrosoft.com`;
  const choose = await visitor.get(await web.invitation(name));
  const next = await visitor.submit(choose, { integration: 'office365Audit', way });
  const last =
    way === 'ownApplication'
      ? await visitor.submit(next, { tenant: tenantId, clientId, secret: prospect(1).secret })
      : await visitor.submit(await visitor.submit(next, { account }), { accept: 'yes' });
  return { id: /[0-9a-f]{32}$/.exec(last.url)?.[0] ?? '', tenantId };
}

/** Goes on as other processes would, until the tenant is collected. */
async function goOn(id: string): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) {
    // The lease of the dead one runs out; what was lost is looked for long enough.
    web.clock.jump(61_000);
    web.microsoft.settings.serverClockOffsetMs = web.clock.now().getTime() - Date.now();
    await web.connector.onboard({ onboardingId: id });
    const row = (await web.connector.onboardPorts.onboarding.onboardings.find(id, signal))?.row;
    if (row?.step === undefined || row.step === 'firstRecords') return;
  }
}

describe.each(ways)('a process that dies while a tenant comes in by %s', (way) => {
  it.each(['before', 'after'] as const)(
    '%s any of its durable steps, is followed by one that finishes, with everything there once',
    async (where) => {
      const seen: string[] = [];
      for (let nth = 1; nth <= most; nth += 1) {
        const { id, tenantId } = await begin(way);
        const dying = dyingAt(web.connector.onboardPorts, nth, where);
        await advanceOnboarding(dying.ports, id, signal).catch((error: unknown) => {
          if (!(error instanceof Died)) throw error;
        });
        const died = dying.died();
        if (died === undefined) break;
        seen.push(died);

        await goOn(id);

        const row = (await web.connector.onboardPorts.onboarding.onboardings.find(id, signal))?.row;
        const tenant = (await web.connector.tenantPorts.tenants.find(tenantId, signal))?.tenant;
        const rows = await web.connector.tenantPorts.sourceRows.ofTenant(tenantId, signal);
        const made = web.microsoft.identity.applicationsOf(tenantId);
        const application = made.applications[0];
        const { rotation, secrets } = web.connector.tenantPorts;
        const kept = await readCredential({ ...rotation, secrets }, tenant?.secretName ?? 'none', signal);
        const ring = await rotation.rings.find(tenant?.secretName ?? 'none', signal);
        const lent = await web.connector.tenantPorts.secrets.read(`onboarding-${id}`, signal);
        const connected = (await web.connector.onboardPorts.changes.newest(tenantId, 10, signal)).map(({ what }) => what);
        expect({ nth, died, stopped: row?.stopped, step: row?.step, connected }).toEqual({
          ...{ nth, died, stopped: undefined, step: 'firstRecords', connected: ['onboarded'] },
        });
        expect(rows).toHaveLength(sources.filter(({ integration }) => integration === 'office365Audit').length);
        expect([kept === undefined, lent]).toEqual([false, undefined]);
        // From the first moment on it is looked after.
        expect(ring).toMatchObject({ kind: 'clientSecret', clientId: tenant?.clientId });
        if (way === 'provision') {
          // One application, with one key, and that is the one in the vault.
          expect([made.applications.length, application?.passwords.map(({ secretText }) => secretText)]).toEqual([1, [kept]]);
          expect(ring?.current).toMatchObject({ ours: true, keyId: application?.passwords[0]?.keyId });
          expect(made.principalOf(web.stack.environment['SETUP_CLIENT_ID'] ?? '')).toBeUndefined();
        }
      }
      // The loop ended because nobody died any more, after every kind of step was tried.
      expect(seen.length).toBeLessThan(most);
      expect(seen).toEqual(
        expect.arrayContaining([
          'onboardings.save',
          'invitations.save',
          'tenants.save',
          'sourceRows.create',
          'schedule.put',
          'changes.record',
          'sink.write',
        ]),
      );
      if (way === 'provision')
        expect(seen).toEqual(
          expect.arrayContaining([
            'directory.putApplication',
            'directory.grant',
            'directory.addPassword',
            'versions.add',
            'rings.save',
            'directory.leave',
          ]),
        );
    },
  );
});
