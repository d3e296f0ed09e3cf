import { classifyGraphError } from '../../src/microsoft/graphErrors';

const facts = { api: 'graph', permission: 'SecurityAlert.Read.All', now: new Date('2026-11-22T12:00:00Z') } as const;
const classify = (status: number, code: string, message: string, headers: Record<string, string> = {}) =>
  classifyGraphError({ status, headers, text: JSON.stringify({ error: { code, message } }) }, facts);

describe('an error of Graph', () => {
  it.each([
    [
      403,
      'Authentication_RequestFromNonPremiumTenantOrB2CTenant',
      "Neither tenant is B2C or tenant doesn't have premium license",
      'notLicensed',
    ],
    [403, 'Forbidden', 'Your tenant is not licensed for this feature.', 'notLicensed'],
    [
      403,
      'AccessDenied',
      'Your tenant is NOT licensed for this feature. Please upgrade your subscription to access it.',
      'notLicensed',
    ],
    [400, 'AadPremiumLicenseRequired', '', 'notLicensed'],
    [400, 'BadRequest', 'Request not applicable to target tenant.', 'notLicensed'],
    [401, 'Unauthorized', 'Account is not provisioned.', 'notProvisioned'],
    [403, 'Unauthorized', 'account is not provisioned', 'notProvisioned'],
    [403, 'DisabledFeature', "Tenant feature isn't enabled", 'notProvisioned'],
    [403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.', 'permissionMissing'],
    [403, '', 'Auth token does not contain valid permissions or user does not have valid roles.', 'permissionMissing'],
    [
      403,
      'Authentication_MSGraphPermissionMissing',
      'Calling principal does not have required MSGraph permissions',
      'permissionMissing',
    ],
    [400, 'BadRequest', "Resource not found for the segment 'security'.", 'notInThisCloud'],
    [410, 'Gone', '', 'chainForgotten'],
    [400, 'resyncRequired', 'Resync required.', 'chainForgotten'],
    [404, 'syncStateNotFound', '', 'chainForgotten'],
    [400, 'Directory_ExpiredPageToken', 'Specified page token value has expired', 'pageRefused'],
    [400, 'BadRequest', "The limit of '50' for Top query has been exceeded.", 'rejectedRequest'],
    [404, 'Request_ResourceNotFound', '', 'contentMissing'],
    [401, 'InvalidAuthenticationToken', 'Lifetime validation failed', 'unauthorized'],
    [500, 'UnknownError', '', 'unavailable'],
    [503, 'serviceNotAvailable', 'Your tenant is not licensed for this feature.', 'unavailable'],
    [429, 'TooManyRequests', '', 'throttled'],
    [200, 'UnknownError', '', 'unexpectedResponse'],
    [302, 'Found', '', 'unexpectedResponse'],
  ])('%i %s "%s" is %s', (status, code, message, kind) => {
    expect(classify(status, code, message).kind).toBe(kind);
  });

  it('names the permission that is missing, and how long to wait', () => {
    expect(classify(403, 'Forbidden', 'Missing application roles.')).toEqual({
      kind: 'permissionMissing',
      code: 'Forbidden',
      permission: 'SecurityAlert.Read.All',
    });
    expect(classify(429, 'TooManyRequests', '', { 'retry-after': '7' })).toEqual({
      kind: 'throttled',
      code: 'TooManyRequests',
      retryAfterMs: 7_000,
    });
  });

  it.each([403, 200, 502])('that is a page of HTML (%i) is the word of a gateway, never a missing permission', (status) => {
    const text = '<html><body>Sorry</body></html>';
    expect(classifyGraphError({ status, headers: {}, text }, facts).kind).toBe('unavailable');
  });
});
