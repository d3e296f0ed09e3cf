import fc from 'fast-check';
import { cloudsButChina } from '../../src/domain/cloud';
import type { Failure } from '../../src/domain/failure';
import { licences, licenceText, servicePlanOf, servicePlans } from '../../src/domain/licence';
import type { ServicePlan } from '../../src/domain/licence';
import { barring, dated, failureOfVerdict, isNewVerdict, judge } from '../../src/domain/verdict';
import type { Observation, TenantProfile, Verdict } from '../../src/domain/verdict';

const source = {
  clouds: cloudsButChina,
  permissions: [
    { api: 'graph' as const, role: 'User.Read.All', why: 'Reads.' },
    { api: 'graph' as const, role: 'AuditLog.Read.All', why: 'Reads.' },
  ],
  anyLicenceOf: licences.entraP1,
};
const seen = (more: Partial<Observation>): Observation => ({
  cloud: 'commercial',
  roles: ['User.Read.All', 'AuditLog.Read.All'],
  servicePlans: [],
  failure: undefined,
  ...more,
});
const refused: Failure = { kind: 'notLicensed', code: 'Forbidden', detail: 'Your tenant is not licensed for this feature.' };

describe('judge', () => {
  it('believes an API that answers, whatever else is known', () => {
    expect(judge(source, seen({}))).toEqual({ name: 'ok', evidence: 'The API answers.' });
    expect(judge(source, seen({ roles: ['AuditLog.Read.All'] }))).toEqual({
      name: 'ok',
      evidence: 'The API answers, although the token lacks User.Read.All.',
    });
  });

  it('asks nothing of a cloud that does not have the API', () => {
    expect(judge(source, seen({ cloud: 'china' }))?.name).toBe('notInThisCloud');
    expect(judge(source, seen({ failure: { kind: 'notInThisCloud', code: 'BadRequest' } }))?.name).toBe('notInThisCloud');
  });

  it('names what the token lacks before it speaks of licences', () => {
    expect(judge(source, seen({ roles: [], failure: refused }))).toEqual({
      name: 'permissionMissing',
      missing: ['User.Read.All', 'AuditLog.Read.All'],
      evidence: 'The token lacks User.Read.All and AuditLog.Read.All.',
      code: 'Forbidden',
    });
  });

  it('tells a licence that is not there from a service that was never set up', () => {
    const unset: Failure = { kind: 'notProvisioned', code: 'Unauthorized', detail: 'Account is not provisioned.' };
    const plans: readonly ServicePlan[] = ['AAD_PREMIUM_P2'];

    expect(judge(source, seen({ failure: refused }))).toMatchObject({
      name: 'notLicensed',
      evidence: 'No licence of the tenant contains Entra ID P1 or Entra ID P2.',
    });
    expect(judge(source, seen({ failure: unset }))?.name).toBe('notLicensed');
    expect(judge(source, seen({ failure: refused, servicePlans: plans }))).toMatchObject({
      name: 'notProvisioned',
      evidence: 'The tenant has Entra ID P2, and the API says that it was never set up.',
    });
    expect(judge(source, seen({ failure: unset, servicePlans: undefined }))?.name).toBe('notProvisioned');
    expect(judge(source, seen({ failure: refused, servicePlans: undefined }))?.name).toBe('notLicensed');
  });

  it('says that a permission that is there is refused', () => {
    const failure: Failure = { kind: 'permissionMissing', code: 'Forbidden', permission: 'User.Read.All' };

    expect(judge(source, seen({ failure }))).toMatchObject({ name: 'permissionMissing', missing: ['User.Read.All'] });
  });

  it.each<Failure>([
    { kind: 'unavailable', code: '503' },
    { kind: 'throttled', code: '429' },
    { kind: 'consentMissing', code: 'AADSTS65001' },
    { kind: 'credentialRejected', code: 'AADSTS7000222', detail: '' },
    { kind: 'unauthorized', code: '401', api: 'graph' },
    { kind: 'unexpectedResponse', code: 'notAList', detail: '' },
  ])('proves nothing by $kind', (failure) => {
    expect(judge(source, seen({ failure }))).toBeUndefined();
  });
});

describe('a verdict', () => {
  const now = new Date('2026-11-22T10:00:00Z');
  const later = new Date('2026-11-23T10:00:00Z');
  const bad = { name: 'permissionMissing', missing: ['User.Read.All'], evidence: 'The token lacks User.Read.All.' } as const;

  it('keeps since when it has been so, until it changes', () => {
    const first = dated(bad, undefined, now);
    const second = dated(bad, first, later);
    const third = dated({ ...bad, missing: ['AuditLog.Read.All'] }, second, later);

    expect(second).toMatchObject({ at: later.toISOString(), since: now.toISOString() });
    expect(third.since).toBe(later.toISOString());
    expect([isNewVerdict(first, undefined), isNewVerdict(second, first), isNewVerdict(third, second)]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('keeps a source from being polled only if it is bad, and made of the tenant as it is now', () => {
    const at = now.toISOString();
    const verdicts: Record<string, Verdict> = {
      'graph.users': { name: 'ok', evidence: 'The API answers.', at, since: at },
      'graph.signIns': { ...bad, at, since: at },
    };
    const profile: TenantProfile = { tenantId: 't', epoch: 3, probedAt: at, roles: {}, verdicts, alertFlows: {} };

    expect(barring(profile, 3, 'graph.signIns')).toEqual(verdicts['graph.signIns']);
    expect(barring(profile, 3, 'graph.users')).toBeUndefined();
    expect(barring(profile, 3, 'graph.other')).toBeUndefined();
    expect(barring(profile, 3, 'constructor')).toBeUndefined();
    expect(barring(profile, 4, 'graph.signIns')).toBeUndefined();
    expect(barring(undefined, 3, 'graph.signIns')).toBeUndefined();
  });

  it('stands for a failure unless it is good', () => {
    const verdict = (name: Verdict['name']): Verdict => ({ name, evidence: 'Because.', at: '', since: '', code: 'C' });

    expect(failureOfVerdict(verdict('ok'))).toBeUndefined();
    for (const name of ['notLicensed', 'notProvisioned', 'notInThisCloud', 'auditOff', 'permissionMissing'] as const)
      expect(failureOfVerdict(verdict(name))).toMatchObject({ kind: name, code: 'C' });
  });
});

describe('service plans', () => {
  it('are known by their id, in whatever case', () => {
    const names = Object.keys(servicePlans) as ServicePlan[];

    expect(new Set(names.map((name) => servicePlans[name].id)).size).toBe(names.length);
    for (const name of names) expect(servicePlanOf(servicePlans[name].id.toUpperCase())).toBe(name);
    fc.assert(fc.property(fc.string(), (text) => servicePlanOf(text) === undefined));
  });

  it('are told by their titles', () => {
    expect(licenceText(licences.entraP1)).toBe('Entra ID P1 or Entra ID P2');
    expect(licenceText([])).toBe('');
    expect(licenceText(['MTP', 'ATA', 'WINDEFATP'])).toBe('Defender XDR, Defender for Identity or Defender for Endpoint P2');
  });
});
