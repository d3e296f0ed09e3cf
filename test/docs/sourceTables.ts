import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cloudIds } from '../../src/domain/cloud';
import type { CloudId } from '../../src/domain/cloud';
import { integrations } from '../../src/domain/integration';
import type { IntegrationId } from '../../src/domain/integration';
import { licences, servicePlans } from '../../src/domain/licence';
import type { ServicePlan } from '../../src/domain/licence';
import { limitTitles } from '../../src/domain/limit';
import type { LimitId } from '../../src/domain/limit';
import type { Source } from '../../src/domain/source';
import { limits } from '../../src/microsoft/limits';
import { sources } from '../../src/sources';

const apiTitles = {
  management: 'Office 365 Management APIs',
  graph: 'Microsoft Graph',
  defender: 'WindowsDefenderATP',
} as const;
const licenceTitles: Readonly<Record<keyof typeof licences, string>> = {
  entraP1: 'Entra ID P1',
  entraP2: 'Entra ID P2',
  workloadIdentities: 'Entra Workload ID Premium',
  defenderXdr: 'any Defender product',
  defenderForEndpoint: 'Defender for Endpoint or for Business',
  intune: 'Intune',
};
const scopeTitles = {
  tenant: 'this connector, in one tenant',
  tenantOfAll: 'all applications of a tenant together',
  application: 'all tenants of the connector together, over all its instances',
} as const;

const cell = (text: string): string => text.replaceAll('|', '\\|');
const code = (text: string): string => `\`${text}\``;
const number = (value: number): string => value.toLocaleString('en-US');

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Integrations that bring what Microsoft has; evidence is made of it, and has a page of its own. */
const collecting = (Object.keys(integrations) as IntegrationId[]).filter((id) =>
  sources.some(({ integration }) => integration === id),
);

const ofIntegration = (id: IntegrationId): readonly Source[] => sources.filter(({ integration }) => integration === id);

function cloudsText(clouds: readonly CloudId[]): string {
  const missing = cloudIds.filter((id) => !clouds.includes(id));
  return missing.length === 0 ? 'all' : `all but ${missing.join(', ')}`;
}

function licenceText(plans: readonly ServicePlan[]): string {
  if (plans.length === 0) return 'any';
  const key = (Object.keys(licences) as (keyof typeof licences)[]).find((name) => licences[name] === plans);
  return key === undefined ? plans.map((plan) => servicePlans[plan].title).join(' or ') : licenceTitles[key];
}

const unique = (texts: readonly string[]): string[] => [...new Set(texts)];

/** The integrations in short, for the README. */
export function integrationsTable(): string {
  const rows = collecting.map((id) => {
    const those = ofIntegration(id);
    const optional = those.filter((source) => source.optional === true).length;
    const feeds = optional === 0 ? `${those.length}` : `${those.length - optional} and ${optional} optional`;
    const licence = unique(those.map(({ anyLicenceOf }) => licenceText(anyLicenceOf))).join('; ');
    const clouds = unique(those.map((source) => cloudsText(source.clouds))).join('; ');
    const hubs = unique(those.map(({ hub }) => code(hub))).join(', ');
    return [`**${integrations[id].title}** ${code(id)}`, cell(integrations[id].collects), feeds, licence, clouds, hubs];
  });
  return table(['Integration', 'What it brings', 'Feeds', 'Licence', 'Clouds', 'Hub'], rows);
}

function span(seconds: number): string {
  if (seconds % 86_400 === 0) return seconds === 86_400 ? 'daily' : `every ${seconds / 86_400} days`;
  if (seconds % 3_600 === 0) return seconds === 3_600 ? 'hourly' : `every ${seconds / 3_600} h`;
  return seconds === 60 ? 'each minute' : `every ${seconds / 60} min`;
}

const days = (ms: number): string => `${Math.round(ms / 86_400_000)} days`;

