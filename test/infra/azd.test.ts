import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { infra, ofType, parameterFiles, resourcesOf } from './bicepFiles';
import { templateParameters } from './parametersTable';

const azd = parse(readFileSync(join(infra, 'azure.yaml'), 'utf8')) as {
  readonly infra: { readonly path: string; readonly module: string };
  readonly services: Readonly<Record<string, { readonly host: string; readonly project: string }>>;
  readonly workflows: { readonly up: { readonly steps: readonly { readonly azd: string }[] } };
  readonly hooks: { readonly preprovision: Readonly<Record<'posix' | 'windows', { readonly run: string }>> };
};
const parameters = JSON.parse(readFileSync(join(infra, 'main.parameters.json'), 'utf8')) as {
  readonly parameters: Readonly<Record<string, { readonly value: string }>>;
};

describe('the project of the Azure Developer CLI', () => {
  it('names the template, and gives it what it requires', () => {
    expect(existsSync(join(infra, azd.infra.path, `${azd.infra.module}.bicep`))).toBe(true);
    const known = templateParameters();
    const required = Object.entries(known).filter(([, { defaultValue }]) => defaultValue === undefined);
    for (const [name] of required) expect(parameters.parameters).toHaveProperty(name);
    for (const [name, { value }] of Object.entries(parameters.parameters)) {
      expect(known).toHaveProperty(name);
      expect(value).toMatch(/^\$\{AZURE_\w+\}$/);
    }
  });

  it.each(parameterFiles('parameters'))('finds the app of %s by its tag', (name) => {
    const [app] = ofType(resourcesOf(name), 'Microsoft.Web/sites') as unknown as readonly {
      readonly tags?: Record<string, string>;
    }[];

    expect(Object.keys(azd.services)).toEqual([app?.tags?.['azd-service-name']]);
  });

  it('publishes the package that the project builds', () => {
    const scripts = (JSON.parse(readFileSync('package.json', 'utf8')) as { readonly scripts: object }).scripts;
    for (const { run } of Object.values(azd.hooks.preprovision)) expect(scripts).toHaveProperty(run.split(' ').at(-1) ?? '');
    const zip = /--from-package (\S+)/.exec(azd.workflows.up.steps.at(-1)?.azd ?? '')?.[1] ?? '';
    expect(join(infra, zip)).toBe(join('dist', 'package', 'released-package.zip'));
    expect(readFileSync('.ci/package.mjs', 'utf8')).toContain("'released-package.zip'");
  });
});
