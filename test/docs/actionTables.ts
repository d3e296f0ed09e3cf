import { actions } from '../../src/actions';
import { actionCodes } from '../../src/app/actionCodes';
import { cloudIds } from '../../src/domain/cloud';
import { licenceText } from '../../src/domain/licence';

const cell = (text: string): string => text.replaceAll('|', '\\|');
const code = (text: string): string => `\`${text}\``;

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

/** What each action does, and what it can and cannot guarantee. */
export function actionsText(): string {
  return actions
    .map(({ id, title, docs, choices, done, verified, cannot, reversibleBy, highImpact, anyLicenceOf, clouds, longestMs }) => {
      const missing = cloudIds.filter((one) => !clouds.includes(one));
      const facts = [
        ['Done means', done],
        ['Verified by', verified],
        ['Cannot promise', cannot],
        ['Undone by', reversibleBy === undefined ? 'nothing' : code(reversibleBy)],
        ['Second person', highImpact ? 'always' : 'for administrators, and when there are many targets'],
        ['Licence', anyLicenceOf.length === 0 ? 'any' : licenceText(anyLicenceOf)],
        ['Clouds', missing.length === 0 ? 'all' : `all but ${missing.join(', ')}`],
        ['Longest', `${longestMs / 3_600_000} h`],
      ];
      const which = choices.length === 0 ? '' : ` Choices: ${choices.map(code).join(', ')}.`;
      return [
        `### ${title} \`${id}\``,
        `[Microsoft's page](${docs}).${which}`,
        table(
          ['', ''],
          facts.map((row) => row.map(cell)),
        ),
      ].join('\n\n');
    })
    .join('\n\n');
}

/** The permissions of the response application, and what each is for. */
export function actionPermissionsTable(): string {
  const all = actions.flatMap(({ id, permissions }) => permissions.map(({ api, role, why }) => ({ id, api, role, why })));
  const byRole = [...Map.groupBy(all, ({ api, role }) => `${api} ${role}`).values()];
  const rows = byRole.map((those) => {
    const [{ api, role, why } = { api: '', role: '', why: '' }] = those;
    const ids = those.length === actions.length ? ['all'] : those.map(({ id }) => code(id));
    return [api === 'graph' ? 'Microsoft Graph' : 'WindowsDefenderATP', code(role), cell(why), ids.join(', ')];
  });
  return table(['API', 'Application permission', 'Why', 'Actions'], rows);
}

/** The words for what keeps an action from being done. */
export function actionCodesTable(): string {
  const rows = Object.entries(actionCodes).map(
    ([name, { title = 'The permission that is missing is named.', nextStep = '' }]) => [
      ...[code(name), cell(title), cell(nextStep)],
    ],
  );
  return table(['Code', 'What it means', 'What to do'], rows);
}
