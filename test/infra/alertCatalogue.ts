import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const folder = 'infra/alerts';
const period = z.string().regex(/^P(T\d+[MH]|\d+D)$/);
const common = {
  title: z.string().min(5).max(80),
  severity: z.number().int().min(0).max(4),
  frequency: period,
  window: period,
  meaning: z.string().min(20),
  action: z.string().min(20),
};
const logAlert = z.strictObject({ ...common, dimensions: z.array(z.string()), query: z.string() });
const metricAlert = z.strictObject({
  ...common,
  metric: z.string(),
  of: z.enum(['eventHubs', 'storage', 'keyVault']),
  aggregation: z.enum(['Average', 'Total', 'Maximum', 'Minimum', 'Count']),
  operator: z.enum(['GreaterThan', 'LessThan']),
  threshold: z.number(),
});

/** A rule over what the connector logs. */
export type LogAlert = z.infer<typeof logAlert> & { readonly id: string };

/** A rule over a metric of one of the services. */
export type MetricAlert = z.infer<typeof metricAlert> & { readonly id: string };

/** All rules, by what they watch; each is one file. */
export function alertCatalogue(): { readonly logs: readonly LogAlert[]; readonly metrics: readonly MetricAlert[] } {
  const files = readdirSync(folder).toSorted();
  const entries = files.map((file) => ({
    id: basename(file, '.yaml'),
    content: parse(readFileSync(join(folder, file), 'utf8')) as object,
  }));
  return {
    logs: entries.filter(({ content }) => !('metric' in content)).map(({ id, content }) => ({ id, ...logAlert.parse(content) })),
    metrics: entries
      .filter(({ content }) => 'metric' in content)
      .map(({ id, content }) => ({ id, ...metricAlert.parse(content) })),
  };
}

const services = { eventHubs: 'the Event Hubs namespace', storage: 'the storage account', keyVault: 'the key vault' };
const severities = ['critical', 'error', 'warning', 'informational', 'verbose'];

function words(duration: string): string {
  const [, amount = '', unit = ''] = /^PT?(\d+)([MHD])$/.exec(duration) ?? [];
  const name = { M: 'minute', H: 'hour', D: 'day' }[unit] ?? unit;
  return amount === '1' ? `1 ${name}` : `${amount} ${name}s`;
}

/** What an operator reads of an alert in the runbook. */
function chapter(alert: LogAlert | MetricAlert): string {
  const per = 'metric' in alert || alert.dimensions.length === 0 ? '' : `, one alert for each ${alert.dimensions.join(' and ')}`;
  const rule =
    'metric' in alert
      ? `Fires when the ${alert.aggregation.toLowerCase()} of \`${alert.metric}\` of ${services[alert.of]} is ${alert.operator === 'LessThan' ? 'less' : 'more'} than ${alert.threshold}.`
      : `Fires when this finds anything:\n\n\`\`\`kusto\n${alert.query.trim()}\n\`\`\``;
  return [
    `### ${alert.title}`,
    `\`${alert.id}\` · severity ${alert.severity} (${severities[alert.severity] ?? ''}) · looks every ${words(alert.frequency)} at the last ${words(alert.window)}${per}`,
    `**What it means.** ${alert.meaning.trim()}`,
    `**What to do.** ${alert.action.trim()}`,
    rule,
  ].join('\n\n');
}

/** The chapters of the runbook, most severe first. */
export function runbook(): string {
  const { logs, metrics } = alertCatalogue();
  return [...logs, ...metrics]
    .toSorted((a, b) => a.severity - b.severity || (a.title < b.title ? -1 : 1))
    .map(chapter)
    .join('\n\n');
}
