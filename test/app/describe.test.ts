import type { Failure } from '../../src/domain/failure';
import { describedCodes, describeFailure } from '../../src/app/describe';
import { activityErrorKinds, classifyActivityError } from '../../src/microsoft/activityErrors';

const activity = (code: string): Failure =>
  classifyActivityError(
    { status: 400, headers: {}, text: JSON.stringify({ error: { code, message: 'x' } }) },
    { permission: 'ActivityFeed.Read', now: new Date('2026-11-22T10:00:00Z') },
  );

describe('describeFailure', () => {
  const kinds: readonly Failure[] = [
    { kind: 'throttled', code: 'c', retryAfterMs: 120_000 },
    { kind: 'unavailable', code: 'c' },
    { kind: 'unexpectedResponse', code: 'c', detail: 'Detail.' },
    { kind: 'unauthorized', code: 'c', api: 'management' },
    { kind: 'credentialRejected', code: 'c', detail: 'd' },
    { kind: 'credentialMissing', code: 'c', detail: 'd' },
    { kind: 'consentMissing', code: 'c' },
    { kind: 'permissionMissing', code: 'c', permission: 'ActivityFeed.Read' },
    { kind: 'serviceMissing', code: 'c', detail: 'd' },
    { kind: 'tenantUnknown', code: 'c' },
    { kind: 'tenantMismatch', code: 'c' },
    { kind: 'blockedByPolicy', code: 'c', detail: 'd' },
    { kind: 'auditOff', code: 'c' },
    { kind: 'subscriptionMissing', code: 'c' },
    { kind: 'subscriptionDisabled', code: 'c', by: 'tenant admin' },
    { kind: 'windowRefused', code: 'c' },
    { kind: 'pageRefused', code: 'c' },
    { kind: 'contentMissing', code: 'c' },
    { kind: 'contentExpired', code: 'c' },
    { kind: 'refusedUrl', code: 'c', detail: '' },
    { kind: 'hubBusy', code: 'c' },
    { kind: 'hubRefused', code: 'c', hub: 'm365-audit' },
    { kind: 'storeUnavailable', code: 'c' },
    { kind: 'conflict', code: 'c' },
    { kind: 'cancelled', code: 'c' },
    { kind: 'actionRefused', code: 'c', detail: '' },
    { kind: 'rejectedRequest', code: 'c', detail: '' },
  ];

  it.each(kinds.map((failure) => [failure.kind, failure] as const))('says %s in whole sentences', (_, failure) => {
    const { title, nextStep } = describeFailure(failure);

    expect(title).toMatch(/^[A-Z].*\. \[c\]$/);
    expect(nextStep).toMatch(/^[A-Z].*\.$/);
  });

  it('has words of its own for each code of the Management Activity API, no two the same', () => {
    const codes = Object.keys(activityErrorKinds);
    const texts = codes.map((code) => {
      const { title, nextStep } = describeFailure(activity(code));
      return `${title.replace(` [${code}]`, '')} ${nextStep}`;
    });

    expect(describedCodes).toEqual(expect.arrayContaining(codes));
    expect(new Set(texts).size).toBe(codes.length);
  });

  it('tells a wrong secret from an expired one', () => {
    const say = (number: number) => describeFailure({ kind: 'credentialRejected', code: `AADSTS${number}`, detail: '' });

    expect(say(7000222).title).toBe('Microsoft refuses the client secret: it has expired. [AADSTS7000222]');
    expect(say(7000215).nextStep).toContain('Value, not its ID');
  });

  it('knows no words for codes it was never told, not even those every object has', () => {
    expect(describeFailure({ kind: 'unavailable', code: 'constructor' }).title).toBe(
      'Microsoft does not answer, or not completely. [constructor]',
    );
  });
});
