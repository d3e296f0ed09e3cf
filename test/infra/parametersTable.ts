import { readFileSync } from 'node:fs';

interface Parameter {
  readonly type?: string;
  readonly $ref?: string;
  readonly defaultValue?: unknown;
  readonly allowedValues?: readonly (string | number)[];
  readonly minValue?: number;
  readonly maxValue?: number;
  readonly metadata: { readonly description: string };
}

/** The parameters of the built template, by name. */
export function templateParameters(): Readonly<Record<string, Parameter>> {
  const template = JSON.parse(readFileSync('infra/main.json', 'utf8')) as {
    readonly parameters: Readonly<Record<string, Parameter>>;
  };
  return template.parameters;
}

function defaultOf({ defaultValue }: Parameter): string {
  if (defaultValue === undefined) return 'required';
  if (defaultValue === '' || JSON.stringify(defaultValue) === '[]' || JSON.stringify(defaultValue) === '{}') return '';
  if (typeof defaultValue !== 'string') return `\`${JSON.stringify(defaultValue)}\``;
  const words: Readonly<Record<string, string>> = {
    '[resourceGroup().location]': 'that of the resource group',
    '[tenant().tenantId]': 'the tenant of the subscription',
  };
  if (words[defaultValue] !== undefined) return words[defaultValue];
  return defaultValue.startsWith('[if(') ? 'by cloud and plan' : `\`${defaultValue}\``;
}

function boundsOf({ allowedValues, minValue, maxValue }: Parameter): string {
  if (allowedValues !== undefined) return allowedValues.map((value) => `\`${value}\``).join(', ');
  return minValue === undefined || maxValue === undefined ? '' : `${minValue} to ${maxValue}`;
}

/** The parameters as a table for people. */
export function parametersTable(): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = Object.entries(templateParameters()).map(
    ([name, parameter]) =>
      `| \`${name}\` | ${cell(defaultOf(parameter))} | ${boundsOf(parameter)} | ${cell(parameter.metadata.description)} |`,
  );
  return ['| Parameter | Default | Allowed | What |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
