import { contoso, startTestBed, type TestBed } from '../client';
import { GraphClient, digests } from './graphClient';
import { graphFaults, reaches, topAbove, expands } from './graphFaults';
import type { GraphTruthRecord } from './graphTruth';
import type { Feed } from './operations';

const hourMs = 3_600_000;

async function withBed(
  options: Parameters<typeof startTestBed>[0],
  use: (bed: TestBed, graph: GraphClient) => Promise<void>,
): Promise<void> {
  const bed = await startTestBed(options);
  try {
    await use(bed, new GraphClient(bed));
  } finally {
    await bed.stop();
  }
}

const truthOf = (bed: TestBed, feed: Feed): GraphTruthRecord[] => [
  ...bed.microsoft.graph.truth.available({ tenantId: contoso.tenantId, feed }),
];

describe('time in the simulated Graph', () => {
  it('makes the same objects with the same bytes, in whatever steps it passes', async () => {
    const truths: string[][] = [];
    for (const steps of [1, 24]) {
      await withBed({ keepLimits: false }, async (bed) => {
        bed.microsoft.graph.backfill(24);
        for (let step = 0; step < steps; step++) {
          bed.clock.advance((96 / steps) * hourMs);
          bed.microsoft.graph.generate(bed.clock.now());
          if (step % 3 === 0) await Promise.resolve([...bed.microsoft.graph.truth.available({ tenantId: contoso.tenantId })]);
        }
        const all = [...bed.microsoft.graph.truth.available({ tenantId: contoso.tenantId })];
        truths.push(all.map(({ feed, id, version, sha256 }) => `${feed} ${id} ${version} ${sha256}`).sort());
      });
    }

    expect(truths[0]?.length).toBeGreaterThan(1000);
    expect(truths[1]).toEqual(truths[0]);
  });

  it('stands still while nothing is generated', async () => {
    await withBed({ keepLimits: false }, async (bed, graph) => {
      bed.microsoft.graph.backfill(24);
      const before = await graph.get(contoso, '/v1.0/security/alerts_v2');
      bed.clock.advance(50 * 60_000);

      expect((await graph.get(contoso, '/v1.0/security/alerts_v2')).value).toEqual(before.value);
    });
  });

  it.each<[string, Feed]>([
    ['/v1.0/security/alerts_v2', 'alertsV2'],
    ['/v1.0/security/incidents', 'incidents'],
    ['/v1.0/identityProtection/riskyUsers', 'riskyUsers'],
    ['/v1.0/identityProtection/riskDetections', 'riskDetections'],
    ['/v1.0/admin/serviceAnnouncement/issues', 'healthIssues'],
  ])('updates objects of %s, one state at a time', async (path, feed) => {
    await withBed({ keepLimits: false }, async (bed, graph) => {
      const seen = new Set<string>();
      for (let hour = 0; hour < 96; hour += 2) {
        bed.clock.advance(2 * hourMs);
        bed.microsoft.graph.generate(bed.clock.now());
        await graph.token(contoso, 'graph', true);
        for (const digest of digests(await graph.all(contoso, path))) seen.add(digest);
      }
      const truth = truthOf(bed, feed);
      const latest = truth.filter(({ visibleUntil }) => visibleUntil === undefined);

      expect(truth.length).toBeGreaterThan(latest.length);
      expect(latest.every(({ sha256 }) => seen.has(sha256))).toBe(true);
      const known = new Set(truth.map(({ sha256 }) => sha256));
      expect([...seen].every((digest) => known.has(digest))).toBe(true);
    });
  });

  it('lets objects arrive up to 48 hours after their time when set to', async () => {
    await withBed({ keepLimits: false, graphLateShare: 0.3 }, async (bed, graph) => {
      bed.microsoft.graph.backfill(24);
      const first = await graph.all(contoso, '/v1.0/auditLogs/signIns');
      bed.clock.advance(72 * hourMs);
      bed.microsoft.graph.generate(bed.clock.now());
      await graph.token(contoso, 'graph', true);
      const second = await graph.all(contoso, `/v1.0/auditLogs/signIns?$filter=createdDateTime%20le%202026-11-22T11:00:00Z`);

      const ids = new Set(first.flatMap(({ value }) => value.map(({ id }) => id)));
      const late = second.flatMap(({ value }) => value).filter(({ id }) => !ids.has(id));
      expect(late.length).toBeGreaterThan(5);
      const lags = truthOf(bed, 'interactiveUserSignIns').map(({ time, visibleFrom }) => visibleFrom.getTime() - time.getTime());
      expect(Math.max(...lags)).toBeGreaterThan(36 * hourMs);
      expect(Math.max(...lags)).toBeLessThan(49 * hourMs);
    });
  });

  it('keeps a list as it was while it is paged through', async () => {
    await withBed({ keepLimits: false }, async (bed, graph) => {
      const first = await graph.get(contoso, '/v1.0/users?$top=10');
      const before = (await graph.all(contoso, '/v1.0/users')).flatMap(({ value }) => value.map(({ id }) => id));
      bed.microsoft.graph.publish(contoso.tenantId, 'users', { id: '0-new', displayName: 'A' });
      const rest = (await graph.all(contoso, first.nextLink ?? '')).flatMap(({ value }) => value.map(({ id }) => id));

      expect([...first.value.map(({ id }) => id), ...rest]).toEqual(before);
    });
  });

  it('serves what is published, whatever its text', async () => {
    await withBed({ keepLimits: false }, async (bed, graph) => {
      const text = '{ "id":"odd",  "lastUpdateDateTime":null, "severity":"nobodyKnows", "n":12345678901234567890 }';
      bed.microsoft.graph.publish(contoso.tenantId, 'alertsV2', text, { id: 'odd' });

      expect((await graph.get(contoso, '/v1.0/security/alerts_v2')).text).toContain(text);
      expect(
        truthOf(bed, 'alertsV2')
          .find(({ id }) => id === 'odd')
          ?.bytes.toString(),
      ).toBe(text);
    });
  });
});

