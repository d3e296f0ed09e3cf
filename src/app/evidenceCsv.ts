import { evidenceStatusTitles } from '../domain/evidence';
import type { EvidenceReport } from './evidenceReport';

// A cell that begins like a formula is one, to a spreadsheet: https://owasp.org/www-community/attacks/CSV_Injection
const beginsLikeFormula = /^[\s\uFEFF]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20|%]|^[\t\r\n]/;

/** One cell: in quotation marks, and never a formula. */
function cell(value: string | number): string {
  const text = typeof value === 'number' ? String(value) : beginsLikeFormula.test(value) ? `'${value}` : value;
  return `"${text.replaceAll('"', '""')}"`;
}

const columns = [
  ...['Tenant id', 'Tenant', 'Cloud', 'Period from', 'Period to', 'Collected at', 'Check', 'Title', 'Status', 'Statement'],
  ...['Next step', 'Framework', 'Control', 'Control title', 'Figures', 'Source objects', 'SHA-256 of source objects'],
  ...['Assessment', 'Document', 'SHA-256 of document'],
];

/** The report as CSV (RFC 4180, UTF-8): a line for each control that an item is evidence for. */
export function reportCsv({ tenant, period, document, items }: EvidenceReport): string {
  const lines = items.flatMap((item) => {
    const figures = item.figures
      .map(({ title, value, unit }) => `${title}: ${value}${unit === undefined ? '' : ` ${unit}`}`)
      .join('; ');
    const controls = item.controls.length > 0 ? item.controls : [{ framework: '', id: '', title: '' }];
    return controls.map((control) => [
      ...[tenant.id, tenant.name, tenant.cloud, period.from, period.to, item.collectedAt, item.check, item.title],
      ...[evidenceStatusTitles[item.status], item.statement, item.nextStep ?? ''],
      ...[control.framework, control.id, control.title, figures, item.objects.length, item.objectsSha256],
      ...[document?.id ?? '', document?.blob ?? '', document?.sha256 ?? ''],
    ]);
  });
  return [columns, ...lines].map((line) => `${line.map(cell).join(',')}\r\n`).join('');
}
