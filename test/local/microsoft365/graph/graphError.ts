/** An answer other than success, before the API it comes from writes it in its own form. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** How an endpoint says that a licence is missing or a service was never set up. */
export type LicenceWords = 'premiumReports' | 'identityProtection' | 'conditionalAccess' | 'defenderXdr' | 'intune';

// The wire texts: only they tell "not licensed" from "no consent".
const licenceRefusals: Record<LicenceWords, [status: number, code: string, message: string]> = {
  premiumReports: [
    403,
    'Authentication_RequestFromNonPremiumTenantOrB2CTenant',
    "Neither tenant is B2C or tenant doesn't have premium license",
  ],
  identityProtection: [403, 'Forbidden', 'Your tenant is not licensed for this feature.'],
  conditionalAccess: [
    403,
    'AccessDenied',
    'Your tenant is not licensed for this feature. Please upgrade your subscription to access it.',
  ],
  defenderXdr: [401, 'Unauthorized', 'Account is not provisioned.'],
  intune: [400, 'BadRequest', 'Request not applicable to target tenant.'],
};

/** The refusal of a tenant without the licence, or one whose service was never set up. */
export function notLicensed(words: LicenceWords): Refusal {
  return new Refusal(...licenceRefusals[words]);
}

/** How an endpoint says that the token lacks a role. */
export type PermissionWords =
  'directory' | 'security' | 'secureScore' | 'reports' | 'policies' | 'intune' | 'service' | 'defender';

/** The refusal of a token without any of the roles. */
export function permissionMissing(words: PermissionWords, wanted: readonly string[], roles: readonly string[]): Refusal {
  const wantedText = wanted.join(',');
  switch (words) {
    case 'directory':
      return new Refusal(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
    case 'security':
      return new Refusal(
        403,
        'Forbidden',
        `Missing application roles. API required roles: ${wantedText}, application roles: ${roles.join(',')}.`,
      );
    case 'secureScore':
      return new Refusal(
        403,
        '',
        'Auth token does not contain valid permissions or user does not have valid roles. See https://docs.microsoft.com/graph/security-authorization',
      );
    case 'reports':
      return new Refusal(
        403,
        'Authentication_MSGraphPermissionMissing',
        `Calling principal does not have required MSGraph permissions ${wantedText}`,
      );
    case 'policies':
      return new Refusal(
        403,
        'AccessDenied',
        'You cannot perform the requested operation, required scopes are missing in the token.',
      );
    case 'intune':
      return new Refusal(
        403,
        'Forbidden',
        JSON.stringify({
          _version: 3,
          Message: `Application is not authorized to perform this operation. Application must have one of the following scopes: ${wanted.join(', ')}`,
          CustomApiErrorPhrase: '',
          RetryAfter: null,
          ErrorSourceService: '',
          HttpHeaders: '{}',
        }),
      );
    case 'service':
      return new Refusal(403, 'Forbidden', `The caller does not have one of the permissions ${wantedText}.`);
    case 'defender':
      return new Refusal(
        403,
        'Forbidden',
        `The application does not have any of the required application permissions (${wanted.join(', ')}) to access the resource.`,
      );
  }
}

/** Graph's answer to a path that is not there, or not in this cloud. */
export function noSegment(segment: string): Refusal {
  return new Refusal(400, 'BadRequest', `Resource not found for the segment '${segment}'.`);
}

/** Graph's answer to a query it does not understand. */
export function badRequest(message: string, code = 'BadRequest'): Refusal {
  return new Refusal(400, code, message);
}
