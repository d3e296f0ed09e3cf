import { checkUrl } from '../../src/microsoft/checkUrl';
import { contoso } from './fakes';

const origin = 'https://manage.office.com';
const tenantId = contoso.id;
const other = '99999999-9999-4999-8999-999999999999';
const path = `/api/v1.0/${tenantId}/activity/feed/audit/2026112210$1$audit_exchange$Audit_Exchange`;

const ruleOf = (url: string): string => {
  const result = checkUrl(url, { origin, tenantId });
  return result instanceof URL ? 'accepted' : result.kind === 'refusedUrl' ? result.code : result.kind;
};

describe('checkUrl', () => {
  it.each([
    ['a content address', `${origin}${path}`],
    ['one with a query', `${origin}${path}?PublisherIdentifier=x`],
    [
      'the path version of the documented NextPageUri',
      `${origin}/api/v1/${tenantId}/activity/feed/subscriptions/content?nextPage=abc`,
    ],
    ['the tenant in capitals', `${origin}${path.replace(tenantId, tenantId.toUpperCase())}`],
    ['an encoded dollar sign', `${origin}${path.replaceAll('$', '%24')}`],
    ['an encoded slash or question mark in the id', `${origin}/api/v1.0/${tenantId}/activity/feed/audit/a%2Fb%3Fc%23d`],
    ['the default port spelt out', `https://manage.office.com:443${path}`],
    ['a host in capitals', `https://MANAGE.office.com${path}`],
  ])('accepts %s', (_, url) => {
    expect(ruleOf(url)).toBe('accepted');
  });

  it.each([
    ['http', `http://manage.office.com${path}`, 'scheme'],
    ['another scheme', `ftp://manage.office.com${path}`, 'scheme'],
    ['javascript', 'javascript:alert(1)', 'scheme'],
    ['no scheme', `//manage.office.com${path}`, 'scheme'],
    ['a path only', path, 'scheme'],
    ['one slash', `https:/manage.office.com${path}`, 'scheme'],
    ['three slashes', `https:///manage.office.com${path}`, 'scheme'],
    ['nothing', '', 'scheme'],
    ['user and password', `https://user:pass@manage.office.com${path}`, 'userInfo'],
    ['an empty user', `https://@manage.office.com${path}`, 'userInfo'],
    ['our host as the user', `https://manage.office.com@evil.example${path}`, 'userInfo'],
    ['another host', `https://evil.example${path}`, 'origin'],
    ['our host as a prefix', `https://manage.office.com.evil.example${path}`, 'origin'],
    ['our host as a suffix', `https://evilmanage.office.com${path}`, 'origin'],
    ['a subdomain', `https://a.manage.office.com${path}`, 'origin'],
    ['an address', `https://203.0.113.7${path}`, 'origin'],
    ['an address of this machine', `https://127.0.0.1${path}`, 'origin'],
    ['an address in brackets', `https://[::1]${path}`, 'origin'],
    ['an address as a number', `https://2130706433${path}`, 'origin'],
    ['another port', `https://manage.office.com:8443${path}`, 'origin'],
    ['punycode', `https://xn--mnage-3we.office.com${path}`, 'origin'],
    ['a trailing dot', `https://manage.office.com.${path}`, 'origin'],
    ['another cloud', `https://manage.office365.us${path}`, 'origin'],
    ['no host that can be read', `https://a%00b${path}`, 'notAUrl'],
    ['a letter that only looks like ours', `https://mаnage.office.com${path}`, 'characters'],
    ['a full-width dot', `https://manage。office.com${path}`, 'characters'],
    ['a tab in the host', `https://manage.office\t.com${path}`, 'characters'],
    ['a newline in the path', `${origin}${path}\n`, 'characters'],
    ['a leading blank', ` ${origin}${path}`, 'characters'],
    ['NUL', `${origin}${path}\0`, 'characters'],
    ['a backslash after the host', `https://manage.office.com\\@evil.example${path}`, 'characters'],
    ['a backslash in the path', `${origin}/api\\v1.0/${tenantId}/activity/feed/audit/1`, 'characters'],
    ['an encoded newline', `${origin}${path}%0d%0aHost:evil.example`, 'characters'],
    ['an encoded NUL', `${origin}${path}%2500`, 'characters'],
    ['another tenant', `${origin}${path.replace(tenantId, other)}`, 'tenant'],
    ['no tenant', `${origin}/api/v1.0/activity/feed/audit/1`, 'path'],
    ['another API', `${origin}/api/v2.0/${tenantId}/activity/feed/audit/1`, 'path'],
    ['another part of the API', `${origin}/api/v1.0/${tenantId}/ServiceComms/Services`, 'path'],
    ['nothing behind the feed', `${origin}/api/v1.0/${tenantId}/activity/feed/`, 'path'],
    ['the tenant in the query only', `${origin}/x?/api/v1.0/${tenantId}/activity/feed/audit/1`, 'path'],
    ['dots', `${origin}/api/v1.0/${tenantId}/../${other}/activity/feed/audit/1`, 'dotSegments'],
    ['dots back to us', `${origin}/x/..${path}`, 'dotSegments'],
    ['a single dot', `${origin}/.${path}`, 'dotSegments'],
    ['encoded dots', `${origin}${path}/%2e%2E/%2e./x`, 'dotSegments'],
    ['dots behind an encoded slash', `${origin}${path}%2f..%2f..%2fx`, 'dotSegments'],
    ['dots behind an encoded backslash', `${origin}${path}%5c..%5cx`, 'dotSegments'],
    ['dots encoded twice', `${origin}${path}/%252e%252e/x`, 'dotSegments'],
    ['dots encoded again and again', `${origin}${path}/%2525252525252e%2e/x`, 'encoding'],
    ['a fragment', `${origin}${path}#x`, 'fragment'],
    ['ten kilobytes', `${origin}${path}?x=${'a'.repeat(10_000)}`, 'tooLong'],
  ])('refuses %s', (_, url, rule) => {
    expect(ruleOf(url)).toBe(rule);
  });

  it('tells the host it refused, and nothing of path or query', () => {
    const result = checkUrl(`https://evil.example/secret-path?sig=secret-query`, { origin, tenantId });

    expect(result).toEqual({ kind: 'refusedUrl', code: 'origin', detail: 'The address points to evil.example.' });
  });

  it('looks at the host alone where no tenant is in the path', () => {
    expect(checkUrl('https://graph.microsoft.com/v1.0/users?$top=1', { origin: 'https://graph.microsoft.com' })).toBeInstanceOf(
      URL,
    );
  });
});
