import { jsonReply, type Reply } from './reply';

const zero = '00000000-0000-0000-0000-000000000000';

// Texts as documented: https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-reference#errors
const errors = {
  AF10001: [401, 'The permission set ({0}) sent in the request did not include the expected permission {1}.'],
  AF20001: [400, 'Missing parameter: {0}.'],
  AF20002: [400, 'Invalid parameter type: {0}. Expected type: {1}'],
  AF20010: [403, 'The tenant ID passed in the URL ({0}) does not match the tenant ID passed in the access token ({1}).'],
  AF20011: [400, 'Specified tenant ID ({0}) does not exist in the system or has been deleted.'],
  AF20012: [400, 'Specified tenant ID ({0}) is incorrectly configured in the system.'],
  AF20013: [400, 'The tenant ID passed in the URL ({0}) is not a valid GUID.'],
  AF20020: [400, 'The specified content type is not valid.'],
  AF20021: [400, 'The webhook endpoint {0} could not be validated. {1}'],
  AF20022: [400, 'No subscription found for the specified content type.'],
  AF20023: [400, 'The subscription was disabled by {0}.'],
  AF20024: [400, 'The subscription is already enabled. No property change.'],
  AF20030: [
    400,
    'Start time and end time must both be specified (or both omitted) and must be less than or equal to 24 hours apart, with the start time no more than 7 days in the past.',
  ],
  AF20031: [400, 'Invalid nextPage Input: {0}.'],
  AF20050: [400, 'The specified content ({0}) does not exist.'],
  AF20051: [400, 'Content requested with the key {0} has already expired. Content older than 7 days cannot be retrieved.'],
  AF20052: [400, 'Content ID {0} in the URL is invalid.'],
  AF20053: [400, 'Only one language may be present in the Accept-Language header.'],
  AF20054: [400, 'Invalid syntax in Accept-Language header.'],
  AF20055: [
    400,
    'Start time and end time must both be specified (or both omitted) and must be less than or equal to 24 hours apart, with the start time prior to end time and start time no more than 7 days in the past.',
  ],
  AF429: [403, 'Too many requests. Method={0}, PublisherId={1}'],
  AF50000: [500, 'An internal error occurred. Retry the request.'],
} as const;

/** The error codes of the Management Activity API that the simulation knows a text for. */
export type ActivityErrorCode = keyof typeof errors;

/** An answer with an AF code, in the documented words. */
export function activityError(code: ActivityErrorCode, ...values: string[]): Reply {
  const [status, text] = errors[code];
  return jsonReply(status, { error: { code, message: fill(text, values) } });
}

/** An answer with any AF code and status, for faults. */
export function anyActivityError(code: string, status: number, method: string, publisherIdentifier?: string): Reply {
  const text = code in errors ? errors[code as ActivityErrorCode][1] : `Error ${code}.`;
  return jsonReply(status, { error: { code, message: fill(text, [method, publisherIdentifier ?? zero]) } });
}

/** What start answers for a tenant without audit log: a dump cut at 200 characters where the code should be. */
export function tenantWithoutAuditLog(tenantId: string, correlationId: string): Reply {
  const dump =
    `StartSubscription [CorrId=${correlationId}][TenantId=${tenantId},ContentType=Audit,ApplicationId=simulated][ThreadId=71]` +
    ` Microsoft.Office.Compliance.Audit.DataServiceException: Tenant ${tenantId} does not exist.\r\n` +
    '   at Microsoft.Office.Compliance.Audit.API.AzureManager.<GetSubscriptionTableClientForTenantAsync>d__52.MoveNext()';
  return jsonReply(400, { error: { code: dump.slice(0, 200), message: dump.slice(200) } });
}

function fill(text: string, values: readonly string[]): string {
  return text.replace(/\{(\d)\}/g, (_, index: string) => values[Number(index)] ?? '');
}
