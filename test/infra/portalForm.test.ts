import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { templateParameters } from './parametersTable';

interface Element {
  readonly name: string;
  readonly type: string;
  readonly label: string;
  readonly toolTip: string;
  readonly defaultValue: unknown;
  readonly min?: number;
  readonly max?: number;
  readonly visible?: boolean | string;
  readonly constraints?: {
    readonly required?: boolean;
    readonly regex?: string;
    readonly validationMessage?: string;
    readonly allowedValues?: readonly { readonly value: string }[];
  };
}

const form = JSON.parse(readFileSync('infra/createUiDefinition.json', 'utf8')) as {
  readonly handler: string;
  readonly version: string;
  readonly parameters: {
    readonly basics: readonly Element[];
    readonly steps: readonly { readonly name: string; readonly label: string; readonly elements: readonly Element[] }[];
    readonly outputs: Readonly<Record<string, string>>;
  };
};
const { basics, steps, outputs } = form.parameters;
const elements = [...basics, ...steps.flatMap((step) => step.elements)];
const places = new Set([
  ...basics.map(({ name }) => `basics('${name}')`),
  ...steps.flatMap((step) => step.elements.map(({ name }) => `steps('${step.name}').${name}`)),
]);
const parameters = templateParameters();

describe('the portal form', () => {
  it('gives parameters that the template has, and all that it requires', () => {
    expect(Object.keys(outputs).filter((name) => !(name in parameters))).toEqual([]);
    const required = Object.entries(parameters).filter(([, { defaultValue }]) => defaultValue === undefined);
    for (const [name] of required) expect(outputs).toHaveProperty(name);
    expect([form.handler, form.version]).toEqual(['Microsoft.Azure.CreateUIDef', '0.1.2-preview']);
  });

  it('refers to fields that it has, uses them all, and knows only documented functions', () => {
    const expressions = [
      ...Object.values(outputs),
      ...elements.flatMap(({ visible }) => (typeof visible === 'string' ? [visible] : [])),
    ];
    const used = expressions.flatMap((text) => text.match(/basics\('\w+'\)|steps\('\w+'\)\.\w+/g) ?? []);

    expect(new Set(used)).toEqual(places);
    const functions = expressions.flatMap((text) =>
      [...text.replaceAll(/'[^']*'/g, '').matchAll(/(\w+)\(/g)].map(([, name]) => name),
    );
    // https://learn.microsoft.com/azure/azure-resource-manager/managed-applications/create-uidefinition-functions
    const documented = ['basics', 'coalesce', 'concat', 'empty', 'if', 'int', 'location', 'parse', 'replace', 'steps'];
    expect([...new Set(functions)].filter((name) => !documented.includes(name ?? ''))).toEqual([]);
  });

  it('begins with the defaults of the template and keeps its bounds', () => {
    for (const { name, defaultValue, min, max, constraints } of elements) {
      const parameter = parameters[name];
      const standard = parameter?.defaultValue ?? '';
      expect([name, defaultValue]).toEqual([name, Array.isArray(standard) ? standard.join(', ') : standard]);
      if (min !== undefined) expect([min, max]).toEqual([parameter?.minValue, parameter?.maxValue]);
      const choices = constraints?.allowedValues?.map(({ value }) => value);
      if (choices !== undefined) expect(choices.toSorted()).toEqual(parameter?.allowedValues?.toSorted());
    }
  });

  it('explains every field, and says what is wrong with an example where a text has a form', () => {
    for (const { label, toolTip, constraints, type } of elements) {
      expect(label.length).toBeGreaterThan(3);
      expect(toolTip).toMatch(/\.$/);
      if (type !== 'Microsoft.Common.TextBox') continue;
      expect(() => new RegExp(constraints?.regex ?? '(')).not.toThrow();
      expect(constraints?.validationMessage).toMatch(/\.$/);
    }
  });

  it.each([
    ['name', ['contoso', 'm36'], ['Contoso', 'ab', '1abc', 'abcdefghijklm']],
    ['packageUri', ['', 'https://example.com/a.zip'], ['http://example.com/a.zip']],
    ['operatorGroupId', ['', '11111111-2222-3333-4444-555555555555'], ['operators']],
    ['consumerGroups', ['siem', 'splunk, lake'], ['', '$Default', 'a,,b']],
    [
      'existingAppSubnetId',
      ['', '/subscriptions/1/resourceGroups/n/providers/Microsoft.Network/virtualNetworks/v/subnets/s'],
      ['s', '/subscriptions/1/resourceGroups/n/providers/Microsoft.Network/virtualNetworks/v'],
    ],
    [
      'existingDnsZonesGroupId',
      ['', '/subscriptions/1/resourceGroups/dns'],
      ['dns', '/subscriptions/1/resourceGroups/dns/providers/a'],
    ],
    ['operatorPageClientId', ['', '11111111-2222-3333-4444-555555555555'], ['operators']],
    ['networkAddressPrefix', ['10.90.0.0/24', '10.0.0.0/8'], ['10.90.0.0/26', '10.90.0.0']],
    ['alertEmails', ['', 'soc@contoso.example', 'a@b.example, c@d.example'], ['soc', 'a@b.example;c@d.example']],
    ['existingKeyVaultId', ['', '/subscriptions/1/resourceGroups/soc/providers/Microsoft.KeyVault/vaults/contoso'], ['contoso']],
  ])('takes in %s what it should', (name, good, bad) => {
    const pattern = new RegExp(elements.find((element) => element.name === name)?.constraints?.regex ?? '(');

    expect(good.filter((value) => !pattern.test(value))).toEqual([]);
    expect(bad.filter((value) => pattern.test(value))).toEqual([]);
  });
});

describe('the notes of a release', () => {
  it('have a button for each cloud that deploys this very release', () => {
    const notes = execFileSync(process.execPath, ['.ci/release-notes.mjs', 'contoso/connector', 'v1.2.3'], { encoding: 'utf8' });

    const links = [
      ...notes.matchAll(
        /\(https:\/\/(portal\.azure\.\w+)\/#create\/Microsoft\.Template\/uri\/([^/]+)\/createUIDefinitionUri\/([^)]+)\)/g,
      ),
    ];
    expect(links.map(([, portal]) => portal)).toEqual(['portal.azure.com', 'portal.azure.us', 'portal.azure.cn']);
    for (const [, , template = '', definition = ''] of links) {
      expect(decodeURIComponent(template)).toBe('https://raw.githubusercontent.com/contoso/connector/v1.2.3/infra/main.json');
      expect(decodeURIComponent(definition)).toBe(
        'https://raw.githubusercontent.com/contoso/connector/v1.2.3/infra/createUiDefinition.json',
      );
    }
  });

  it('want a repository and a version', () => {
    const { status, stderr } = spawnSync(process.execPath, ['.ci/release-notes.mjs', 'contoso', 'newest'], { encoding: 'utf8' });

    expect(status).toBe(2);
    expect(stderr).toContain('Example: node .ci/release-notes.mjs contoso/connector v1.2.3');
  });
});
