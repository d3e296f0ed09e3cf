import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Where the Bicep files are. */
export const infra = 'infra';

/** What a run of the Bicep CLI said. */
export interface BicepRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the pinned Bicep CLI, which is fetched at its first use. */
export async function bicep(...parameters: readonly string[]): Promise<BicepRun> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['.ci/bicep.mjs', ...parameters],
      { maxBuffer: 64 * 1024 * 1024 },
      (_error, stdout, stderr) => resolve({ status: child.exitCode ?? 1, stdout, stderr }),
    );
  });
}

/** The options that make a snapshot the same on every machine; `.ci/infra.mjs` uses the same. */
export const fixedIds: readonly string[] = [
  ['--subscription-id', '11111111-1111-1111-1111-111111111111'],
  ['--tenant-id', '22222222-2222-2222-2222-222222222222'],
  ['--resource-group', 'connector'],
  ['--location', 'westeurope'],
].flat();

/** The names of the parameter files in a folder under infra/, without `.bicepparam`. */
export function parameterFiles(folder: string): readonly string[] {
  const files = readdirSync(join(infra, folder)).filter((name) => name.endsWith('.bicepparam'));
  return files.map((name) => basename(name, '.bicepparam')).toSorted();
}

/** Any JSON value; missing parts read as undefined. */
export interface Loose {
  readonly [key: string]: Loose | undefined;
}

/** A resource as the snapshot predicts it. */
export interface Resource {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly scope?: string;
  readonly identity?: Loose;
  readonly sku?: Loose;
  readonly properties: Loose;
}

/** The resources that a deployment with a parameter file would make. */
export function resourcesOf(parameters: string): readonly Resource[] {
  const text = readFileSync(join(infra, 'parameters', `${parameters}.snapshot.json`), 'utf8');
  return (JSON.parse(text) as { readonly predictedResources: readonly Resource[] }).predictedResources;
}

/** Those of one type. */
export function ofType(resources: readonly Resource[], type: string): readonly Resource[] {
  return resources.filter((resource) => resource.type.toLowerCase() === type.toLowerCase());
}

/** The application settings of the function app among these resources. */
export function appSettingsOf(resources: readonly Resource[]): ReadonlyMap<string, string> {
  const [app] = ofType(resources, 'Microsoft.Web/sites');
  const settings = app?.properties['siteConfig']?.['appSettings'] as unknown as readonly { name: string; value: string }[];
  return new Map(settings.map(({ name, value }) => [name, value]));
}

/** A part of the built template; `infra/main.json`, parsed. */
export function builtTemplate(): Loose {
  return JSON.parse(readFileSync(join(infra, 'main.json'), 'utf8')) as Loose;
}
