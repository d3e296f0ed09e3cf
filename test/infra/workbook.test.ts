import { readFileSync } from 'node:fs';
import { ofType, parameterFiles, resourcesOf } from './bicepFiles';
import { bindQuery } from './kusto';
import { unknownNames } from './loggedNames';

interface Item {
  readonly name: string;
  readonly conditionalVisibility?: { readonly value: string };
  readonly content: {
    readonly links?: readonly { readonly subTarget: string }[];
    readonly query?: string;
    readonly timeContextFromParameter?: string;
    readonly parameters?: readonly { readonly name: string; readonly query?: string }[];
  };
}

const workbook = JSON.parse(readFileSync('infra/workbook.json', 'utf8')) as {
  readonly version: string;
  readonly items: readonly Item[];
};
const parameters = workbook.items.flatMap(({ content }) => content.parameters ?? []);
const queries = [
  ...workbook.items.map(({ name, content }) => [name, content.query]),
  ...parameters.map(({ name, query }) => [name, query]),
]
  .map(([name, query]) => [name ?? '', query ?? ''] as const)
  .filter(([, query]) => query !== '');

describe('the workbook', () => {
  it.each(queries)('asks in %s what binds, and what the code logs', (_name, query) => {
    const asked = query.replaceAll('{tenant}', '11111111-2222-3333-4444-555555555555');

    expect(bindQuery(asked).problems).toEqual([]);
    expect(unknownNames(asked)).toEqual([]);
  });

  it('has a name for each item, and a parameter for each that a query uses', () => {
    const names = workbook.items.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const known = parameters.map(({ name }) => name);
    for (const [, query] of queries) for (const [, used] of query.matchAll(/\{(\w+)\}/g)) expect(known).toContain(used);
    for (const { content } of workbook.items.filter((item) => item.content.query !== undefined))
      expect(content.timeContextFromParameter).toBe('range');
    expect(workbook.version).toBe('Notebook/1.0');
  });

  it('has a tab for each part, and every part but the parameters on one', () => {
    const named = workbook.items.flatMap(({ content }) => content.links ?? []).map(({ subTarget }) => subTarget);
    const used = workbook.items.flatMap(({ conditionalVisibility }) => conditionalVisibility?.value ?? []);

    expect(named).toEqual(['overview', 'tenant', 'load', 'credentials', 'response', 'faults']);
    expect([...new Set(used)]).toEqual(named);
    expect(
      workbook.items.filter(({ conditionalVisibility }) => conditionalVisibility === undefined).map(({ name }) => name),
    ).toEqual(['about', 'parameters', 'tabs']);
  });

  it.each(parameterFiles('parameters'))('comes with %s', (name) => {
    const [made] = ofType(resourcesOf(name), 'Microsoft.Insights/workbooks');

    expect(JSON.parse(made?.properties['serializedData'] as unknown as string)).toEqual(workbook);
  });
});
