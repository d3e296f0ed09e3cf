import { describedCodes, describeFailure } from '../../src/app/describe';
import { describedSignInCodes, describeStop } from '../../src/app/describeSignIn';
import type { Failure } from '../../src/domain/failure';
import { controlsOf } from '../../src/domain/evidence';
import { checks } from '../../src/evidence';
import { controls } from '../../src/evidence/controls';
import { activityErrorKinds, classifyActivityError } from '../../src/microsoft/activityErrors';
import { microsoftClouds } from '../../src/microsoft/clouds';
import { factsOf, settingsTable } from '../../src/settingsTable';
import type { SettingFacts, SettingName } from '../../src/settingsTable';
import { openApi } from '../../src/web/openApi';
import { runbook } from '../infra/alertCatalogue';
import { resourcesOf } from '../infra/bicepFiles';
import { costTable, modelTables } from '../infra/deploymentReport';
import { parametersTable } from '../infra/parametersTable';
import { integrationsTable, licencesTable, limitsTable, permissionsTable, sourceCounts, sourcesTables } from './sourceTables';

/** Parts of the documents that are made from the code: file, name of the section, text. */
export interface GeneratedSection {
  readonly file: string;
  readonly name: string;
  readonly text: () => string;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

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

function controlsTable(): string {
  const rows = checks.map(({ id, title, docs, question, metWhen, permissions, licence }) => {
    const named = docs === undefined ? title : `[${title}](${docs})`;
    const roles = permissions.map(({ role }) => `\`${role}\``).join(', ');
    const byFramework = [...Map.groupBy(controlsOf(controls, id), ({ framework }) => framework)];
    const those = byFramework.map(([framework, list]) => `${framework}: ${list.map((one) => one.id).join(', ')}`).join('; ');
    return `| ${cell(named)} (\`${id}\`) | ${cell(question)} | ${cell(metWhen)} | ${those} | ${roles || 'none'} | ${licence || 'any'} |`;
  });
  const listed = controls.map(({ framework, id, title }) => `| ${framework} | ${id} | ${cell(title)} |`);
  return [
    '| Item | Question | Met when | Evidence for | Permission | Licence |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    '| Framework | Control | |',
    '| --- | --- | --- |',
    ...listed,
  ].join('\n');
}

/** All generated sections. */
export const generatedSections: readonly GeneratedSection[] = [
  { file: 'README.md', name: 'sources', text: integrationsTable },
  { file: 'docs/sources.md', name: 'sources', text: sourcesTables },
  { file: 'docs/sources.md', name: 'permissions', text: permissionsTable },
  { file: 'docs/sources.md', name: 'licences', text: licencesTable },
  { file: 'docs/sources.md', name: 'limits', text: limitsTable },
  { file: 'docs/adding-a-source.md', name: 'count', text: sourceCounts },
  { file: 'docs/settings.md', name: 'settings', text: settingsPage },
  { file: 'docs/errors.md', name: 'clouds', text: cloudsTable },
  { file: 'docs/errors.md', name: 'activity errors', text: activityErrorsTable },
  { file: 'docs/evidence.md', name: 'controls', text: controlsTable },
  { file: 'docs/onboarding.md', name: 'sign-in codes', text: signInCodesTable },
  { file: 'docs/operations.md', name: 'alerts', text: runbook },
  { file: 'docs/deploy.md', name: 'parameters', text: parametersTable },
  { file: 'docs/costs.md', name: 'costs', text: costsTable },
  { file: 'docs/costs.md', name: 'cost model', text: modelTables },
];

/** Whole files that are made from the code. */
export const generatedFiles: readonly { readonly file: string; readonly text: () => string }[] = [
  { file: 'docs/openapi.json', text: () => `${JSON.stringify(openApi(), undefined, 2)}\n` },
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
