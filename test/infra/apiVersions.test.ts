import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bicep, infra } from './bicepFiles';

const dayMs = 24 * 60 * 60_000;

/** The types that the Bicep files use, each with its version. */
function versionsUsed(): ReadonlyMap<string, string> {
  const files = readdirSync(infra, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.bicep'));
  const text = files.map((file) => readFileSync(join(infra, file), 'utf8')).join('\n');
  const found = new Map<string, string>();
  for (const [, type = '', version = ''] of text.matchAll(/^ *resource \w+ '(Microsoft\.[\w./]+)@([\w-]+)'/gm)) {
    const known = found.get(type);
    if (known !== undefined && known !== version) throw new Error(`${type} is used as ${known} and as ${version}.`);
    found.set(type, version);
  }
  return found;
}

/**
 * The stable versions of each type that are newer than the one that is used, newest first, as the pinned Bicep knows them: its linter names all versions
 * that are young enough when one is used that is a day too old.
 */
async function newerVersions(used: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, readonly string[]>> {
  const folder = mkdtempSync(join(tmpdir(), 'api-versions-'));
  let index = 0;
  for (const [type, version] of used) {
    const place = join(folder, String((index += 1)));
    const ageDays = Math.floor((Date.now() - Date.parse(version.slice(0, 10))) / dayMs);
    const rules = { 'use-recent-api-versions': { level: 'warning', maxAgeInDays: Math.max(0, ageDays - 1) } };
    const name = Array.from({ length: type.split('/').length - 1 }, () => 'any').join('/');
    mkdirSync(place);
    writeFileSync(join(place, 'bicepconfig.json'), JSON.stringify({ analyzers: { core: { rules } } }));
    writeFileSync(join(place, 'main.bicep'), `resource any '${type}@${version}' = {\n  name: '${name}'\n}\n`);
  }
  const { stdout, stderr } = await bicep('lint', '--pattern', join(folder, '*/main.bicep'));
  rmSync(folder, { recursive: true, force: true });
  const said = /use-recent-api-versions: Use more recent API version for '([\w./]+)'.*Acceptable versions: ([\w, -]+)/g;
  return new Map(
    [...`${stdout}\n${stderr}`.matchAll(said)].map(([, type = '', versions = '']) => [
      type,
      versions
        .trim()
        .split(', ')
        .filter((version) => !version.endsWith('-preview')),
    ]),
  );
}

describe('the API versions', () => {
  const used = versionsUsed();
  // There has been no stable version that knows groups of categories: https://learn.microsoft.com/azure/templates/microsoft.insights/diagnosticsettings
  const onlyPreview = ['Microsoft.Insights/diagnosticSettings'];

  it('are one step behind the newest, which sovereign clouds do not have yet, or the newest where it has been there for two years', async () => {
    const newer = await newerVersions(used);

    const wrong = [...used].flatMap(([type, version]) => {
      if (onlyPreview.includes(type)) return [];
      const steps = newer.get(type) ?? [];
      const old = Date.now() - Date.parse(version) > 2 * 365 * dayMs;
      return steps.length === 1 || (steps.length === 0 && old)
        ? []
        : [`${type}@${version}: newer are ${steps.join(', ') || 'none'}`];
    });
    expect(wrong).toEqual([]);
    expect(newer.size).toBeGreaterThan(10);
  });

  it('are stable', () => {
    const previews = [...used].filter(([, version]) => version.endsWith('-preview')).map(([type]) => type);

    expect(previews).toEqual(onlyPreview);
  });
});
