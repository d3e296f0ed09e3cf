import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { cloudIds } from '../../src/domain/cloud';
import { ConnectorError, failureOf } from '../../src/domain/failure';
import { isIntegrationId } from '../../src/domain/integration';
import type { Run, Source, TenantRequest } from '../../src/domain/source';
import { without } from '../../src/domain/without';
import { microsoftClouds } from '../../src/microsoft/clouds';
import { sources } from '../../src/sources';
import { answerWith, contoso, noAbort, provider } from '../microsoft/fakes';

// Categories that Microsoft's own diagnostic settings and streaming use for other payloads.
const ofMicrosoft =
  /^(SignInLogs|NonInteractiveUserSignInLogs|ServicePrincipalSignInLogs|ManagedIdentitySignInLogs|MicrosoftServicePrincipalSignInLogs|AuditLogs|ProvisioningLogs|RiskyUsers|UserRiskEvents|RiskyServicePrincipals|ServicePrincipalRiskEvents|MicrosoftGraphActivityLogs|AdvancedHunting-.*)$/i;
const hubs = ['m365-audit', 'm365-alerts', 'm365-identity', 'm365-entities', 'm365-posture', 'm365-operations'];

const exchangeFile = z.strictObject({
  docs: z.url(),
  now: z.iso.datetime(),
  memory: z.strictObject({ readyAt: z.string(), startedAt: z.string() }).partial(),
  windows: z.array(z.strictObject({ from: z.coerce.date(), to: z.coerce.date() })),
  exchange: z.array(
    z.strictObject({
      request: z.strictObject({ method: z.string(), url: z.url(), body: z.string().optional() }),
      response: z.strictObject({ status: z.int(), headers: z.record(z.string(), z.string()).optional(), body: z.unknown() }),
    }),
  ),
});

const fixtures = join(__dirname, '..', 'fixtures');
const casesOf = (source: Source): string[] => {
  const folder = join(fixtures, source.id);
  return existsSync(folder) ? readdirSync(folder) : [];
};
const readJson = (...path: string[]): unknown => JSON.parse(readFileSync(join(fixtures, ...path), 'utf8'));

/** What a fixture expects. Where it says nothing yet, what was seen is shown as it would have to be written down, to be read and kept. */
function readExpected(id: string, name: string, seen: unknown): unknown {
  if (existsSync(join(fixtures, id, name, 'expected.json'))) return readJson(id, name, 'expected.json');
  throw new Error(
    `test/fixtures/${id}/${name}/expected.json is missing. This is what the source does:\n${JSON.stringify(seen, null, 2)}`,
  );
}

/** A run that answers only the recorded requests, in their order. */
function replay({ now, exchange }: z.infer<typeof exchangeFile>): { readonly run: Run; readonly unused: () => unknown[] } {
  const left = [...exchange];
  const send = ({ method, url, body }: TenantRequest) => {
    const next = left.shift();
    expect({ method, url, body }).toEqual({ body: undefined, ...next?.request });
    const { status, headers = {}, body: reply } = next?.response ?? { status: 500, body: '' };
    return Promise.resolve(answerWith({ status, headers, body: reply }));
  };
  const run: Run = {
    tenant: { id: contoso.id, cloud: microsoftClouds.commercial },
    publisherId: provider,
    now: () => new Date(now),
    signal: noAbort(),
    send,
  };
  return { run, unused: () => left };
}

/** All a source does in one run: what it remembers, lists and reads, or the failure it ends with. */
async function collect(source: Source, run: Run, { memory, windows }: z.infer<typeof exchangeFile>): Promise<unknown> {
  const seen = { memory: {}, listings: [] as unknown[], records: {} as Record<string, unknown[]> };
  try {
    const known = Object.fromEntries(Object.entries(memory).filter(([, value]) => value !== undefined));
    seen.memory = await source.prepare(run, known, () => Promise.resolve());
    for await (const listing of source.list(run, windows, known)) {
      seen.listings.push(listing);
      for (const unit of listing.units) {
        if (unit.refused !== undefined) continue;
        const records: unknown[] = [];
        for await (const page of source.read(run, unit, { attempts: 0 }))
          records.push(...page.records.map((record) => ({ ...without(record, 'sent'), json: record.json.toString() })));
        seen.records[unit.id] = records;
      }
    }
    return seen;
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    return { ...seen, failure: failureOf(error) };
  }
}

describe('sources', () => {
  it('have ids and categories of their own', () => {
    expect(new Set(sources.map(({ id }) => id)).size).toBe(sources.length);
    expect(new Set(sources.map(({ category }) => category)).size).toBe(sources.length);
  });

  it('have a fixture folder each, and no folder is left over', () => {
    expect(
      readdirSync(fixtures)
        .filter((name) => name.includes('.'))
        .sort(),
    ).toEqual(sources.map(({ id }) => id).sort());
  });

  describe.each(sources.map((source) => [source.id, source] as const))('%s', (id, source) => {
    it('states its facts', () => {
      expect(id).toMatch(/^[a-z][A-Za-z0-9]*\.[a-z][A-Za-z0-9]*$/);
      expect(source.title).toMatch(/^[A-Z]/);
      expect(source.docs).toMatch(/^https:\/\/learn\.microsoft\.com\/\S+$/);
      expect(isIntegrationId(source.integration)).toBe(true);
      expect(source.category).not.toMatch(ofMicrosoft);
      expect(source.category).toMatch(/^[A-Za-z0-9]+(\.[A-Za-z0-9]+)+$/);
      expect(source.resourceProvider).toMatch(/^[A-Za-z]+\.[A-Za-z0-9]+$/);
      expect(hubs).toContain(source.hub);
      expect(source.clouds.length).toBeGreaterThan(0);
      expect(cloudIds).toEqual(expect.arrayContaining([...source.clouds]));
    });

    it('asks for permissions by name, each with a reason, and for none that shows sensitive values', () => {
      expect(source.permissions.length).toBeGreaterThan(0);
      for (const { api, role, why } of source.permissions) {
        expect(api).toBe(source.api);
        expect(role).toMatch(/^[A-Z][A-Za-z-]*(\.[A-Z][A-Za-z]*)+$/);
        expect(role).not.toBe('ActivityFeed.ReadDlp');
        expect(why).toMatch(/^[A-Z].*\.$/);
      }
    });

    it('has at least one fixture', () => {
      expect(casesOf(source)).not.toEqual([]);
    });

    it.each(casesOf(source))('does what the fixture %s expects, with exactly its requests', async (name) => {
      const exchange = exchangeFile.parse(readJson(id, name, 'exchange.json'));
      const { run, unused } = replay(exchange);

      const seen = await collect(source, run, exchange);

      expect(JSON.parse(JSON.stringify(seen))).toEqual(readExpected(id, name, seen));
      expect(unused()).toEqual([]);
    });
  });
});
