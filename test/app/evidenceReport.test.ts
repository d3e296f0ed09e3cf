import fc from 'fast-check';
import { writeAssessment } from '../../src/app/assessment';
import type { AssessPorts } from '../../src/app/assess';
import { reportCsv } from '../../src/app/evidenceCsv';
import { reportHtml } from '../../src/app/evidenceHtml';
import { makeReport } from '../../src/app/evidenceReport';
import type { EvidenceReport } from '../../src/app/evidenceReport';
import { objectsDigest, sha256Of } from '../../src/domain/evidence';
import type { Assessment, EvidenceItem } from '../../src/domain/evidence';
import { checks } from '../../src/evidence';
import { controls } from '../../src/evidence/controls';
import { MemoryEvidenceStore } from '../support/memoryEvidenceStore';
import { MemoryStores } from '../support/memoryStores';
import { tenantNamed } from '../support/simulatedTenant';
import { VirtualClock } from '../support/virtualClock';

// The same cases each time: a test that fails only sometimes helps nobody.
fc.configureGlobal({ seed: 20261122 });

const { signal } = new AbortController();
const now = new Date('2026-11-22T12:00:00Z');
const contoso = tenantNamed('Contoso');

const item = (more: Partial<EvidenceItem> = {}): EvidenceItem => {
  const objects = more.objects ?? [{ type: 'alert', id: 'a1', sha256: sha256Of('a1') }];
  return {
    check: 'unresolvedAlerts',
    title: 'Unresolved alerts',
    question: 'Are alerts resolved?',
    status: 'attention',
    statement: '1 alert is unresolved: 1 high.',
    figures: [{ name: 'unresolved', title: 'Unresolved alerts', value: 1 }],
    tables: [{ title: 'Alerts', columns: ['Severity', 'Title'], rows: [['High', 'Malware']] }],
    objectsSha256: objectsDigest(objects),
    controls: [{ framework: 'ISO/IEC 27001:2022', id: 'A.8.16', title: 'Monitoring activities' }],
    collectedAt: now.toISOString(),
    ...more,
    objects,
  };
};
const report = (items: readonly EvidenceItem[], more: Partial<EvidenceReport> = {}): EvidenceReport => ({
  tenant: { id: contoso.id, name: 'Contoso', cloud: 'commercial', addedAt: contoso.addedAt },
  generatedAt: now.toISOString(),
  period: { from: '2026-11-21T11:00:00.000Z', to: '2026-11-22T11:00:00.000Z' },
  document: { id: now.toISOString(), assessedAt: now.toISOString(), blob: 'contoso/1.json', sha256: 'ab'.repeat(32) },
  items,
  past: [],
  assessments: 0,
  ...more,
});

/** The tags of a page, in order; throws when one is opened and not closed. */
function tagsOf(page: string): string[] {
  const names: string[] = [];
  const open: string[] = [];
  for (const [, slash, name = ''] of page.replace(/<style>.*?<\/style>/s, '').matchAll(/<(\/?)([a-z][a-z0-9]*)/gi)) {
    if (['meta'].includes(name)) names.push(name);
    else if (slash === '') open.push(name);
    else if (open.pop() !== name) throw new Error(`</${name}> closes another element.`);
    if (slash === '' && name !== 'meta') names.push(name);
  }
  expect(open).toEqual([]);
  return names;
}

const evil = `</td><script>alert(1)</script><img src=x onerror="alert(1)">'"&\u202E\u0000=cmd|' /C calc'!A1`;

