import { permissionsOf } from '../../src/app/permissions';
import { sources } from '../../src/sources';
import { prospect, startWebStack, textOf } from '../support/webStack';
import type { Seen, WebStack } from '../support/webStack';

jest.setTimeout(180_000);

const { signal } = new AbortController();
const rolesWanted = permissionsOf(['office365Audit'], sources).map(({ role }) => role);
let web: WebStack;
beforeAll(async () => {
  web = await startWebStack([1, 2, 3, 4, 5, 6, 7].map((digit) => prospect(digit)));
});
afterAll(async () => web.stop());

const idOf = (seen: Seen): string => /\/onboarding\/([0-9a-f]{32})/.exec(seen.url)?.[1] ?? '';
const applicationsOf = (digit: number) => web.microsoft.identity.applicationsOf(prospect(digit).tenantId);
const tenantOf = async (digit: number) =>
  (await web.connector.tenantPorts.tenants.find(prospect(digit).tenantId, signal))?.tenant;

async function provision(digit: number, link?: string, account = 'admin'): Promise<Seen> {
  const visitor = web.visitor();
  const choose = await visitor.get(link ?? (await web.invitation(`Customer ${digit}`)));
  const picker = await visitor.submit(choose, { integration: 'office365Audit', way: 'provision' });
  const accept = await visitor.submit(picker, { account: `${account}@customer${digit}.onmicrosoft.com` });
  return visitor.submit(accept, { accept: 'yes' });
}

describe('guided provisioning', () => {
  it('makes an application with exactly the permissions that are needed, and gives the rights back', async () => {
    const progress = await provision(1);

    const after = await web.advance(idOf(progress));

    const made = applicationsOf(1);
    const [application] = made.applications;
    expect(after?.done.cleanUp).toBeDefined();
    expect(made.applications).toHaveLength(1);
    expect(made.rolesOf(application?.appId ?? '', 'management')).toEqual(rolesWanted);
    expect([made.rolesOf(application?.appId ?? '', 'graph'), made.rolesOf(application?.appId ?? '', 'defender')]).toEqual([
      [],
      [],
    ]);
    expect(application?.properties).toMatchObject({
      signInAudience: 'AzureADMyOrg',
      servicePrincipalLockConfiguration: { isEnabled: true, allProperties: true },
    });
    expect(application?.owners).toEqual([made.principalOf(application?.appId ?? '')?.id]);
    // The application with the delegated rights has left the tenant.
    expect(made.servicePrincipals.some(({ appId }) => appId === web.stack.environment['SETUP_CLIENT_ID'])).toBe(false);
    expect(await web.connector.tenantPorts.secrets.read(`onboarding-${idOf(progress)}`, signal)).toBeUndefined();
    expect(await tenantOf(1)).toMatchObject({ clientId: application?.appId, name: 'Customer 1' });
    expect((await tenantOf(1))?.application).toBeUndefined();
  });

  it('changes the same application when it is run again: id and key stay, what is not ticked is taken back', async () => {
    const made = applicationsOf(1);
    const [before] = made.applications;
    const principal = made.principalOf(before?.appId ?? '');
    made.grant(principal?.id ?? '', made.resourcePrincipal('graph').id, 'some-role-of-before');

    const after = await web.advance(idOf(await provision(1, await web.invitation('Customer 1', prospect(1).tenantId))));

    expect(after?.done.cleanUp).toBeDefined();
    expect(made.applications).toEqual([before]);
    expect(made.grants.filter(({ principalId }) => principalId === principal?.id)).toHaveLength(rolesWanted.length);
    expect(before?.passwords).toHaveLength(1);
  });

  it('waits out a directory that takes a minute to know what was made', async () => {
    const directory = applicationsOf(2);
    directory.delayMs = 20_000;
    const id = idOf(await provision(2));
    let row = await web.advance(id);
    const waited = row?.waiting;
    for (let turn = 0; turn < 10 && row?.done.tenant === undefined; turn += 1) {
      web.microsoft.settings.serverClockOffsetMs += 30_000;
      row = await web.advance(id);
    }
    web.microsoft.settings.serverClockOffsetMs = 0;
    directory.delayMs = 0;

    expect(waited).toContain("on its way through Microsoft's directory");
    expect(row?.done.tenant).toBeDefined();
    expect([directory.applications.length, directory.applications[0]?.passwords.length]).toEqual([1, 1]);
  });

  it('finds a key again whose answer was lost, removes it, and makes another', async () => {
    web.microsoft.identity.directoryFaults.push({ method: 'POST', path: /addPassword$/, does: 'lostAnswer' });
    const id = idOf(await provision(3));

    const row = await web.advance(id);

    const [application] = applicationsOf(3).applications;
    expect(row?.done.tenant).toBeDefined();
    expect(application?.passwords.map(({ keyId }) => keyId)).toEqual([row?.provisioned?.keyId]);
  });

  it.each([
    ['asks for a shorter life where a policy wants one', 4, 'CredentialInvalidLifetimeAsPerAppPolicy', undefined],
    [
      'says so where a policy allows no secret at all',
      7,
      'CredentialTypeNotAllowedAsPerAppPolicy',
      'CredentialTypeNotAllowedAsPerAppPolicy',
    ],
  ])('%s', async (_, digit, code, stopped) => {
    web.microsoft.identity.directoryFaults.push({ method: 'POST', path: /addPassword$/, does: { status: 400, code } });
    const id = idOf(await provision(digit));

    const row = await web.advance(id);

    expect(row?.stopped?.kind === 'failure' ? row.stopped.failure.code : undefined).toBe(stopped);
    const [application] = applicationsOf(digit).applications;
    if (stopped === undefined)
      expect(Date.parse(application?.passwords[0]?.endDateTime ?? '')).toBeLessThan(
        Date.now() + 95 * 86_400_000 + 8 * 86_400_000,
      );
  });

  it('asks to sign in again when the lent rights have ended, and goes on where it was', async () => {
    const visitor = web.visitor();
    const choose = await visitor.get(await web.invitation('Customer 5'));
    const picker = await visitor.submit(choose, { integration: 'office365Audit', way: 'provision' });
    const account = 'admin@customer5.onmicrosoft.com';
    const accept = await visitor.submit(picker, { account });
    const id = idOf(await visitor.submit(accept, { accept: 'yes' }));
    web.microsoft.identity.directoryFaults.push({
      method: 'PATCH',
      path: /^\/applications/,
      does: { status: 401, code: 'InvalidAuthenticationToken' },
    });

    const stopped = await web.advance(id);
    const page = await visitor.get(`/onboarding/${id}`);
    const again = await visitor.submit(page, {}, `/onboarding/${id}/again`);
    const accepted = await visitor.submit(again, { account });
    await visitor.submit(accepted, { accept: 'yes' });
    const after = await web.advance(id);

    expect(stopped?.stopped).toEqual({ kind: 'signIn', code: 'accessEnded' });
    expect(textOf(page)).toContain('The rights you gave for setting up have ended');
    expect(after).toMatchObject({ done: { tenant: expect.any(String) as string } });
  });

  it('explains a role that may not do it', async () => {
    web.microsoft.identity.directoryFaults.push({
      method: 'PATCH',
      path: /^\/applications/,
      does: { status: 403, code: 'Authorization_RequestDenied' },
    });
    const row = await web.advance(idOf(await provision(6)));

    expect(row?.stopped).toMatchObject({
      kind: 'failure',
      failure: { kind: 'permissionMissing', code: 'Authorization_RequestDenied' },
    });
  });
});

