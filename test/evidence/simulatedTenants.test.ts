import { createHash } from 'node:crypto';
import { makeAssessment } from '../../src/app/assess';
import type { EvidenceStatus } from '../../src/domain/evidence';
import type { Run } from '../../src/domain/source';
import { fabrikam } from '../local/microsoft365/client';
import { GraphClient } from '../local/microsoft365/graph/graphClient';
import { defaultRoles } from '../local/microsoft365/tenant';
import type { SimulatedTenant } from '../local/microsoft365/tenant';
import { startAssessStand } from './assessedTenants';
import type { AssessStand } from './assessedTenants';

let stand: AssessStand;
beforeEach(async () => {
  stand = await startAssessStand();
});
afterEach(() => stand.stop());

const id = '2026-11-22T12:00:00.000Z';
type Expected = EvidenceStatus | 'looked' | `notAvailable ${string}`;
type Row = readonly [secureScore: Expected, alerts: Expected, riskyUsers: Expected, conditionalAccess: Expected];

/** `looked`: whatever was found, it was looked at. */
const kinds: readonly (readonly [string, Partial<SimulatedTenant>, Row])[] = [
  ['E5', { skus: ['SPE_E5'] }, ['looked', 'looked', 'looked', 'looked']],
  ['E3 without P2', { skus: ['SPE_E3'] }, ['looked', 'looked', 'notAvailable notLicensed', 'looked']],
  ['E3 whose risks are hidden', { skus: ['SPE_E3'], riskWithP1: true }, ['looked', 'looked', 'notAvailable', 'looked']],
  [
    'Business Basic',
    { skus: ['O365_BUSINESS_ESSENTIALS'] },
    ['looked', 'notAvailable notProvisioned', 'notAvailable notLicensed', 'notAvailable notLicensed'],
  ],
  ['Defender only', { skus: ['WIN_DEF_ATP'] }, ['looked', 'looked', 'notAvailable notLicensed', 'notAvailable notLicensed']],
  ['GCC High', { skus: ['SPE_E5_USGOV_GCCHIGH'], cloud: 'gccHigh' }, ['looked', 'looked', 'looked', 'looked']],
  [
    'China',
    { skus: ['SPE_E3_CHINA'], cloud: 'china' },
    ['notAvailable notInThisCloud', 'notAvailable notInThisCloud', 'notAvailable notInThisCloud', 'looked'],
  ],
  [
    'audit off',
    { skus: ['ENTERPRISEPREMIUM'], mood: 'auditOff' },
    ['looked', 'looked', 'notAvailable notLicensed', 'notAvailable notLicensed'],
  ],
  [
    'not set up',
    { skus: ['SPE_E5'], notProvisioned: ['defenderXdr', 'intune'] },
    ['looked', 'notAvailable notProvisioned', 'looked', 'looked'],
  ],
  [
    'consent partly granted',
    { skus: ['SPE_E5'], roles: { ...defaultRoles, graph: ['Policy.Read.All', 'User.Read.All'] } },
    ['notAvailable permissionMissing', 'notAvailable permissionMissing', 'notAvailable permissionMissing', 'looked'],
  ],
];

const simulated = (more: Partial<SimulatedTenant>): SimulatedTenant => ({
  ...fabrikam,
  mood: 'busy',
  ...more,
  tenantId: 'fab00fab-0000-4000-8000-0000000000aa',
});

describe('an assessment', () => {
  it.each(kinds)(
    'of a tenant of the kind "%s" says what can be looked at, and why the rest cannot',
    async (_, more, expected) => {
      const { tenant, run } = stand.add(simulated(more));

      const { items } = await makeAssessment(stand.ports, tenant, run, id);

      expect(items.map(({ check }) => check)).toEqual([
        ...['secureScore', 'unresolvedAlerts', 'riskyUsers', 'conditionalAccess'],
        'collectionCompleteness',
      ]);
      const found = items.slice(0, 4).map(({ status, failure }, index) => {
        if (expected[index] === 'looked' && status !== 'notAvailable') return 'looked';
        return failure === undefined ? status : `${status} ${failure.kind}`;
      });
      expect(found).toEqual(expected);
      for (const { statement, figures, failure, nextStep } of items) {
        expect(statement).toMatch(/^[A-Z0-9].*[.\]]$/);
        // What could not be looked at has no figures that could be taken for zero.
        if (failure !== undefined) expect([figures, typeof nextStep]).toEqual([[], 'string']);
      }
    },
  );

  it('counts what the tenant has, and names each object by the hash of the bytes that Microsoft sent', async () => {
    const { tenant, run } = stand.add(simulated({ skus: ['SPE_E5'] }));
    const graph = new GraphClient(stand.bed);
    const pages = await graph.all(simulated({ skus: ['SPE_E5'] }), '/v1.0/security/alerts_v2');
    const open = pages.flatMap(({ value }) => value).filter(({ status }) => status !== 'resolved');
    stand.bed.clock.advance(60_000);

    const { items } = await makeAssessment(stand.ports, tenant, run, id);
    const alerts = items.find(({ check }) => check === 'unresolvedAlerts');

    expect(open.length).toBeGreaterThan(0);
    expect(alerts?.figures.find(({ name }) => name === 'unresolved')?.value).toBe(open.length);
    // The simulation writes an object as JSON.stringify does.
    const hashes = open.map((alert) => createHash('sha256').update(JSON.stringify(alert)).digest('hex'));
    expect(alerts?.objects.map(({ sha256 }) => sha256).sort()).toEqual(hashes.sort());
  });

  it.each([
    ['HTML in place of JSON', '<html>Bad gateway</html>', 'unavailable'],
    ['a page without a list', '{"something":[]}', 'unexpectedResponse'],
    ['half a page', '{"value":[{"id":"1"}', 'unexpectedResponse'],
    ['an empty body', '', 'unavailable'],
  ])('says that %s could not be read, and is made again: an error is never "nothing found"', async (_, body, kind) => {
    const { tenant, run } = stand.add(simulated({ skus: ['SPE_E5'] }));
    const broken = { ...run, send: brokenSend(run.send, body) };

    const { items } = await makeAssessment(stand.ports, tenant, broken, id);

    for (const item of items.slice(0, 4))
      expect([item.status, item.failure?.kind, item.again]).toEqual(['notAvailable', kind, true]);
  });

  it('goes on when one API does not answer at all', async () => {
    const { tenant, run } = stand.add(simulated({ skus: ['SPE_E5'] }));
    const send: typeof run.send = async (request) => {
      if (!request.url.includes('secureScores')) return run.send(request);
      const refused = await run.send({ ...request, url: request.url.replace('secureScores', 'nothingLikeThat') });
      return { ...refused, status: 503 };
    };

    const { items } = await makeAssessment(stand.ports, tenant, { ...run, send }, id);

    expect(items.map(({ failure }) => failure?.kind)).toEqual(['unavailable', undefined, undefined, undefined, undefined]);
    expect(items[0]?.again).toBe(true);
  });
});

/** Microsoft's answers with another body. */
function brokenSend(send: Run['send'], text: string): Run['send'] {
  return async (request) => {
    const answer = await send(request);
    answer.discard();
    const body = (async function* () {
      yield await Promise.resolve(Buffer.from(text));
    })();
    return { ...answer, body };
  };
}
