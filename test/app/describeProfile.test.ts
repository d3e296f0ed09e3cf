import { budgetOf, planTitles, productFlows } from '../../src/app/describeProfile';
import { newSourceRow } from '../../src/domain/sourceState';
import type { TenantProfile } from '../../src/domain/verdict';

const at = '2026-11-22T10:00:00.000Z';
const profile: TenantProfile = {
  tenantId: 'tenant',
  epoch: 1,
  probedAt: at,
  roles: {},
  servicePlans: ['WINDEFATP', 'ATP_ENTERPRISE'],
  verdicts: {},
  alertFlows: {
    microsoftDefenderForEndpoint: { at, lastAlertAt: '2026-11-22T09:00:00Z' },
    microsoftDefenderForOffice365: { at },
    microsoftDefenderForIdentity: { at },
    azureAdIdentityProtection: { at, lastAlertAt: '2026-11-01T09:00:00Z' },
    microsoftSentinel: { at },
  },
};
const flowsOf = (of: TenantProfile | undefined): Record<string, string> =>
  Object.fromEntries(productFlows(of).map(({ product, flow }) => [product, flow]));

describe('the alerts of the Defender products', () => {
  it('flow, are silent, are not licensed, or are not known yet', () => {
    expect(flowsOf(profile)).toEqual({
      microsoftDefenderForEndpoint: 'flowing',
      microsoftDefenderForOffice365: 'silent',
      microsoftDefenderForIdentity: 'notLicensed',
      microsoftDefenderForCloudApps: 'notLicensed',
      microsoftDefenderForCloud: 'unknown',
      dataLossPrevention: 'notLicensed',
      // An alert that is there outweighs a licence that is not found.
      azureAdIdentityProtection: 'flowing',
      microsoftSentinel: 'silent',
    });
  });

  it('are not called unlicensed when the licences cannot be read', () => {
    const { servicePlans: _plans, ...unread } = profile;

    expect(_plans).toBeDefined();
    expect(flowsOf(unread)).toMatchObject({ microsoftDefenderForIdentity: 'silent', microsoftDefenderForCloudApps: 'unknown' });
    expect(planTitles(unread)).toBeUndefined();
    expect(new Set(Object.values(flowsOf(undefined)))).toEqual(new Set(['unknown']));
  });
});

describe('what was taken of the limits', () => {
  it('is the most of any source, the fullest limit first', () => {
    const row = (limitUse?: string) => ({
      ...newSourceRow('tenant', 'graph.users', new Date(at)),
      etag: '1',
      memory: limitUse === undefined ? {} : { limitUse },
    });

    expect(budgetOf([row('security=0.1/0,directory=0.02/0'), row('security=0.4/2'), row(), row('nonsense')])).toEqual([
      { limit: 'security', title: 'Security alerts, incidents and scores', share: 0.4, throttled: 2 },
      { limit: 'directory', title: 'Directory', share: 0.02, throttled: 0 },
    ]);
  });
});

it('names licences by their titles', () => {
  expect(planTitles(profile)).toEqual(['Defender for Endpoint P2', 'Defender for Office 365 P1']);
});
