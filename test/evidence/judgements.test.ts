import fc from 'fast-check';
import { objectsDigest, sha256Of } from '../../src/domain/evidence';
import type { Finding, GraphObject } from '../../src/domain/evidence';
import { failureOf } from '../../src/domain/failure';
import { judgeConditionalAccess } from '../../src/evidence/conditionalAccess';
import { judgeRiskyUsers } from '../../src/evidence/riskyUsers';
import { judgeSecureScore } from '../../src/evidence/secureScore';
import { judgeAlerts } from '../../src/evidence/unresolvedAlerts';

// The same cases each time: a test that fails only sometimes helps nobody.
fc.configureGlobal({ seed: 20261122 });

const now = new Date('2026-11-22T12:00:00Z');
const object = (value: unknown): GraphObject => ({ value, sha256: sha256Of(JSON.stringify([value])) });
const whole = (values: readonly unknown[]) => ({ objects: values.map(object), complete: true });
const figure = (finding: Finding, name: string) => finding.figures.find((one) => one.name === name)?.value;

/** What is kept of an object has to be found in the answer: its hash, and nothing else's. */
function expectObjects(finding: Finding, given: readonly GraphObject[]): void {
  const hashes = new Set(given.map(({ sha256 }) => sha256));
  expect(finding.objects.every(({ sha256 }) => hashes.has(sha256))).toBe(true);
}

const word = fc.constantFrom('new', 'inProgress', 'resolved', 'Resolved', 'RESOLVED', 'unknown', 'aStateOfTomorrow', undefined);
const severity = fc.constantFrom('high', 'High', 'medium', 'low', 'informational', 'unknown', 'aSeverityOfTomorrow', undefined);
const alerts = fc.array(
  fc.record({ id: fc.uuid(), title: fc.string(), status: word, severity, createdDateTime: fc.constant('2026-11-22T10:00:00Z') }),
  { maxLength: 30 },
);

describe('unresolved alerts', () => {
  it('are counted, all of them, and met means that none of high or unknown severity is open', () => {
    fc.assert(
      fc.property(alerts, fc.boolean(), (given, complete) => {
        const list = { ...whole(given), complete };
        const finding = judgeAlerts(list);
        const open = given.filter(({ status }) => status?.toLowerCase() !== 'resolved');
        const mild = open.every(({ severity: how }) => ['medium', 'low', 'informational'].includes(how ?? ''));
        const parts = ['high', 'medium', 'low', 'informational', 'unknown'].map((name) => Number(figure(finding, name)));

        expect(figure(finding, 'unresolved')).toBe(open.length);
        expect(parts.reduce((sum, part) => sum + part, 0)).toBe(open.length);
        expect(finding.status).toBe(complete && mild ? 'met' : 'attention');
        expect(finding.objects).toHaveLength(open.length);
        expectObjects(finding, list.objects);
      }),
    );
  });

  it('are shown as samples, the most severe first, with how many more there are', () => {
    const many = Array.from({ length: 25 }, (_, index) => ({
      id: `${index}`,
      title: `Alert ${index}`,
      status: 'new',
      severity: index === 24 ? 'high' : 'low',
      createdDateTime: `2026-11-22T10:00:${String(index).padStart(2, '0')}Z`,
    }));

    const { tables, statement } = judgeAlerts(whole(many));

    expect(statement).toBe('25 alerts are unresolved: 1 high, 24 low.');
    expect(tables[0]?.rows.slice(0, 2).map(([, title]) => title)).toEqual(['Alert 24', 'Alert 23']);
    expect([tables[0]?.rows.length, tables[0]?.more]).toEqual([10, 15]);
  });

  it('that could not all be read are never met', () => {
    expect(judgeAlerts({ objects: [], complete: false })).toMatchObject({
      status: 'attention',
      statement: 'At least 0 alerts are unresolved.',
    });
  });
});

const level = fc.constantFrom('high', 'medium', 'low', 'none', 'hidden', 'aLevelOfTomorrow', undefined);
const state = fc.constantFrom(
  'atRisk',
  'confirmedCompromised',
  'remediated',
  'dismissed',
  'confirmedSafe',
  'aStateOfTomorrow',
  undefined,
);
const users = fc.array(fc.record({ id: fc.uuid(), userPrincipalName: fc.string(), riskLevel: level, riskState: state }), {
  maxLength: 20,
});

