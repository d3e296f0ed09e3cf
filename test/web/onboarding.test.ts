import { permissionsOf } from '../../src/app/permissions';
import { sources } from '../../src/sources';
import { prospect, startWebStack, textOf } from '../support/webStack';
import type { Seen, Visitor, WebStack } from '../support/webStack';

jest.setTimeout(180_000);

const { signal } = new AbortController();
const everything = ['office365Audit'] as const;
const rolesWanted = permissionsOf(everything, sources).map(({ role }) => role);
let web: WebStack;
beforeAll(async () => {
  web = await startWebStack([1, 2, 3, 4, 5, 6, 7].map((digit) => prospect(digit)));
});
afterAll(async () => web.stop());

const admin = (digit: number): string => `admin@customer${digit}.onmicrosoft.com`;

/** From the link to Microsoft's consent page. */
async function toConsent(visitor: Visitor, link: string, account: string, way = 'adminConsent'): Promise<Seen> {
  const choose = await visitor.get(link);
  const picker = await visitor.submit(choose, { integration: 'office365Audit', way });
  return visitor.submit(picker, { account });
}

async function theOnboarding(seen: Seen) {
  const id = /\/onboarding\/([0-9a-f]{32})/.exec(seen.url)?.[1] ?? '';
  const row = (await web.connector.onboardPorts.onboarding.onboardings.find(id, signal))?.row;
  if (row === undefined) throw new Error(`No onboarding at ${seen.url}`);
  return row;
}

const tenantOf = async (digit: number) =>
  (await web.connector.tenantPorts.tenants.find(prospect(digit).tenantId, signal))?.tenant;

