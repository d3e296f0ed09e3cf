import { contoso, startTestBed, type TestBed } from '../client';
import { GraphClient } from './graphClient';
import { comparableTime, parseFilter, passes, valueAt } from './filter';

describe('queries of the simulated Graph', () => {
  let bed: TestBed;
  let graph: GraphClient;
  beforeEach(async () => {
    bed = await startTestBed({ keepLimits: false });
    bed.microsoft.graph.backfill(72);
    graph = new GraphClient(bed);
  });
  afterEach(() => bed.stop());

  const rules = () => bed.microsoft.violations.map(({ rule }) => rule);
  const filtered = (path: string, filter: string, more = '') =>
    graph.all(contoso, `${path}?$filter=${encodeURIComponent(filter)}${more}`);

  it.each([
    ['/v1.0/security/alerts_v2', 'lastUpdateDateTime'],
    ['/v1.0/security/incidents', 'createdDateTime'],
    ['/v1.0/auditLogs/signIns', 'createdDateTime'],
    ['/v1.0/auditLogs/directoryAudits', 'activityDateTime'],
    ['/v1.0/identityProtection/riskDetections', 'lastUpdatedDateTime'],
    ['/api/alerts', 'lastUpdateTime'],
  ])('filter %s by time, at both ends, to 100 nanoseconds', async (path, field) => {
    const all = (await graph.all(contoso, path)).flatMap(({ value }) => value);
    const times = all.map((object) => comparableTime(String(object[field])) ?? '').sort();
    const [from = '', to = ''] = [times[Math.floor(times.length / 3)], times[Math.floor((2 * times.length) / 3)]];

    const closed = await filtered(path, `${field} ge ${from}Z and ${field} le ${to}Z`);
    const open = await filtered(path, `${field} gt ${from}Z and ${field} lt ${to}Z`);

    const found = (pages: typeof closed) =>
      pages.flatMap(({ value }) => value.map((object) => comparableTime(String(object[field])) ?? '')).sort();
    expect(times.length).toBeGreaterThan(2);
    expect(found(closed)).toEqual(times.filter((time) => time >= from && time <= to));
    expect(found(open)).toEqual(times.filter((time) => time > from && time < to));
  });

  it('combines clauses, and lists newest first unless told otherwise', async () => {
    const [page] = await filtered(
      '/v1.0/security/alerts_v2',
      "severity eq 'HIGH' or (severity eq 'low' and status ne 'new')",
      '&$count=true&$top=1000',
    );
    const times = (page?.value ?? []).map((alert) => comparableTime(String(alert['createdDateTime'])));

    expect(page?.count).toBe(page?.value.length);
    expect(page?.value.every(({ severity, status }) => severity === 'high' || (severity === 'low' && status !== 'new'))).toBe(
      true,
    );
    expect(times).toEqual([...times].sort().reverse());
    const oldest = await graph.get(contoso, '/v1.0/auditLogs/signIns?$orderby=createdDateTime asc&$top=2');
    const [first, second] = oldest.value.map((signIn) => String(signIn['createdDateTime']));
    expect((first ?? '') <= (second ?? '')).toBe(true);
  });

  it.each<[string, number, string, string]>([
    ['/v1.0/security/alerts_v2?$orderby=createdDateTime', 400, 'BadRequest', 'orderby'],
    ['/v1.0/security/alerts_v2?$expand=evidence', 400, 'BadRequest', 'expand'],
    ["/v1.0/security/alerts_v2?$filter=investigationState eq 'x'", 400, 'BadRequest', 'investigationState'],
    ['/v1.0/security/incidents?$top=51', 400, 'BadRequest', "The limit of '50' for Top query has been exceeded"],
    ['/v1.0/identityProtection/riskyUsers?$top=1000', 400, 'BadRequest', "Invalid page size specified: '1000'"],
    ['/v1.0/identityProtection/riskDetections?$top=501', 400, 'BadRequest', "'501'"],
    ['/v1.0/users?$top=1000', 400, 'BadRequest', "'1000'"],
    ['/v1.0/users/delta?$top=10', 400, 'BadRequest', 'top'],
    ['/v1.0/users/delta?$select=signInActivity', 501, 'NotImplemented', 'signInActivity'],
    ['/v1.0/subscribedSkus?$top=1', 400, 'BadRequest', 'top'],
    ["/v1.0/auditLogs/signIns?$filter=createdDateTime ge '2026-11-22'", 400, 'BadRequest', 'incompatible types'],
    ['/v1.0/auditLogs/signIns?$filter=createdDateTime ge', 400, 'BadRequest', 'Syntax error'],
    ["/v1.0/auditLogs/signIns?$filter=signInEventTypes/any(t: t eq 'servicePrincipal')", 400, 'BadRequest', 'signInEventTypes'],
    ['/v1.0/auditLogs/signIns?$skiptoken=abc', 400, 'BadRequest', 'Skip token'],
    ['/v1.0/security/secrets', 400, 'BadRequest', "segment 'security'"],
    ['/v1.0/groups/none/members', 404, 'Request_ResourceNotFound', "'none'"],
    ['/api/alerts?$top=10001', 400, 'BadRequest', '10000'],
  ])('answers %s with %s %s', async (path, status, code, words) => {
    const page = await graph.get(contoso, path.replaceAll(' ', '%20'));

    expect([page.status, page.error?.code]).toEqual([status, code]);
    expect(page.error?.message).toContain(words);
    if (path.startsWith('/v1.0')) expect(page.error?.innerError?.['request-id']).toBe(page.headers['request-id']);
    else expect(page.error?.target).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('clamps the pages of alerts, and notes who asks for more', async () => {
    expect((await graph.get(contoso, '/v1.0/security/alerts_v2?$top=5000')).status).toBe(200);
    await graph.get(contoso, '/v1.0/security/incidents?$top=51');

    expect(rules()).toEqual(['topOverCeiling', 'topOverCeiling', 'unsupportedQuery']);
  });

  it('notes links that were changed, made up or taken from another tenant', async () => {
    const { nextLink = '' } = await graph.get(contoso, '/v1.0/users?$top=5');

    expect((await graph.get(contoso, nextLink)).value).toHaveLength(5);
    expect(rules()).toEqual([]);
    await graph.get(contoso, nextLink.replace('$top=5', '$top=6').replace('%24top=5', '%24top=6'));
    await graph.get(contoso, nextLink.replace('/users', '/devices'));
    await graph.get(contoso, '/v1.0/users?$skiptoken=guess');
    expect(rules().filter((rule) => rule === 'foreignPaging')).toHaveLength(3);
  });

  it('lets a page token live for an hour', async () => {
    const { nextLink = '' } = await graph.get(contoso, '/v1.0/auditLogs/signIns?$top=5');

    bed.clock.advance(3_700_000);
    await graph.token(contoso, 'graph', true);

    expect((await graph.get(contoso, nextLink)).error?.message).toContain('expired');
  });

  it('cuts objects to what is selected, with the same bytes each time', async () => {
    const [plain, again] = [await graph.get(contoso, '/v1.0/users'), await graph.get(contoso, '/v1.0/users')];
    const select = ['id', 'accountEnabled', 'signInActivity'];
    const chosen = await graph.get(contoso, `/v1.0/users?$select=${select.join()}`);

    expect(again.text).toBe(plain.text);
    expect(plain.value[0]).not.toHaveProperty('accountEnabled');
    expect(Object.keys(chosen.value[0] ?? {})).toEqual(select);
    const truth = [
      ...bed.microsoft.graph.truth.available({ tenantId: contoso.tenantId, feed: 'users', latest: true, as: { select } }),
    ];
    expect(truth.filter(({ bytes }) => chosen.text.includes(bytes.toString())).length).toBeGreaterThanOrEqual(
      chosen.value.length,
    );
  });

  it('shows the four kinds of sign-ins on beta only', async () => {
    const kinds = ['interactiveUser', 'nonInteractiveUser', 'servicePrincipal', 'managedIdentity'];
    for (const kind of kinds) {
      const pages = await filtered('/beta/auditLogs/signIns', `signInEventTypes/any(t: t eq '${kind}')`);
      const found = pages.flatMap(({ value }) => value);

      expect(found.length).toBeGreaterThan(0);
      expect(found.every((signIn) => JSON.stringify(signIn['signInEventTypes']) === JSON.stringify([kind]))).toBe(true);
    }
    expect((await graph.get(contoso, '/v1.0/auditLogs/signIns')).value[0]).not.toHaveProperty('signInEventTypes');
  });

  it('joins alerts to incidents when asked to, issues to services and evidence to alerts of Defender', async () => {
    const { value: incidents } = await graph.get(contoso, '/v1.0/security/incidents?$expand=alerts&$top=5');
    const alerts = incidents.flatMap((incident) =>
      (incident['alerts'] as { incidentId: string }[]).map((alert) => [incident['id'], alert.incidentId]),
    );
    const { value: plain } = await graph.get(contoso, '/api/alerts?$top=1');
    const { value: full } = await graph.get(contoso, '/api/alerts?$top=1&$expand=evidence');

    expect(alerts.length).toBeGreaterThan(4);
    expect(alerts.every(([own, theirs]) => own === theirs)).toBe(true);
    expect((await graph.get(contoso, '/v1.0/admin/serviceAnnouncement/healthOverviews?$expand=issues')).value[0]).toHaveProperty(
      'issues',
    );
    expect(plain[0]).not.toHaveProperty('evidence');
    expect(full[0]).toHaveProperty('evidence');
  });

  it('serves one object by its id', async () => {
    const { value } = await graph.get(contoso, '/v1.0/security/alerts_v2?$top=1');
    const id = String(value[0]?.['id']);
    const one = await graph.get(contoso, `/v1.0/security/alerts_v2/${id}`);

    expect(JSON.parse(one.text)).toEqual({ '@odata.context': expect.any(String) as unknown, ...value[0] });
    expect((await graph.get(contoso, '/v1.0/security/alerts_v2/nothing')).status).toBe(404);
  });

  it('lists the members of every group and the roles of every service principal', async () => {
    const { graph: world } = bed.microsoft;
    const ownersOf = async (path: string, part: string) => {
      const found: string[] = [];
      for (const { value } of await graph.all(contoso, `/v1.0/${path}`)) {
        for (const { id } of value) {
          for (const page of await graph.all(contoso, `/v1.0/${path}/${String(id)}/${part}?$top=3`)) {
            found.push(...page.value.map((object) => `${String(id)}|${String(object['id'])}`));
          }
        }
      }
      return found.sort();
    };
    const live = (feed: 'groupMembers' | 'appRoleAssignments', owners: 'groups' | 'servicePrincipals') => {
      const known = [...world.truth.available({ tenantId: contoso.tenantId, feed: owners, latest: true })];
      const there = new Set(known.filter(({ removed }) => !removed).map(({ id }) => id));
      return [...world.truth.available({ tenantId: contoso.tenantId, feed, latest: true })]
        .filter(({ removed, owner = '' }) => !removed && there.has(owner))
        .map(({ id, owner = '' }) => `${owner}|${id.split('|').at(-1) ?? ''}`)
        .sort();
    };

    expect(await ownersOf('groups', 'members')).toEqual(live('groupMembers', 'groups'));
    expect(await ownersOf('servicePrincipals', 'appRoleAssignments')).toEqual(live('appRoleAssignments', 'servicePrincipals'));
    bed.microsoft.tenant(contoso.tenantId).setRoles('graph', ['GroupMember.Read.All']);
    await graph.token(contoso, 'graph', true);
    const group = live('groupMembers', 'groups')[0]?.split('|')[0] ?? '';
    const { value } = await graph.get(contoso, `/v1.0/groups/${group}/members`);
    expect(value.map((member) => Object.keys(member).sort().join())).toEqual(value.map(() => '@odata.type,id'));
  });
});

describe('filters of the simulated Graph', () => {
  const object = { a: "It's", n: 3, b: true, none: null, t: '2026-01-01T00:00:00.5Z', list: [{ id: '7' }], in: { x: 'Y' } };
  it.each<[string, boolean]>([
    ["a eq 'it''s'", true],
    ["startswith(a,'it') and n ge 3", true],
    ['not (n eq 3)', false],
    ['b eq true', true],
    ['none eq null', true],
    ['t gt 2026-01-01T00:00:00Z and t lt 2026-01-01T00:00:00.5000001Z', true],
    ['t eq 2026-01-01T01:00:00.5+01:00', true],
    ["list/any(x:x/id eq '7')", true],
    ["in/x eq 'y'", true],
    ["a in ('x','IT''S')", true],
    ["n eq 1 or n eq 2 or a eq 'x'", false],
  ])('reads %s', (text, holds) => {
    expect(passes(parseFilter(text), (path) => valueAt(object, path))).toBe(holds);
  });
});
