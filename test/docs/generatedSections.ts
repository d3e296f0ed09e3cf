import { describedCodes, describeFailure } from '../../src/app/describe';
import { describedSignInCodes, describeStop } from '../../src/app/describeSignIn';
import type { Failure } from '../../src/domain/failure';
import { activityErrorKinds, classifyActivityError } from '../../src/microsoft/activityErrors';
import { microsoftClouds } from '../../src/microsoft/clouds';
import { factsOf, settingsTable } from '../../src/settingsTable';
import type { SettingFacts, SettingName } from '../../src/settingsTable';
import { sources } from '../../src/sources';
import { runbook } from '../infra/alertCatalogue';
import { resourcesOf } from '../infra/bicepFiles';
import { costTable, modelTables } from '../infra/deploymentReport';
import { parametersTable } from '../infra/parametersTable';

/** Parts of the documents that are made from the code: file, name of the section, text. */
export interface GeneratedSection {
  readonly file: string;
  readonly name: string;
  readonly text: () => string;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

function sourcesTable(): string {
  const rows = sources.map(({ id, title, docs, permissions, clouds, hub }) => {
    const roles = permissions.map(({ role }) => `\`${role}\``).join(', ');
    const everywhere = clouds.length === Object.keys(microsoftClouds).length + 1;
    return `| \`${id}\` | [${cell(title)}](${docs}) | ${roles} | ${everywhere ? 'all' : clouds.join(', ')} | \`${hub}\` |`;
  });
  return ['| Source | What | Permission | Clouds | Hub |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

function cloudsTable(): string {
  const rows = Object.values(microsoftClouds).map(
    ({ id, title, login, hosts }) => `| \`${id}\` | ${title} | ${new URL(login).host} | ${new URL(hosts.management).host} |`,
  );
  return ['| Cloud | | Login | Management Activity API |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function failureOfCode(code: string): Failure {
  const refusal = { status: 400, headers: {}, text: JSON.stringify({ error: { code, message: '' } }) };
  return classifyActivityError(refusal, { permission: 'ActivityFeed.Read', now: new Date(0) });
}

function activityErrorsTable(): string {
  const codes = Object.keys(activityErrorKinds).filter((code) => describedCodes.includes(code));
  const rows = codes.map((code) => {
    const failure = failureOfCode(code);
    const { title, nextStep } = describeFailure(failure);
    return `| ${code} | ${failure.kind} | ${cell(title)} | ${cell(nextStep)} |`;
  });
  return ['| Code | Kind | What it means | What to do |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function signInCodesTable(): string {
  const rows = describedSignInCodes.map((code) => {
    const { title, nextStep } = describeStop({ kind: 'signIn', code });
    return `| ${code} | ${cell(title.replace(/ \[[^\]]+\]$/, ''))} | ${cell(nextStep)} |`;
  });
  return ['| Code | What it means | What to do |', '| --- | --- | --- |', ...rows].join('\n');
}

function settingsPage(): string {
  const names = Object.keys(settingsTable) as SettingName[];
  return [...Map.groupBy(names, (name) => factsOf(name).group)]
    .map(([group, those]) => [`## ${group}`, ...those.map((name) => settingText(name, factsOf(name)))].join('\n\n'))
    .join('\n\n');
}

function settingText(name: SettingName, { what, otherwise, example, range, choices }: SettingFacts): string {
  const isValue =
    typeof otherwise === 'number' || otherwise === example || choices?.includes(otherwise) === true || !otherwise.includes(' ');
  const facts = [
    isValue ? `Default: \`${otherwise}\`.` : `Without it: ${otherwise}.`,
    range === undefined ? '' : `A whole number from ${range[0]} to ${range[1]}.`,
    choices === undefined ? '' : `One of ${choices.map((choice) => `\`${choice}\``).join(', ')}.`,
    range === undefined && choices === undefined ? `Example: ${exampleText(example)}` : '',
  ];
  return `### \`${name}\`\n\n${what}\n\n${facts.filter((fact) => fact !== '').join(' ')}`;
}

function exampleText(example: string): string {
  const [, value = example, note = ''] = /^(.*?)( \(.*\))?$/.exec(example) ?? [];
  return value.includes(', or ') ? `${example}.` : `\`${value}\`${note}.`;
}

function costsTable(): string {
  return costTable({
    'Flex Consumption': resourcesOf('default'),
    'private, zone-redundant, two always ready': resourcesOf('private'),
    'own namespace, vault, workspace': resourcesOf('bringYourOwn'),
    'Elastic Premium, private': resourcesOf('government'),
  });
}

/** All generated sections. */
export const generatedSections: readonly GeneratedSection[] = [
  { file: 'README.md', name: 'sources', text: sourcesTable },
  { file: 'docs/settings.md', name: 'settings', text: settingsPage },
  { file: 'docs/errors.md', name: 'clouds', text: cloudsTable },
  { file: 'docs/errors.md', name: 'activity errors', text: activityErrorsTable },
  { file: 'docs/onboarding.md', name: 'sign-in codes', text: signInCodesTable },
  { file: 'docs/operations.md', name: 'alerts', text: runbook },
  { file: 'docs/deploy.md', name: 'parameters', text: parametersTable },
  { file: 'docs/costs.md', name: 'costs', text: costsTable },
  { file: 'docs/costs.md', name: 'cost model', text: modelTables },
];

/** A document with one section written anew. Throws when the document has no such section. */
export function withSection(document: string, { name, text }: GeneratedSection): string {
  const begin = `<!-- ${name} -->`;
  const end = `<!-- /${name} -->`;
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) throw new Error(`The section "${name}" is not marked in the document.`);
  return `${document.slice(0, from + begin.length)}\n\n${text()}\n\n${document.slice(to)}`;
}