describe('onboarding by admin consent', () => {
  it('goes from the link to a tenant that is collected, proven by what Microsoft signed', async () => {
    const visitor = web.visitor();
    const link = await web.invitation('Customer 1');

    const consent = await toConsent(visitor, link, admin(1));
    const progress = await visitor.submit(consent, { accept: 'yes' });
    const { id } = await theOnboarding(progress);
    const after = await web.advance(id);
    const tenant = await tenantOf(1);

    expect(textOf(progress)).toContain('Step 3 of 6');
    expect(after).toMatchObject({ done: { signIn: expect.any(String) as string, tenant: expect.any(String) as string } });
    expect(tenant).toMatchObject({ name: 'Customer 1', application: 'provider', status: 'active', cloud: 'custom' });
    const rows = await web.connector.tenantPorts.sourceRows.ofTenant(prospect(1).tenantId, signal);
    const audited = sources.filter(({ integration }) => integration === 'office365Audit');
    expect(rows.map(({ sourceId }) => sourceId).sort()).toEqual(audited.map(({ id: sourceId }) => sourceId).sort());
  });

  it('says who changed what, in the history and in the operations hub', async () => {
    const changes = await web.connector.onboardPorts.changes.newest(prospect(1).tenantId, 10, signal);
    const told = [...web.stack.hubs.read('m365-operations')].map(({ body }) => body.toString());

    expect(changes).toEqual([
      expect.objectContaining({ what: 'onboarded', who: expect.stringContaining(prospect(1).tenantId) as string }),
    ]);
    expect(told.some((body) => body.includes('M365Connector.Change') && body.includes('onboarded'))).toBe(true);
  });

  it('lets a link be used once, and leads the same browser back to what it began', async () => {
    const visitor = web.visitor();
    const link = await web.invitation('Customer 2');
    const progress = await visitor.submit(await toConsent(visitor, link, admin(2)), { accept: 'yes' });
    await web.advance((await theOnboarding(progress)).id);

    const same = await visitor.get(link);
    const other = await web.visitor().get(link);

    expect(same.url).toContain('/onboarding/');
    expect([other.status, textOf(other)]).toEqual([410, expect.stringContaining('This link was used before')]);
  });

  it('does not let two organisations in with one link', async () => {
    const link = await web.invitation('Customer 3');
    const [one, two] = [web.visitor(), web.visitor()];
    const first = await toConsent(one, link, admin(3));
    const second = await toConsent(two, link, admin(4));
    const won = await theOnboarding(await one.submit(first, { accept: 'yes' }));
    const lost = await theOnboarding(await two.submit(second, { accept: 'yes' }));

    await web.advance(won.id);
    const after = await web.advance(lost.id);

    expect(after?.stopped).toEqual({ kind: 'signIn', code: 'invitationUsed' });
    expect([await tenantOf(3), await tenantOf(4)]).toEqual([expect.objectContaining({ name: 'Customer 3' }), undefined]);
  });

  it('waits for permissions that are on their way, and goes on by itself', async () => {
    const directory = web.microsoft.identity.applicationsOf(prospect(5).tenantId);
    directory.delayMs = 60_000;
    const visitor = web.visitor();
    const progress = await visitor.submit(await toConsent(visitor, await web.invitation('Customer 5'), admin(5)), {
      accept: 'yes',
    });
    const { id } = await theOnboarding(progress);

    const early = await web.advance(id);
    const page = await visitor.get(`/onboarding/${id}`);
    web.microsoft.settings.serverClockOffsetMs += 120_000;
    const late = await web.advance(id);
    web.microsoft.settings.serverClockOffsetMs = 0;
    directory.delayMs = 0;

    expect([early?.step, early?.stopped]).toEqual(['login', undefined]);
    expect(textOf(page)).toContain("on its way through Microsoft's data centres");
    expect(late?.done.tenant).toBeDefined();
  });

  it('says which permissions have not arrived after ten minutes, and goes on when they are granted', async () => {
    const directory = web.microsoft.identity.applicationsOf(prospect(6).tenantId);
    const visitor = web.visitor();
    const progress = await visitor.submit(await toConsent(visitor, await web.invitation('Customer 6'), admin(6)), {
      accept: 'yes',
    });
    const { grants } = directory;
    directory.grants = [];
    const { id } = await theOnboarding(progress);
    await web.advance(id);
    web.clock.jump(11 * 60_000);

    const stopped = await web.advance(id);
    const page = await visitor.get(`/onboarding/${id}`);
    directory.grants = grants;
    const healed = await web.advance(id);

    expect(stopped?.stopped).toMatchObject({ kind: 'failure', missing: rolesWanted });
    expect(textOf(page)).toContain(`these permissions have not arrived: ${rolesWanted.join(', ')}`);
    expect([healed?.stopped, healed?.done.tenant]).toEqual([undefined, expect.any(String)]);
  });

  it.each([
    ['cancels', 'admin', { accept: 'no' }, 'You chose not to accept. Nothing was changed'],
    ['may not consent', 'helpdesk', { back: '1' }, 'This account may not give consent for the organisation'],
  ] as const)('explains itself to somebody who %s, and lets them try again', async (_, who, fields, words) => {
    const visitor = web.visitor();
    const account = `${who}@customer7.onmicrosoft.com`;
    const consent = await toConsent(visitor, await web.invitation('Customer 7'), account);

    const page = await visitor.submit(consent, { account, ...fields });
    const { id } = await theOnboarding(page);
    const again = await visitor.submit(page, {}, `/onboarding/${id}/again`);

    expect(textOf(page)).toContain(words);
    expect(again.url).toContain('/v2.0/adminconsent');
    expect(await tenantOf(7)).toBeUndefined();
  });

  it.each([
    ['a personal account', 'somebody@outlook.example', 'This is a personal Microsoft account'],
    ['a second factor that was not given', 'nophone@customer7.onmicrosoft.com', 'The second factor was refused'],
  ])('explains %s', async (_, account, words) => {
    const page = await toConsent(web.visitor(), await web.invitation('Customer 7'), account);

    expect(textOf(page)).toContain(words);
    expect(await tenantOf(7)).toBeUndefined();
  });

  it('refuses another organisation than the one that was invited', async () => {
    const link = await web.invitation('Customer 7', prospect(7).tenantId);

    const page = await toConsent(web.visitor(), link, admin(6));

    expect(textOf(page)).toContain('This invitation is for another organisation');
  });

  it('says what to check when Microsoft never sends anybody back', async () => {
    const visitor = web.visitor();
    const stuck = await toConsent(visitor, await web.invitation('Customer 7'), 'travelling@customer7.onmicrosoft.com');
    const newest = (await web.onboardings()).sort((a, b) => b.createdAt.localeCompare(a.createdAt))[0];
    const page = await visitor.get(`/onboarding/${newest?.id ?? ''}`);

    expect([stuck.status, textOf(stuck)]).toEqual([400, expect.stringContaining('AADSTS53003')]);
    expect([page.status, textOf(page)]).toEqual([200, expect.stringContaining('did not bring you back?')]);
  });
});

describe('links', () => {
  it('closes after seven days', async () => {
    const link = await web.invitation('Late');
    web.clock.jump(7 * 86_400_000 + 60_000);

    const page = await web.visitor().get(link);

    expect([page.status, textOf(page)]).toEqual([410, expect.stringContaining('This link has expired')]);
  });

  it.each(['/onboard/x', `/onboard/${'0'.repeat(64)}`, '/onboard/%3Cscript%3E'])('does not know %s', async (link) => {
    const page = await web.visitor().get(link);

    expect([page.status, page.body.includes('<script>')]).toEqual([404, false]);
  });
});
