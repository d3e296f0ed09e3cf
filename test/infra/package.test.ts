import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { FunctionRegistry } from '../local/functionHost/functionRegistry';
import { loadApp } from '../local/functionHost/loadApp';

const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'package-')));
const made = ['first', 'second'].map((name) => join(scratch, name));
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly dev?: boolean }>>;
};

beforeAll(() => {
  for (const folder of made) execFileSync(process.execPath, ['.ci/package.mjs', folder]);
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('npm run package', () => {
  it('makes the same bytes each time', () => {
    const [first, second] = made.map((folder) => readFileSync(join(folder, 'SHA256SUMS'), 'utf8'));

    expect(first).toBe(second);
    expect(first).toMatch(/^[0-9a-f]{64} {2}released-package\.zip$/m);
  });

  it('stays below 5 MB, with everything at the root', () => {
    const archive = readFileSync(join(made[0] ?? '', 'released-package.zip'));

    expect(archive.length).toBeLessThan(5_000_000);
    expect([...unzipped(archive).keys()]).toEqual([
      'LICENSE',
      'THIRD-PARTY-LICENSES.txt',
      'dist/functions.js',
      'host.json',
      'package.json',
      'sbom.cdx.json',
    ]);
  });

  it('runs as it is, where nothing is installed', () => {
    const entries = unzipped(readFileSync(join(made[0] ?? '', 'released-package.zip')));
    const site = join(scratch, 'site');
    for (const [name, content] of entries) {
      mkdirSync(dirname(join(site, name)), { recursive: true });
      writeFileSync(join(site, name), content);
    }
    const { main } = JSON.parse(readFileSync(join(site, 'package.json'), 'utf8')) as { readonly main: string };
    const registry = new FunctionRegistry(() => undefined);

    loadApp(join(site, main), registry.api);

    const files = readFileSync('functions/index.ts', 'utf8').matchAll(/^import '\.\/(\w+)';$/gm);
    expect([...registry.functions.keys()].toSorted()).toEqual([...files].map(([, name]) => name).toSorted());
    const required = [...readFileSync(join(site, main), 'utf8').matchAll(/\brequire\("([^"]+)"\)/g)].map(
      ([, name]) => name ?? '',
    );
    const absent = required.filter((name) => !name.startsWith('node:') && !builtinModules.includes(name));
    expect(new Set(absent)).toEqual(new Set(['@azure/functions-core', 'supports-color']));
  });

  it('lists every package inside, with its licence, and no tool', () => {
    const [folder = ''] = made;
    const sbom = JSON.parse(readFileSync(join(folder, 'sbom.cdx.json'), 'utf8')) as {
      readonly components: readonly { readonly name: string; readonly version: string; readonly hashes?: readonly unknown[] }[];
    };
    const licences = readFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), 'utf8');

    for (const { name, version, hashes } of sbom.components) {
      expect(licences).toContain(`\n${name} ${version}: `);
      expect(hashes).toHaveLength(1);
      const places = Object.entries(lock.packages).filter(([place]) => place.endsWith(`node_modules/${name}`));
      expect(places.some(([, one]) => one.version === version && one.dev !== true)).toBe(true);
    }
    for (const name of Object.keys(dependencies())) expect(sbom.components.map((component) => component.name)).toContain(name);
  });
});

function dependencies(): Readonly<Record<string, string>> {
  return (JSON.parse(readFileSync('package.json', 'utf8')) as { readonly dependencies: Readonly<Record<string, string>> })
    .dependencies;
}

/** The entries of a zip archive, read by its directory as an unpacker does. */
function unzipped(archive: Buffer): ReadonlyMap<string, Buffer> {
  const end = archive.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  const entries = new Map<string, Buffer>();
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [packed, name, extra, comment] = [20, 28, 30, 32].map((offset, index) =>
      index === 0 ? archive.readUInt32LE(at + offset) : archive.readUInt16LE(at + offset),
    ) as [number, number, number, number];
    const local = archive.readUInt32LE(at + 42);
    const from = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    entries.set(archive.toString('utf8', at + 46, at + 46 + name), inflateRawSync(archive.subarray(from, from + packed)));
    at += 46 + name + extra + comment;
  }
  return entries;
}