describe('an application of their own', () => {
  async function connectOwn(digit: number, changes: Readonly<Record<string, string>> = {}): Promise<Seen> {
    const { tenantId, clientId, secret } = prospect(digit);
    const visitor = web.visitor();
    const choose = await visitor.get(await web.invitation(`Customer ${digit}`));
    const form = await visitor.submit(choose, { integration: 'office365Audit', way: 'ownApplication' });
    expect(textOf(form)).toContain(rolesWanted[0]);
    return visitor.submit(form, { tenant: tenantId, clientId, secret, ...changes });
  }

  it('is checked in the background, and its secret goes to the key vault alone', async () => {
    const page = await connectOwn(6);
    const row = await web.advance(idOf(page));
    const tenant = await tenantOf(6);

    expect(row?.done.tenant).toBeDefined();
    expect(tenant).toMatchObject({ clientId: prospect(6).clientId, status: 'active' });
    expect(await web.connector.tenantPorts.secrets.read(tenant?.secretName ?? '', signal)).toBe(prospect(6).secret);
    expect(await web.connector.tenantPorts.secrets.read(`onboarding-${idOf(page)}`, signal)).toBeUndefined();
    expect(JSON.stringify(await web.onboardings())).not.toContain('fake-own-secret');
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['no tenant that exists', { tenant: '99999999-9999-4999-8999-999999999999' }, 'does not know this tenant'],
    ['a personal tenant', { tenant: 'consumers' }, 'This is not an organisation'],
    ['no GUID', { clientId: 'my-app' }, 'The client id is not a GUID.'],
    ["the secret's id", { secret: '11111111-2222-4333-8444-555555555555' }, "You pasted the secret's ID."],
    ['no secret', { secret: '' }, 'No secret was given.'],
  ])('refuses %s at once, keeps what else was typed, and shows no secret', async (_, changes, words) => {
    const before = (await web.onboardings()).length;

    const page = await connectOwn(6, changes);

    expect([page.status, textOf(page)]).toEqual([400, expect.stringContaining(words)]);
    expect(page.body).not.toContain('fake-own-secret');
    expect(page.body).toContain(`value="${changes['tenant'] ?? prospect(6).tenantId}"`);
    expect((await web.onboardings()).length).toBe(before);
  });

  it('says when the secret is wrong', async () => {
    const id = idOf(await connectOwn(6, { secret: 'fake-wrong-secret~1' }));
    let row = await web.advance(id);
    for (let turn = 0; turn < 8 && row?.stopped === undefined; turn += 1) {
      web.clock.jump(61_000);
      row = await web.advance(id);
    }

    expect(row?.stopped).toMatchObject({ kind: 'failure', failure: { kind: 'credentialRejected', code: 'AADSTS7000215' } });
  });
});
