import type { Failure } from '../domain/failure';

/** Where a URL has to point: exactly this https origin, and for the Management Activity API the tenant that is polled. */
export interface ExpectedUrl {
  readonly origin: string;
  readonly tenantId?: string;
}

const longestUrl = 8 * 1024;

// Controls, blanks, anything beyond ASCII, and the backslash, which the WHATWG parser drops or turns into something else.
const strangeCharacter = /[^\x21-\x5b\x5d-\x7e]/;
const tenantPath = /^\/api\/v1(?:\.0)?\/([^/]+)\/activity\/feed\/./i;

/**
 * Decides whether a token may go to a URL that came from outside. Returns the parsed URL, or why it is refused: `code` names the rule.
 * The documented NextPageUri has `/api/v1/` where requests have `/api/v1.0/`, so both pass.
 * https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-reference#pagination
 */
export function checkUrl(text: string, expected: ExpectedUrl): URL | Failure {
  if (text.length > longestUrl) return refused('tooLong', `The address is longer than ${longestUrl} characters.`);
  if (strangeCharacter.test(text)) return refused('characters', 'The address contains characters that do not belong in one.');
  const parts = /^https:\/\/([^/?#]+)([^?#]*)/i.exec(text);
  if (parts === null) return refused('scheme', 'The address does not start with https:// and a host.');
  const [, authority = '', path = ''] = parts;
  if (authority.includes('@')) return refused('userInfo', 'The address carries a user name or password.');
  if (!URL.canParse(text)) return refused('notAUrl', 'The address cannot be read.');
  const url = new URL(text);
  if (url.origin !== expected.origin) return refused('origin', `The address points to ${url.host.slice(0, 100)}.`);
  if (text.includes('#')) return refused('fragment', 'The address contains a part that would never be sent.');
  const pathProblem = checkPath(path);
  if (pathProblem !== undefined) return pathProblem;
  if (expected.tenantId === undefined) return url;
  const named = tenantPath.exec(url.pathname)?.[1];
  if (named === undefined) return refused('path', 'The address is not one of the Management Activity API.');
  if (named.toLowerCase() !== expected.tenantId) return refused('tenant', 'The address names another tenant.');
  return url;
}

/** True for a failure of checkUrl. */
export function isRefused(result: URL | Failure): result is Failure {
  return !(result instanceof URL);
}

function checkPath(path: string): Failure | undefined {
  // A server may decode more than once, so every reading counts.
  let reading = path;
  for (let times = 0; times < 4; times += 1) {
    if (reading.split(/[/\\]/).some((segment) => segment === '.' || segment === '..'))
      return refused('dotSegments', 'The address climbs out of its folder.');
    // eslint-disable-next-line no-control-regex
    if (/[\x00-\x1f\x7f]/.test(reading))
      return refused('characters', 'The address contains characters that do not belong in one.');
    const decoded = reading.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    if (decoded === reading) return undefined;
    reading = decoded;
  }
  return refused('encoding', 'The address is encoded again and again.');
}

function refused(code: string, detail: string): Failure {
  return { kind: 'refusedUrl', code, detail };
}