function wayText({ progress, everySeconds }: Source): string {
  const often = everySeconds === undefined ? 'adaptively' : span(everySeconds);
  switch (progress.kind) {
    case 'contentFeed':
      return `content blobs, ${often}; Microsoft keeps them ${days(progress.rules.retentionMs)}`;
    case 'timeWindow': {
      const { retentionMs, firstMs = retentionMs } = progress.rules;
      const kept = firstMs === retentionMs ? '' : `, asks back ${days(retentionMs)}`;
      return `time windows, ${often}; back-fills ${days(firstMs)}${kept}`;
    }
    case 'delta':
      return `changes, ${often}; snapshot ${span(progress.snapshotEverySeconds)}`;
    case 'snapshot':
      return `whole list, ${often}; snapshot ${span(progress.snapshotEverySeconds)}`;
  }
}

/** Every source with its facts, by integration. */
export function sourcesTables(): string {
  return collecting
    .map((id) => {
      const rows = ofIntegration(id).map((source) => [
        code(source.id) + (source.optional === true ? ' (optional)' : ''),
        `[${cell(source.title)}](${source.docs})`,
        source.permissions.map(({ role }) => code(role)).join(', '),
        licenceText(source.anyLicenceOf),
        cloudsText(source.clouds),
        wayText(source),
        `${code(source.category)}, ${code(source.hub)}`,
      ]);
      const heads = ['Source', 'What', 'Permission', 'Licence', 'Clouds', 'How', 'Category and hub'];
      return `### ${integrations[id].title}\n\n${table(heads, rows)}`;
    })
    .join('\n\n');
}

/** Every permission, why it is asked for, and by which sources. */
export function permissionsTable(): string {
  const all = sources.flatMap((source) => source.permissions.map((permission) => ({ source, permission })));
  const byRole = Map.groupBy(all, ({ permission: { api, role } }) => `${apiTitles[api]}|${role}`);
  const rows = [...byRole].map(([key, uses]) => {
    const [api = '', role = ''] = key.split('|');
    const whys = unique(uses.map(({ permission }) => permission.why));
    const needed = uses.map(({ source }) => code(source.id) + (source.optional === true ? ' (optional)' : ''));
    return [code(role), api, cell(whys.join(' ')), needed.join(', ')];
  });
  return table(['Permission', 'API', 'Why', 'Sources'], rows);
}

/** The service plans that open feeds, with their ids. */
export function licencesTable(): string {
  const rows = (Object.keys(licences) as (keyof typeof licences)[]).map((name) => {
    const plans = licences[name].map((plan) => `${servicePlans[plan].title} (${code(plan)}, ${code(servicePlans[plan].id)})`);
    const opened = sources.filter(({ anyLicenceOf }) => anyLicenceOf === licences[name]).map(({ id }) => code(id));
    return [licenceTitles[name], plans.join('<br>'), opened.join(', ')];
  });
  return table(['Licence', 'Any one of these service plans', 'Opens'], rows);
}

/** Microsoft's limits, how much of each is taken, and by which sources. */
export function limitsTable(): string {
  const rows = (Object.keys(limitTitles) as LimitId[]).map((id) => {
    const { most, seconds, counts, scope, share, retryAfter, docs } = limits[id];
    const what = counts === 'units' ? 'resource units' : 'requests';
    const span = seconds === 1 ? 'a second' : seconds === 60 ? 'a minute' : seconds === 3_600 ? 'an hour' : `in ${seconds} s`;
    const users = sources.filter((source) => source.limits?.includes(id) === true).map((source) => code(source.id));
    return [
      `[${limitTitles[id]}](${docs})`,
      `${number(most)} ${what} ${span}`,
      scopeTitles[scope],
      `${Math.round(share * 100)} %`,
      retryAfter ? 'yes' : 'no',
      users.join(', '),
    ];
  });
  return table(['Limit', 'Microsoft allows', 'Shared by', 'We take', 'Retry-After', 'Sources'], rows);
}

/** What it took to add the smallest and the largest source, counted. */
export function sourceCounts(): string {
  const names = readdirSync('src/sources').filter((name) => name !== 'index.ts');
  const lengths = names
    .map((name) => readFileSync(join('src/sources', name), 'utf8').split('\n').length - 1)
    .sort((a, b) => a - b);
  const middle = lengths[Math.floor(lengths.length / 2)] ?? 0;
  return (
    `Counted over the ${names.length} sources there are: ${lengths[0] ?? 0} to ${lengths.at(-1) ?? 0} lines of facts in the one file (half of them at most ${middle}), ` +
    'one line in the registry with its import, two JSON files in the fixture folder, no line of test code.'
  );
}
