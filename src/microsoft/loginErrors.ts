import { z } from 'zod';
import type { Api, Failure } from '../domain/failure';
import { parseJson } from './parseJson';
import { retryAfterMs } from './retryAfter';

/** What a refused login means for a service that signs in with client credentials. */
export type LoginErrorMeaning =
  'credential' | 'consent' | 'permission' | 'service' | 'tenant' | 'policy' | 'throttled' | 'unavailable' | 'request';

const codesByMeaning: Readonly<Record<LoginErrorMeaning, readonly number[]>> = {
  // A wrong, expired, missing or misshapen secret, certificate or federated credential; and codes of interactive sign-in, which no service should see.
  credential: [
    7000215, 7000222, 7000218, 70002, 700027, 700024, 700021, 700030, 5002723, 700025, 70021, 700211, 7002121, 700212, 700213,
    7002131, 700222, 700226, 700227, 700229, 7000226, 700236, 50011, 500113, 900971, 50020, 50034, 16000, 16003, 51004, 50014,
    90072, 50057, 50053, 50055, 50126, 50173, 50194, 54005,
  ],
  consent: [65001, 65004, 700016, 90094, 90095, 90099],
  permission: [65005, 650056, 650057, 650054],
  service: [500011, 500014, 50001, 650052],
  tenant: [90002, 90038, 900382, 900432, 900439],
  policy: [
    53003, 530032, 530035, 530034, 53011, 53000, 53001, 53002, 50097, 50072, 50074, 50076, 50079, 50105, 50158, 500021, 500022,
    500212, 500213, 70001, 7000112,
  ],
  throttled: [90055, 50196],
  unavailable: [90033, 50033, 50087, 90006, 90012, 90024, 90090, 50058],
  request: [50059, 50128, 90019, 70011, 700022, 700023, 9001023, 901002, 90014, 900144, 9002313, 1002016],
};

/** Every AADSTS code we know, with what it means here. https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
export const loginErrors: ReadonlyMap<number, LoginErrorMeaning> = new Map(
  Object.entries(codesByMeaning).flatMap(([meaning, codes]) =>
    codes.map((code) => [code, meaning as LoginErrorMeaning] as const),
  ),
);

// Microsoft says to react to `error`, because codes may change: it decides about codes we do not know.
const meaningOfError: Readonly<Record<string, LoginErrorMeaning>> = {
  invalid_client: 'credential',
  unauthorized_client: 'credential',
  invalid_grant: 'credential',
  consent_required: 'consent',
  interaction_required: 'policy',
  access_denied: 'policy',
  invalid_resource: 'service',
  invalid_tenant: 'tenant',
  temporarily_unavailable: 'throttled',
  server_error: 'unavailable',
  invalid_request: 'request',
  invalid_scope: 'request',
  unsupported_grant_type: 'request',
};

const errorBody = z.looseObject({
  error: z.string(),
  error_description: z.string().optional().catch(undefined),
  error_codes: z.array(z.number()).optional().catch(undefined),
});

const apiTitles: Readonly<Record<Api, string>> = {
  management: 'Office 365 Management APIs',
  graph: 'Microsoft Graph',
  defender: 'Microsoft Defender for Endpoint',
};

// A loop block is lifted after minutes at the earliest. https://learn.microsoft.com/entra/identity-platform/reference-error-codes#handling-error-codes-in-your-application
const loopBlockMs = 5 * 60_000;

/** An answer of the token endpoint that is no success. */
export interface LoginRefusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

/** Says what a refused login means, by its AADSTS code, then by its `error`, then by its status. Nothing of Microsoft's text is kept. */
export function classifyLoginError({ status, headers, text }: LoginRefusal, api: Api, now: Date): Failure {
  const parsed = errorBody.safeParse(parseJson(text));
  const { error, error_codes: codes, error_description: description } = parsed.data ?? {};
  const number = codes?.[0] ?? Number(/AADSTS(\d{4,8})/.exec(description ?? '')?.[1] ?? NaN);
  const code = Number.isNaN(number) ? `HTTP ${status}` : `AADSTS${number}`;
  const known = loginErrors.get(number);
  const throttled = (): Failure => {
    const waitMs = retryAfterMs(headers['retry-after'], now) ?? (number === 50196 ? loopBlockMs : undefined);
    return { kind: 'throttled', code, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) };
  };
  if (status === 429) return throttled();
  if (known === undefined && (status >= 500 || status === 408)) return { kind: 'unavailable', code };
  const meaning = known ?? (error !== undefined && Object.hasOwn(meaningOfError, error) ? meaningOfError[error] : undefined);
  const service = apiTitles[api];
  switch (meaning) {
    case 'credential':
      return { kind: 'credentialRejected', code, detail: 'Microsoft refuses the credential of the application.' };
    case 'consent':
      return { kind: 'consentMissing', code };
    case 'permission':
      return { kind: 'permissionMissing', code, permission: `the permissions of ${service}` };
    case 'service':
      return { kind: 'serviceMissing', code, detail: service };
    case 'tenant':
      return { kind: 'tenantUnknown', code };
    case 'policy':
      return { kind: 'blockedByPolicy', code, detail: 'A rule of the tenant keeps the application from signing in.' };
    case 'throttled':
      return throttled();
    case 'unavailable':
      return { kind: 'unavailable', code };
    case 'request':
      return { kind: 'rejectedRequest', code, detail: 'Microsoft does not accept the form of the login.' };
    case undefined:
      if (parsed.success)
        return { kind: 'credentialRejected', code, detail: 'Microsoft refuses the login for a reason we do not know.' };
      return { kind: 'unexpectedResponse', code, detail: 'The login service answered with something that is not its own.' };
  }
}
