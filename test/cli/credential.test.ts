import { selfSignedCertificate } from '../../src/microsoft/selfSignedCertificate';
import type { SimulatedTenant } from '../local/microsoft365/tenant';
import { startCommandStack } from './commandStack';
import type { CommandStack } from './commandStack';

const contoso: SimulatedTenant = {
  ...{ tenantId: '11111111-1111-4111-8111-111111111111', name: 'Contoso', clientId: '99999999-1111-4111-8111-111111111111' },
  ...{ secret: 'fake-secret-Contoso~123', mood: 'steady', activity: 'none' },
};

let stack: CommandStack;
beforeAll(async () => {
  stack = await startCommandStack([contoso]);
  const words = ['add', '--tenant-id', contoso.tenantId, '--client-id', contoso.clientId, '--name', contoso.name];
  await stack.tenant(words, { input: contoso.secret });
});
afterAll(async () => stack.stop());

describe('credential', () => {
  it('shows what a tenant signs in with, in words and as JSON', async () => {
    const text = await stack.tenant(['credential', 'show', 'contoso']);
    const json = (await stack.tenant(['credential', 'show', 'contoso', '--json'])).json();

    expect([text.code, text.stdout]).toEqual([0, expect.stringContaining('Client secret. When it expires is not known')]);
    expect(json).toMatchObject({ ok: true, kind: 'clientSecret', state: 'unknownExpiry', clientId: contoso.clientId });
    expect(text.stdout + JSON.stringify(json)).not.toContain(contoso.secret);
  });

  it('after the first look tells when it expires, and that it cannot be renewed without the permission', async () => {
    await stack.connector.rotate({ log: () => undefined });

    const json = (await stack.tenant(['credential', 'show', 'contoso', '--json'])).json();
    const rotated = await stack.tenant(['credential', 'rotate', 'contoso', '--json']);

    expect(json).toMatchObject({ state: 'good', daysLeft: expect.any(Number) as number });
    expect([rotated.code, rotated.json()]).toEqual([
      1,
      expect.objectContaining({ ok: false, error: expect.stringContaining('Application.ReadWrite.OwnedBy') as string }),
    ]);
    expect(stack.stack.microsoft365?.tenant(contoso.tenantId).application.workingSecrets).toEqual([contoso.secret]);
  });

  it('takes another secret with its last day, and a certificate', async () => {
    const control = stack.stack.microsoft365?.tenant(contoso.tenantId);
    const value = 'fake-secret-another~456';
    control?.addSecret(value);
    const secret = await stack.tenant(['credential', 'set', 'contoso', '--expires', '2099-05-01', '--json'], { input: value });
    const pem = await selfSignedCertificate({
      name: 'test',
      from: new Date(Date.now() - 60_000),
      to: new Date(Date.now() + 9e9),
    });
    control?.application.addKey(/CERTIFICATE-----([^-]+)-----END/.exec(pem)?.[1] ?? '', 'test');
    const certificate = await stack.tenant(['credential', 'set', 'contoso', '--kind', 'certificate', '--json'], { input: pem });

    expect([secret.code, secret.json()]).toEqual([0, expect.objectContaining({ expiresAt: '2099-05-01T00:00:00.000Z' })]);
    expect([certificate.code, certificate.json()]).toEqual([0, expect.objectContaining({ kind: 'certificate', daysLeft: 104 })]);
    const doctor = (await stack.tenant(['doctor', 'contoso', '--json'])).json();
    expect(doctor).toMatchObject({ credential: { kind: 'certificate' } });
  });

  it.each([
    ['nothing to do', ['credential'], 'What is to be done with the credential?'],
    ['no tenant', ['credential', 'show'], 'Which tenant?'],
    ['an unknown kind', ['credential', 'set', 'contoso', '--kind', 'password'], 'There is no such kind of credential.'],
    ['a day that is over', ['credential', 'set', 'contoso', '--expires', '2020-01-01'], 'That day is over, or today.'],
    ['a day that is none', ['credential', 'set', 'contoso', '--expires', '2027-13-01'], 'The day cannot be read.'],
    ['no certificate', ['credential', 'set', 'contoso', '--kind', 'certificate'], 'This certificate cannot be used.'],
    ['an option of set', ['credential', 'show', 'contoso', '--expires', '2027-01-01'], '--kind and --expires go with set.'],
  ])('refuses %s', async (_what, words, error) => {
    const ran = await stack.tenant([...words, '--json'], { input: 'fake-secret-of-nobody~1' });

    expect([ran.code, ran.json()]).toEqual([2, expect.objectContaining({ error: expect.stringContaining(error) as string })]);
  });
});