describe('limits of the simulated Graph', () => {
  it.each<[string, number, string | undefined]>([
    ['/v1.0/auditLogs/signIns?$top=1', 5, '10'],
    ['/v1.0/identityProtection/riskyUsers', 1, undefined],
    ['/v1.0/users?$select=id,signInActivity&$top=1', 10, '60'],
    ['/api/machines', 100, '60'],
  ])('of %s are %s requests', async (path, most, retryAfter) => {
    await withBed({}, async (bed, graph) => {
      for (let index = 0; index < most; index++) expect((await graph.get(contoso, path)).status).toBe(200);
      const refused = await graph.get(contoso, path);

      expect([refused.status, refused.headers['retry-after']]).toEqual([429, retryAfter]);
      expect(bed.microsoft.violations).toMatchObject([{ rule: 'tooManyRequests' }]);
      bed.clock.advance(60_000);
      expect((await graph.get(contoso, path)).status).toBe(200);
    });
  });

  it('are shared by Identity Protection, Conditional Access and other applications of the tenant', async () => {
    await withBed({}, async (bed, graph) => {
      expect((await graph.get(contoso, '/v1.0/identityProtection/riskyUsers')).status).toBe(200);
      expect((await graph.get(contoso, '/v1.0/identity/conditionalAccess/policies')).status).toBe(429);
      bed.microsoft.violations.length = 0;
      bed.microsoft.settings.sharedLimitUse = 1;
      bed.clock.advance(10_000);
      expect((await graph.get(contoso, '/v1.0/identityProtection/riskyUsers')).status).toBe(429);
      expect(bed.microsoft.violations).toEqual([]);
    });
  });

  it('let four requests for scores be in flight', async () => {
    await withBed({}, async (bed, graph) => {
      await graph.token(contoso, 'graph');
      bed.microsoft.settings.latencyMs = 50;
      const pages = await Promise.all(Array.from({ length: 6 }, () => graph.get(contoso, '/v1.0/security/secureScores')));

      expect(pages.filter(({ status }) => status === 429).length).toBeGreaterThan(0);
      expect((await graph.get(contoso, '/v1.0/security/secureScores')).status).toBe(200);
    });
  });

  it('count resource units of the directory and say so', async () => {
    await withBed({}, async (_bed, graph) => {
      const units = async (path: string) => (await graph.get(contoso, path)).headers['x-ms-resource-unit'];

      expect(await units('/v1.0/users')).toBe('2');
      expect(await units('/v1.0/users?$select=id')).toBe('1');
      expect(await units('/v1.0/subscribedSkus')).toBe('3');
      expect(await units('/v1.0/auditLogs/signIns')).toBeUndefined();
    });
  });
});