describe('risky users', () => {
  it('are met only when everything was read and nobody is at more than low risk; hidden levels are no judgement', () => {
    fc.assert(
      fc.property(users, fc.boolean(), (given, complete) => {
        const list = { ...whole(given), complete };
        const finding = judgeRiskyUsers(list);
        const over = ['remediated', 'dismissed', 'confirmedSafe'];
        const open = given.filter(({ riskState }) => !over.includes(riskState ?? ''));
        const isHidden = given.some(({ riskLevel }) => riskLevel === 'hidden');
        const isSerious = open.some(({ riskLevel }) => riskLevel !== 'low' && riskLevel !== 'none');

        expect(finding.status).toBe(isHidden ? 'notAvailable' : complete && !isSerious ? 'met' : 'attention');
        if (!isHidden) expect(figure(finding, 'high')).toBe(open.filter(({ riskLevel }) => riskLevel === 'high').length);
        expectObjects(finding, list.objects);
      }),
    );
  });
});

describe('Conditional Access', () => {
  it('counts every policy once, and is met when one is enforced', () => {
    const policyState = fc.constantFrom('enabled', 'disabled', 'enabledForReportingButNotEnforced', 'ofTomorrow', undefined);
    const policies = fc.array(fc.record({ id: fc.uuid(), displayName: fc.string(), state: policyState }), { maxLength: 20 });
    fc.assert(
      fc.property(policies, (given) => {
        const list = whole(given);
        const finding = judgeConditionalAccess(list);
        const counts = ['enabled', 'reportOnly', 'disabled', 'unknown'].map((name) => Number(figure(finding, name)));

        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(given.length);
        expect(finding.status).toBe(given.some((policy) => policy.state === 'enabled') ? 'met' : 'attention');
        expect(finding.tables.flatMap(({ rows }) => rows)).toHaveLength(given.length);
        expect(finding.objects).toHaveLength(given.length);
        expectObjects(finding, list.objects);
      }),
    );
  });

  it('says so when rules are only reported', () => {
    const finding = judgeConditionalAccess(whole([{ id: '1', displayName: 'MFA', state: 'enabledForReportingButNotEnforced' }]));

    expect(finding.statement).toBe('No Conditional Access policy is enforced; 1 report-only.');
  });
});

describe('Secure Score', () => {
  const score = (changes: object = {}) =>
    object({ id: 't_2026-11-22', createdDateTime: '2026-11-22T00:00:00Z', currentScore: 45, maxScore: 60, ...changes });

  it('is a percentage of the points, between its bounds, and met from 60 %', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (maxScore, part) => {
        const currentScore = maxScore * part;
        const finding = judgeSecureScore(score({ currentScore, maxScore }), now);
        const percent = Number(figure(finding, 'percentage'));

        expect(Math.abs(percent - part * 100)).toBeLessThanOrEqual(0.051);
        expect(finding.status).toBe(currentScore / maxScore >= 0.6 ? 'met' : 'attention');
      }),
    );
  });

  it('says percentage, points and day in a sentence', () => {
    const averageComparativeScores = [{ basis: 'AllTenants', averageScore: 41.5 }];

    expect(judgeSecureScore(score({ averageComparativeScores }), now).statement).toBe(
      'Microsoft Secure Score is 75 %: 45 of 60 points, computed on 2026-11-22. The average of all tenants is 41.5 %.',
    );
  });

  it('is not met when it is old, however high', () => {
    const finding = judgeSecureScore(score({ createdDateTime: '2026-11-18T00:00:00Z' }), now);

    expect(finding.status).toBe('attention');
    expect(finding.statement).toContain('That was 4 days ago');
  });

  it('is not available when there is none yet, or no points to reach', () => {
    expect(judgeSecureScore(undefined, now).status).toBe('notAvailable');
    expect(judgeSecureScore(score({ currentScore: 0, maxScore: 0 }), now).status).toBe('notAvailable');
  });

  it.each([undefined, {}, { id: 1 }, score({ currentScore: '45' }).value, score({ createdDateTime: 'yesterday' }).value])(
    'is a failure when it cannot be read: %j',
    (value) => {
      const judge = () => judgeSecureScore(object(value), now);
      let kind: string | undefined = 'none';
      try {
        judge();
      } catch (error) {
        kind = failureOf(error)?.kind;
      }
      expect(kind).toBe('unexpectedResponse');
    },
  );
});

describe('the hash over the objects of an item', () => {
  it('does not depend on their order, and changes with any of them', () => {
    const objects = fc.uniqueArray(
      fc.record({ type: fc.constant('alert'), id: fc.uuid(), sha256: fc.stringMatching(/^[0-9a-f]{64}$/) }),
      {
        minLength: 1,
        maxLength: 10,
        selector: ({ id }) => id,
      },
    );
    fc.assert(
      fc.property(objects, (given) => {
        expect(objectsDigest(given.toReversed())).toBe(objectsDigest(given));
        expect(objectsDigest(given.slice(1))).not.toBe(objectsDigest(given));
        expect(objectsDigest(given.map((one, index) => (index === 0 ? { ...one, sha256: sha256Of('other') } : one)))).not.toBe(
          objectsDigest(given),
        );
      }),
    );
  });
});
