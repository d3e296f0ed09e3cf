import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unrefTokenRenewals } from '../local/eventHubs/hubClients';
import type { SimulatedTenant } from '../local/microsoft365/tenant';
import { startCommandStack } from './commandStack';
import type { CommandStack } from './commandStack';

jest.setTimeout(180_000);
unrefTokenRenewals();

const contoso: SimulatedTenant = {
  tenantId: 'c0a10c0a-0000-4000-8000-0000000000e1',
  name: 'Contoso',
  clientId: 'c0a10c0a-aaaa-4000-8000-0000000000e1',
  secret: 'fake-secret-contoso~1',
  mood: 'steady',
  skus: ['SPE_E3'],
};

let stack: CommandStack;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evidence-'));
  stack = await startCommandStack([contoso]);
  stack.stack.microsoft365?.graph.backfill(48);
  const words = ['add', '--tenant-id', contoso.tenantId, '--client-id', contoso.clientId, '--name', 'Contoso'];
  const added = await stack.tenant([...words, '--integrations', 'evidence'], { input: contoso.secret });
  expect(added.code).toBe(0);
});
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true });
});

describe('evidence', () => {
  it('says that there is none yet, and how to get it', async () => {
    const ran = await stack.evidence(['--tenant', 'Contoso', '--json']);

    expect(ran.code).toBe(2);
    expect(ran.json()).toMatchObject({ ok: false, error: 'There is no assessment of Contoso yet.' });
    expect(String(ran.json()['nextStep'])).toContain('--now');
  });

  it('looks now, writes the report, and has the connector send what was found, once', async () => {
    const out = join(folder, 'report.html');

    const ran = await stack.evidence(['--tenant', 'contoso', '--now', '--out', out, '--json']);

    expect([ran.code, ran.stderr.includes('Looking at Contoso')]).toEqual([0, true]);
    const report = ran.json() as {
      readonly document: { readonly id: string };
      readonly items: readonly Record<string, unknown>[];
    };
    expect(report.items.map(({ check, status }) => [check, status])).toEqual([
      ['secureScore', expect.stringMatching(/met|attention/)],
      ['unresolvedAlerts', expect.stringMatching(/met|attention/)],
      ['riskyUsers', 'notAvailable'],
      ['conditionalAccess', expect.stringMatching(/met|attention/)],
      ['collectionCompleteness', 'notAvailable'],
    ]);
    expect(readFileSync(out, 'utf8')).toMatch(/^<!doctype html>[^]*Evidence for Contoso[^]*<\/html>\n$/);

    await stack.collect();
    await stack.collect();
    const read = await stack.consume(['--hub', 'm365-posture', '--json', '--for', '5']);
    const ids = read.stdout
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as { readonly id: string }).id]));
    expect(ids.sort()).toEqual(report.items.map(({ check }) => `${report.document.id}/${String(check)}`).sort());
  });

  it('shows what is kept, in words, as CSV and as JSON, also of a period', async () => {
    const [csv, json] = [join(folder, 'report.csv'), join(folder, 'report.json')];
    const from = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10);

    const [text, asCsv, asJson] = await Promise.all([
      stack.evidence(['--tenant', 'Contoso']),
      stack.evidence(['--tenant', 'Contoso', '--out', csv]),
      stack.evidence(['--tenant', 'Contoso', '--from', from, '--out', json]),
    ]);

    expect([text.code, asCsv.code, asJson.code]).toEqual([0, 0, 0]);
    expect(text.stdout).toContain('Risky users');
    expect(text.stdout).toMatch(/SHA-256 [0-9a-f]{64}/);
    expect(asCsv.stdout).toMatch(/^Wrote .*report\.csv: .*not available/);
    expect(readFileSync(csv, 'utf8').split('\r\n')[1]).toContain(contoso.tenantId);
    expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({
      period: { from: `${from}T00:00:00.000Z` },
      past: [{ statuses: { riskyUsers: 'notAvailable' } }],
    });
  });

  it.each<[string, readonly string[], string]>([
    ['no tenant', [], 'Which tenant?'],
    ['an unknown tenant', ['--tenant', 'Nobody'], 'There is no tenant "Nobody"'],
    ['a file of no known kind', ['--tenant', 'Contoso', '--out', 'report.pdf'], '--out does not end in'],
    ['a time that is none', ['--tenant', 'Contoso', '--from', '2026-02-30'], '--from is not a time'],
    ['a local time', ['--tenant', 'Contoso', '--from', '2026-02-20T10:00'], '--from is not a time'],
    ['an end without a beginning', ['--tenant', 'Contoso', '--to', '2026-02-20'], '--to is given without --from'],
    ['a period turned round', ['--tenant', 'Contoso', '--from', '2026-02-20', '--to', '2026-02-19'], 'ends before it begins'],
    ['a period to come', ['--tenant', 'Contoso', '--from', '2099-01-01'], 'has not begun yet'],
    ['an unknown option', ['--tenant', 'Contoso', '--nonsense'], '--nonsense'],
    ['a folder that is not there', ['--tenant', 'Contoso', '--out', '/nowhere/report.html'], 'cannot be written'],
  ])('refuses %s, with exit code 2', async (_, words, error) => {
    const ran = await stack.evidence([...words, '--json']);

    expect([ran.code, ran.json()]).toEqual([
      2,
      expect.objectContaining({ ok: false, error: expect.stringContaining(error) as string }),
    ]);
  });

  it('explains itself', async () => {
    const ran = await stack.evidence(['--help']);

    expect([ran.code, ran.stdout.includes('--now')]).toEqual([0, true]);
  });
});