describe('the report as HTML', () => {
  it('shows whatever comes from outside as text: the elements are the same whatever it says', () => {
    const plain = tagsOf(reportHtml(report([item()])));
    fc.assert(
      fc.property(fc.oneof(fc.constant(evil), fc.string(), fc.string({ unit: 'binary' })), (text) => {
        const page = reportHtml(
          report(
            [
              item({
                title: text,
                question: text,
                statement: text,
                nextStep: undefined as never,
                figures: [{ name: 'n', title: text, value: text, unit: text }],
                tables: [{ title: text, columns: [text, text], rows: [[text, text]] }],
                objects: [{ type: text, id: text, sha256: text }],
                controls: [{ framework: text, id: text, title: text }],
              }),
            ],
            { tenant: { id: text, name: text, cloud: text, addedAt: text } },
          ),
        );

        expect(tagsOf(page)).toEqual(plain);
        expect(page).not.toMatch(/<script|<img|\u202e/i);
        expect(page).not.toContain('\0');
      }),
    );
  });

  it('loads nothing, runs nothing, and can be read without seeing, in the dark and on paper', () => {
    const page = reportHtml(report([item(), item({ check: 'riskyUsers', status: 'notAvailable' })]));
    const tags = new Set(tagsOf(page));

    expect(['script', 'img', 'link', 'iframe', 'form', 'object'].filter((name) => tags.has(name))).toEqual([]);
    expect(page).not.toMatch(/https?:\/\//);
    expect(page).toContain(`default-src 'none'`);
    expect(page).toMatch(/<html lang="en">/);
    expect(page).toMatch(/<meta name="viewport"/);
    expect(page).toMatch(/prefers-color-scheme: dark/);
    expect(page).toMatch(/@media print/);
    expect(page.match(/<h1/g)).toHaveLength(1);
    expect([...tags]).toEqual(expect.arrayContaining(['main', 'header', 'caption', 'th', 'time']));
    expect(page.match(/<th(?! scope="(col|row)")[ >]/g)).toBeNull();
  });

  it('says status as word and shape, what was found, what for, and how it was proven', () => {
    const page = reportHtml(report([item()]));

    for (const text of ['▲', 'Attention', '1 alert is unresolved: 1 high.', 'A.8.16', 'Monitoring activities', sha256Of('a1')])
      expect(page).toContain(text);
    expect(page).toContain('ab'.repeat(32));
    expect(page).toContain('22 November 2026, 12:00 UTC');
  });
});

/** The cells of CSV, line by line. */
function cellsOf(csv: string): string[][] {
  return csv
    .split('\r\n')
    .slice(0, -1)
    .map((line) => [...line.matchAll(/"((?:[^"]|"")*)"(?:,|$)/gs)].map(([, cell = '']) => cell.replaceAll('""', '"')));
}

describe('the report as CSV', () => {
  it('has a line for each control that an item is evidence for, and one for an item without', () => {
    const two = item({ controls: [...item().controls, { framework: 'SOC 2', id: 'CC7.2', title: 'Monitoring' }] });
    const lines = cellsOf(reportCsv(report([two, item({ controls: [] })])));
    const at = (name: string) => lines[0]?.indexOf(name) ?? -1;

    expect(lines.slice(1).map((line) => line[at('Control')])).toEqual(['A.8.16', 'CC7.2', '']);
    expect(lines[1]?.[at('Figures')]).toBe('Unresolved alerts: 1');
    expect(new Set(lines.map(({ length }) => length)).size).toBe(1);
  });

  it('never begins a cell like a formula, whatever comes from outside, and loses nothing of it', () => {
    const starts = fc.constantFrom('=', '+', '-', '@', '\t', '\r', '＝', ' =', '\uFEFF=', '|', '%', '"=', '');
    fc.assert(
      fc.property(starts, fc.string(), (start, rest) => {
        const text = (start + rest).replace(/[\r\n]/g, ' ');
        const csv = reportCsv(report([item({ statement: text, title: text, nextStep: text })]));
        const [, line = []] = cellsOf(csv);

        for (const cell of line) expect(cell).not.toMatch(/^[\s\uFEFF]*[=+\-@＝＋－＠]|^[\t\r]/);
        expect(line.map((cell) => cell.replace(/^'/, ''))).toEqual(expect.arrayContaining([text.replace(/^'/, '')]));
      }),
    );
  });
});

describe('a report', () => {
  const stores = new MemoryStores(new VirtualClock(now));
  const evidence = new MemoryEvidenceStore();
  const ports: AssessPorts = {
    clock: { now: () => now, sleep: async () => Promise.resolve() },
    clouds: () => undefined,
    clockOffsetMs: () => 0,
    ...{ tenants: stores.tenants, sourceRows: stores.sourceRows, coverage: stores.coverage, sources: new Map() },
    telemetry: { event: () => undefined },
    ...{ evidence, checks, controls },
    readList: async () => Promise.reject(new Error('a report reads what is kept')),
  };
  const assessment = (id: string, more: Partial<EvidenceItem> = {}): Assessment => ({
    ...{ v: 1, id, tenantId: contoso.id, tenantName: 'Contoso', cloud: 'commercial', assessedAt: id },
    period: { from: '2026-11-21T10:00:00.000Z', to: '2026-11-22T10:00:00.000Z' },
    items: [item(more)],
  });

  it('says that there is no assessment yet, and how to make one', async () => {
    await expect(makeReport(ports, contoso, {}, signal)).rejects.toThrow('There is no assessment of Contoso yet.');
  });

  it('is of the newest assessment, with the last of each day before', async () => {
    const ids = ['2026-11-20T10:00:00.000Z', '2026-11-21T10:00:00.000Z', '2026-11-21T18:00:00.000Z', '2026-11-22T10:00:00.000Z'];
    for (const id of ids)
      await evidence.keep(contoso.id, id, writeAssessment(assessment(id, { statement: `Found at ${id}.` })), signal);

    const made = await makeReport(ports, contoso, {}, signal);

    expect(made.items.map(({ statement }) => statement)).toEqual(['Found at 2026-11-22T10:00:00.000Z.']);
    expect(made.past.map(({ id }) => id)).toEqual([ids[0], ids[2], ids[3]]);
    expect(made.past[0]?.statuses).toEqual({ unresolvedAlerts: 'attention' });
    expect(made.assessments).toBe(4);
    expect(made.document?.sha256).toBe(
      sha256Of(writeAssessment(assessment(ids[3] ?? '', { statement: `Found at ${ids[3] ?? ''}.` }))),
    );
  });

  it('of a period counts completeness for it, and shows what was found last in it', async () => {
    const period = { from: new Date('2026-11-20T00:00:00Z'), to: new Date('2026-11-22T00:00:00Z') };

    const made = await makeReport(ports, contoso, { period }, signal);

    expect(made.items.map(({ check, statement }) => [check, statement])).toEqual([
      ['unresolvedAlerts', 'Found at 2026-11-21T18:00:00.000Z.'],
      ['collectionCompleteness', 'Nothing is collected from this tenant.'],
    ]);
    expect(made.document?.id).toBe('2026-11-21T18:00:00.000Z');
  });

  it('refuses a document that is none of ours', async () => {
    await evidence.keep(contoso.id, '2026-11-22T11:00:00.000Z', Buffer.from('{"v":2}'), signal);

    await expect(makeReport(ports, contoso, {}, signal)).rejects.toThrow('evidenceUnreadable');
  });
});
