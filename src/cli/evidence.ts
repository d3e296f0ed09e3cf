import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { parseArgs } from 'node:util';
import { assessNow } from '../app/assess';
import { reportCsv } from '../app/evidenceCsv';
import { reportHtml } from '../app/evidenceHtml';
import { makeReport, statusCounts } from '../app/evidenceReport';
import type { EvidenceReport } from '../app/evidenceReport';
import { findTenant, InputError } from '../app/tenants';
import { compose } from '../composition';
import { evidenceStatusTitles } from '../domain/evidence';
import type { Period } from '../domain/evidence';
import { runCommand } from './runCommand';
import { table, wrap } from './table';

const help = `Evidence about a tenant, for an auditor.

  npm run evidence -- --tenant TENANT [--now] [--from TIME --to TIME] [--out report.html|report.csv|report.json] [--json]

  --tenant TENANT   a tenant id or a name
  --now             looks at the tenant now; without it, the newest assessment is shown. Tenants are assessed once a day, or as often as their integration
                    "evidence" says: npm run tenant -- add … --integrations evidence=1h
  --from, --to      a period, in UTC: 2026-10-01 or 2026-10-01T08:00:00Z; --to is the first moment that no longer counts. Completeness of collection is
                    counted for the period, the other items are those of its last assessment, and all assessments of the period are listed
  --out FILE        writes the report: .html to read and print, .csv a line for each control, .json everything
  --json            the last line is one JSON object

Exit code: 0 it worked, 1 Microsoft or Azure refused, 2 what was given cannot be right.
While the local stack runs (npm start), the command speaks to it; --data DIR names its folder when it is not .local.
`;

const options = {
  tenant: { type: 'string' },
  now: { type: 'boolean' },
  from: { type: 'string' },
  to: { type: 'string' },
  out: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const helpHint = 'See: npm run evidence -- --help';
const width = 100;

function read(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options }).values;
  } catch (error) {
    throw new InputError(error instanceof Error ? error.message : 'The command cannot be read.', helpHint);
  }
}

const writers = {
  '.html': reportHtml,
  '.csv': reportCsv,
  '.json': (report: EvidenceReport) => `${JSON.stringify(report, undefined, 2)}\n`,
} as const;

function writerOf(out: string): (report: EvidenceReport) => string {
  const extension = extname(out).toLowerCase();
  const known = Object.keys(writers).find((one) => one === extension) as keyof typeof writers | undefined;
  if (known === undefined) throw new InputError('--out does not end in .html, .csv or .json.', 'For example: --out report.html');
  return writers[known];
}

const timeForm = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z)?$/;

function time(name: string, text: string): Date {
  const at = timeForm.test(text) ? new Date(text) : new Date(NaN);
  // Date moves the 30th of February on to March.
  if (Number.isNaN(at.getTime()) || !at.toISOString().startsWith(text.slice(0, 10)))
    throw new InputError(
      `--${name} is not a time in UTC.`,
      `For example: --${name} 2026-10-01 or --${name} 2026-10-01T08:00:00Z`,
    );
  return at;
}

function periodOf(from: string | undefined, to: string | undefined, now: Date): Period | undefined {
  if (from === undefined && to === undefined) return undefined;
  if (from === undefined) throw new InputError('--to is given without --from.', 'Give the beginning of the period, too.');
  const period = { from: time('from', from), to: to === undefined ? now : time('to', to) };
  if (period.from >= now) throw new InputError('The period has not begun yet.', 'Give a --from in the past.');
  if (period.from >= period.to) throw new InputError('The period ends before it begins.', 'Give a --from that is before --to.');
  return period;
}

async function save(out: string, text: string): Promise<void> {
  try {
    await writeFile(out, text);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? ` [${String(error.code)}]` : '';
    throw new InputError(
      `${out} cannot be written.${why}`,
      'Give --out a file in a folder that is there and that you may write to.',
    );
  }
}

function reportText({ tenant, document, period, items, assessments }: EvidenceReport): string {
  const heads = ['Item', 'Status', 'Controls'];
  const rows = items.map(({ title, status, controls }) => [
    title,
    evidenceStatusTitles[status],
    controls.map(({ id }) => id).join(', '),
  ]);
  const words = items.map(({ title, statement, nextStep }) =>
    [title, wrap(statement, width, '  '), ...(nextStep === undefined ? [] : [wrap(`Next: ${nextStep}`, width, '  ')])].join('\n'),
  );
  const kept =
    document === undefined
      ? 'No assessment was made in this period.'
      : `Assessed ${minute(document.assessedAt)}, kept as ${document.blob}\nSHA-256 ${document.sha256}`;
  const head = `${tenant.name} (${tenant.cloud}, ${tenant.id})\n${minute(period.from)} to ${minute(period.to)}; ${assessments} assessments`;
  return [head, table(heads, rows), ...words, kept].join('\n\n');
}

/** `2026-11-22 10:11 UTC` */
const minute = (iso: string): string => `${iso.slice(0, 16).replace('T', ' ')} UTC`;

void runCommand(process.argv.slice(2).includes('--json'), async (output, signal) => {
  const values = read(process.argv.slice(2));
  if (values.help === true) {
    output.result({ help }, help);
    return;
  }
  const { tenant: text, out } = values;
  if (text === undefined || text === '') throw new InputError('Which tenant?', `Give --tenant with an id or a name. ${helpHint}`);
  const write = out === undefined ? undefined : writerOf(out);
  const connector = compose(process.env, { log: output.progressLine });
  try {
    const ports = connector.assessPorts;
    const period = periodOf(values.from, values.to, connector.clock.now());
    const { tenant } = await findTenant(connector.tenantPorts, text, signal);
    if (values.now === true) output.progress(`Looking at ${tenant.name} …`);
    const made = values.now === true ? await assessNow(ports, tenant, signal) : undefined;
    if (made?.isSent === false)
      output.progress('The tenant does not have the integration "evidence", so this assessment is kept and not sent to the hub.');
    const wanted = {
      ...(period === undefined ? {} : { period }),
      ...(made === undefined || period !== undefined ? {} : { newest: made }),
    };
    const report = await makeReport(ports, tenant, wanted, signal);
    if (out !== undefined && write !== undefined) await save(out, write(report));
    const done = out === undefined ? reportText(report) : `Wrote ${out}: ${statusCounts(report.items)}.`;
    output.result({ ...report, ...(out === undefined ? {} : { out }) }, done);
  } finally {
    await connector.stop();
  }
});
