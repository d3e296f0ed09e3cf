import { ofType } from './bicepFiles';
import type { Resource } from './bicepFiles';
import { assumptions, estimate, prices, round } from './costModel';
import type { CostLine, Workload } from './costModel';

/** How much is collected. */
export type Volume = Pick<Workload, 'tenants' | 'recordsPerMonth' | 'recordBytes'>;

/** The cost of these resources at this volume, line by line. */
export function costOf(resources: readonly Resource[], volume: Volume): readonly CostLine[] {
  const [plan] = ofType(resources, 'Microsoft.Web/serverfarms');
  const [app] = ofType(resources, 'Microsoft.Web/sites');
  const [namespace] = ofType(resources, 'Microsoft.EventHub/namespaces');
  const scale = app?.properties['functionAppConfig']?.['scaleAndConcurrency'];
  const size = textOf(plan?.sku?.['name']);
  const ready = (scale?.['alwaysReady'] ?? []) as unknown as readonly { readonly instanceCount: number }[];
  const rules = ofType(resources, 'Microsoft.Insights/scheduledQueryRules');
  return estimate({
    ...volume,
    plan:
      size === 'FC1'
        ? { flex: true, alwaysReady: ready.reduce((sum, { instanceCount }) => sum + instanceCount, 0) }
        : { flex: false, size, least: Number(plan?.sku?.['capacity']) },
    memoryGigabytes: Number(scale?.['instanceMemoryMB'] ?? 0) / 1024,
    processingUnits: textOf(namespace?.sku?.['name']) === 'Premium' ? Number(namespace?.sku?.['capacity']) : 0,
    privateEndpoints: ofType(resources, 'Microsoft.Network/privateEndpoints').length,
    privateDnsZones: ofType(resources, 'Microsoft.Network/privateDnsZones').length,
    logRules: rules.map(({ properties }) => ({ frequency: textOf(properties['evaluationFrequency']) })),
    metricRules: ofType(resources, 'Microsoft.Insights/metricAlerts').length,
    ownEventHubs: namespace === undefined,
  });
}

/** A value that is known to be a text. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** What is created, by type, and what it costs, for people. */
export function deploymentReport(resources: readonly Resource[], volume: Volume): string {
  const types = Map.groupBy(resources, ({ type }) => type);
  const created = [...types]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([type, of]) => `  ${String(of.length).padStart(3)}  ${type}`);
  const lines = costOf(resources, volume);
  const total = lines.reduce((sum, { dollars }) => sum + dollars, 0);
  const bill = lines.map(({ what, how, dollars }) => `  ${dollars.toFixed(2).padStart(9)}  ${what.padEnd(16)} ${how}`);
  const { tenants, recordsPerMonth, recordBytes } = volume;
  return [
    `Would create ${resources.length} resources:`,
    ...created,
    '',
    `About ${total.toFixed(0)} US dollars a month for ${round(tenants)} tenants and ${round(recordsPerMonth)} records of ${round(recordBytes)} bytes:`,
    ...bill,
    '',
    'An estimate from list prices; docs/costs.md says what it takes for granted. Nothing was created.',
  ].join('\n');
}

/** The estimate for some typical sizes, as a table for people. */
export function costTable(resources: Readonly<Record<string, readonly Resource[]>>): string {
  const volumes: readonly Volume[] = [
    { tenants: 1, recordsPerMonth: 1_000_000, recordBytes: 2_000 },
    { tenants: 10, recordsPerMonth: 10_000_000, recordBytes: 2_000 },
    { tenants: 100, recordsPerMonth: 100_000_000, recordBytes: 2_000 },
    { tenants: 1_000, recordsPerMonth: 1_000_000_000, recordBytes: 2_000 },
  ];
  const names = Object.keys(resources);
  const rows = volumes.map((volume) => {
    const totals = names.map((name) => costOf(resources[name] ?? [], volume).reduce((sum, { dollars }) => sum + dollars, 0));
    return `| ${round(volume.tenants)} | ${round(volume.recordsPerMonth)} | ${totals.map((total) => round(total)).join(' | ')} |`;
  });
  return [
    `| Tenants | Records a month | ${names.join(' | ')} |`,
    `| ---: | ---: | ${names.map(() => '---:').join(' | ')} |`,
    ...rows,
  ].join('\n');
}

/** The prices and assumptions of the model, as tables for people. */
export function modelTables(): string {
  const table = (title: string, values: object) =>
    [
      `| ${title} | |`,
      '| --- | ---: |',
      ...Object.entries(values)
        .filter(([, value]) => typeof value === 'number')
        .map(([name, value]) => `| ${name.replaceAll(/([A-Z])/g, ' $1').toLowerCase()} | ${String(value)} |`),
    ].join('\n');
  return `${table('Price in US dollars', prices)}\n\n${table('Assumption', assumptions)}`;
}