describe('faults of the simulated Graph', () => {
  it('hit one shape of query, one window, one size of page', async () => {
    await withBed({ keepLimits: false }, async (bed, graph) => {
      bed.microsoft.graph.backfill(24);
      const { faults } = bed.microsoft;
      const statuses = async (...queries: string[]) => {
        const found: number[] = [];
        for (const query of queries) found.push((await graph.get(contoso, `/v1.0/security/incidents?${query}`)).status);
        faults.clear();
        return found;
      };

      faults.add({ when: { operation: 'incidents', where: expands }, respond: graphFaults.serverError() });
      expect(await statuses('$expand=alerts', '$top=5')).toEqual([500, 200]);
      faults.add({ when: { operation: 'incidents', where: topAbove(10) }, respond: graphFaults.gatewayTimeout() });
      expect(await statuses('$top=50', '', '$top=10')).toEqual([504, 504, 200]);
      faults.add({
        when: { operation: 'incidents', where: reaches(new Date('2026-11-22T03:00:00Z')) },
        respond: graphFaults.serverError(),
      });
      const window = (from: string, to: string) => `$filter=createdDateTime%20ge%20${from}%20and%20createdDateTime%20lt%20${to}`;
      expect(
        await statuses(
          window('2026-11-22T02:00:00Z', '2026-11-22T04:00:00Z'),
          window('2026-11-22T02:00:00Z', '2026-11-22T03:00:00Z'),
        ),
      ).toEqual([500, 200]);
      const poison = String((await graph.get(contoso, '/v1.0/security/incidents?$top=2')).value[1]?.['id']);
      faults.add({ when: { operation: 'incidents' }, respond: graphFaults.poisonObject(poison) });
      expect(await statuses('$top=2', '$top=1')).toEqual([500, 200]);
    });
  });

  it('change the envelope and leave the objects alone', async () => {
    await withBed({ keepLimits: false }, async (bed, graph) => {
      bed.microsoft.graph.backfill(24);
      const { faults, urls } = bed.microsoft;
      const path = '/v1.0/auditLogs/directoryAudits?$top=3';
      const right = await graph.get(contoso, path);
      const withFault = async (respond: Parameters<typeof faults.add>[0]['respond'], query = '') => {
        const fault = faults.add({ when: { operation: 'directoryAudits' }, respond });
        const page = await graph.get(contoso, `${path}${query}`);
        fault.remove();
        return page;
      };

      const loop = await withFault(graphFaults.nextLinkLoop());
      expect(loop.value).toEqual(right.value);
      expect((await graph.get(contoso, loop.nextLink ?? '')).value).toEqual(right.value);
      expect((await withFault(graphFaults.foreignNextLink('https://evil.example'))).nextLink).toMatch(
        /^https:\/\/evil\.example\/v1\.0\//,
      );
      expect((await withFault(graphFaults.endlessPages())).nextLink).toContain(`${urls.graph}/v1.0/auditLogs/directoryAudits`);
      expect((await withFault(graphFaults.nextLinkMissing())).nextLink).toBeUndefined();
      expect((await withFault(graphFaults.replays())).value).toEqual([...right.value, ...right.value]);
      expect((await withFault(graphFaults.filterIgnored(), "&$filter=category%20eq%20'none'")).value).toEqual(right.value);
      expect(JSON.parse((await withFault(graphFaults.valueAbsent())).text)).not.toHaveProperty('value');
      const partial = await withFault(graphFaults.partial());
      expect([partial.status, partial.headers.warning, partial.value]).toEqual([
        206,
        '199 - "Microsoft/WDATP/504/10000"',
        right.value,
      ]);
      expect((await withFault(graphFaults.throttled())).headers['retry-after']).toBeUndefined();
      expect((await withFault(graphFaults.nextLinkInError('https://evil.example/'))).nextLink).toBe('https://evil.example/');
      expect((await withFault({ kind: 'html', status: 200 })).text).toContain('<html>');
    });
  });
});
