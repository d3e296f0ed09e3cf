import { hubError } from '../../src/azure/hubFailure';
import { storageError } from '../../src/azure/storageFailure';
import { formatFailure, parseFailure } from '../../src/azure/storedFailure';
import { ConnectorError, failureOf } from '../../src/domain/failure';
import type { Failure } from '../../src/domain/failure';

const { signal } = new AbortController();
const sdk = (name: string, fields: object, message = 'planted') => Object.assign(new Error(message), { name, ...fields });

describe('storageError', () => {
  it.each([
    [sdk('RestError', { statusCode: 412, code: 'UpdateConditionNotSatisfied' }), 'conflict', 'UpdateConditionNotSatisfied'],
    [sdk('RestError', { statusCode: 409 }, '{"odata.error":{"code":"EntityAlreadyExists"}}'), 'conflict', 'EntityAlreadyExists'],
    [sdk('RestError', { statusCode: 429 }), 'storeUnavailable', '429'],
    [sdk('RestError', { statusCode: 503, code: 'ServerBusy' }), 'storeUnavailable', 'ServerBusy'],
    [
      sdk('RestError', { statusCode: 403, code: 'AuthorizationPermissionMismatch' }),
      'storeUnavailable',
      'AuthorizationPermissionMismatch',
    ],
    [sdk('RestError', { code: 'ECONNRESET' }), 'storeUnavailable', 'ECONNRESET'],
    [sdk('RestError', { statusCode: 400, code: 'PropertyValueTooLarge' }), 'rejectedRequest', 'PropertyValueTooLarge'],
    [sdk('CredentialUnavailableError', {}), 'storeUnavailable', 'CredentialUnavailableError'],
    [sdk('Error', { code: 'ENOTFOUND' }), 'storeUnavailable', 'ENOTFOUND'],
    [sdk('AbortError', {}), 'storeUnavailable', 'timeout'],
  ])('translates %j', (error, kind, code) => {
    expect(failureOf(storageError('testing', error, signal))).toMatchObject({ kind, code });
  });

  it('tells giving up from a time-out, and leaves bugs as they are', () => {
    const bug = new TypeError('undefined is not a function');

    expect(failureOf(storageError('testing', sdk('AbortError', {}), AbortSignal.abort()))).toMatchObject({ kind: 'cancelled' });
    expect(storageError('testing', bug, signal)).toBe(bug);
    expect(storageError('testing', sdk('Error', { code: 'ERR_INVALID_ARG_TYPE' }), signal)).not.toBeInstanceOf(ConnectorError);
    expect(storageError('testing', 'odd', signal).message).toContain('odd');
  });
});

describe('hubError', () => {
  it.each([
    [sdk('MessagingError', { code: 'ServerBusyError' }), 'hubBusy', 'ServerBusyError', false],
    [sdk('MessagingError', { code: 'OperationTimeoutError' }), 'hubBusy', 'OperationTimeoutError', true],
    [sdk('MessagingError', { code: 'ECONNREFUSED' }), 'hubBusy', 'ECONNREFUSED', true],
    [sdk('MessagingError', { code: 'UnauthorizedError' }), 'hubRefused', 'UnauthorizedError', true],
    [sdk('MessagingError', { code: 'MessagingEntityNotFoundError' }), 'hubRefused', 'MessagingEntityNotFoundError', false],
    [sdk('MessagingError', { code: 'MessageTooLargeError' }), 'rejectedRequest', 'MessageTooLargeError', false],
    [sdk('CredentialUnavailableError', {}), 'hubBusy', 'CredentialUnavailableError', true],
    [sdk('AuthenticationError', { statusCode: 400 }), 'hubRefused', 'AuthenticationError', true],
    [
      new AggregateError([
        sdk('MessagingError', { code: 'OperationTimeoutError' }),
        sdk('MessagingError', { code: 'UnauthorizedError' }),
      ]),
      'hubRefused',
      'UnauthorizedError',
      true,
    ],
  ])('translates %j', (error, kind, code, broken) => {
    const seen = hubError('m365-audit', error, signal);

    expect(failureOf(seen.error)).toMatchObject({ kind, code });
    expect(seen.broken).toBe(broken);
  });

  it('leaves bugs as they are', () => {
    const bug = new TypeError('undefined is not a function');

    expect(hubError('m365-audit', bug, signal)).toEqual({ error: bug, broken: true });
  });
});

describe('parseFailure', () => {
  it.each<Failure>([
    { kind: 'throttled', code: '429', retryAfterMs: 1_000 },
    { kind: 'unauthorized', code: '401', api: 'graph' },
    { kind: 'hubRefused', code: 'UnauthorizedError', hub: 'm365-audit' },
    { kind: 'subscriptionDisabled', code: 'AF20023', by: 'tenant admin' },
    { kind: 'permissionMissing', code: '403', permission: 'ActivityFeed.Read' },
    { kind: 'blockedByPolicy', code: '53003', detail: 'Conditional Access' },
    { kind: 'contentExpired', code: 'AF20051' },
  ])('gives back what formatFailure wrote: %j', (failure) => {
    expect(parseFailure(formatFailure(failure))).toEqual(failure);
  });

  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"kind":"throttled"}',
    '{"kind":"toString","code":"1"}',
    '{"kind":"unauthorized","code":"1","api":"x"}',
    '{"kind":"throttled","code":"1","retryAfterMs":"5"}',
  ])('says so when the text is %j', (text) => {
    expect(parseFailure(text)).toMatchObject({ kind: 'unexpectedResponse', code: 'corruptRow' });
  });

  it('cuts details that are too long for a column', () => {
    expect(formatFailure({ kind: 'rejectedRequest', code: '400', detail: 'x'.repeat(100_000) }).length).toBeLessThan(5_000);
  });
});
