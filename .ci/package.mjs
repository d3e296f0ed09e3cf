// Makes what one deploy needs: dist/package/released-package.zip, which runs as it is, and beside it the SBOM, the licence list, the source map and the
// checksums. The same sources make the same bytes.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { zip } from './zip.mjs';

const folder = process.argv[2] ?? join('dist', 'package');
const project = JSON.parse(readFileSync('package.json', 'utf8'));
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;

const { metafile, outputFiles } = await build({
  entryPoints: { functions: 'functions/index.ts' },
  outdir: folder,
  bundle: true,
  minify: true,
  // The errors in telemetry should name functions.
  keepNames: true,
  legalComments: 'none',
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  sourcemap: 'external',
  // The first is the worker's. The second, which colours a terminal, is only tried; on this machine a tool happens to have brought it.
  external: ['@azure/functions-core', 'supports-color'],
  metafile: true,
  write: false,
  logLevel: 'warning',
});
const output = (end) => outputFiles.find(({ path }) => path.endsWith(end)).contents;

/** The packages of which a file is in the bundle, by where they are installed. */
function bundledPackages() {
  const found = new Map();
  for (const input of Object.keys(metafile.inputs)) {
    const place = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
    if (place === undefined || found.has(place)) continue;
    const { name, version, license } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
    if (!license) throw new Error(`${name} does not say its licence.`);
    const text = readdirSync(place).find((file) => /^licen[cs]e(\.|$)/i.test(file));
    found.set(place, { place, name, version, license, text: text && readFileSync(join(place, text), 'utf8').trim() });
  }
  return [...found.values()].sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
}

/** The parts of the bundle in CycloneDX 1.5. */
function sbomOf(packages) {
  const purl = ({ name, version }) => `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        name: project.name,
        version: project.version,
        'bom-ref': purl(project),
        purl: purl(project),
        licenses: [{ license: { id: project.license } }],
      },
    },
    components: packages.map((one) => {
      const [algorithm, digest] = (lock[one.place]?.integrity ?? '').split('-');
      return {
        type: 'library',
        name: one.name,
        version: one.version,
        'bom-ref': purl(one),
        purl: purl(one),
        licenses: [one.license.includes(' ') ? { expression: one.license } : { license: { id: one.license } }],
        ...(algorithm === 'sha512'
          ? { hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }] }
          : {}),
      };
    }),
  };
}

function licenceList(packages) {
  const line = ({ name, version, license }) => `${name} ${version}: ${license}`;
  const texts = packages.map((one) => `${line(one)}\n\n${one.text ?? 'The package has no licence text of its own.'}`);
  return `${project.name} contains these packages.\n\n${packages.map(line).join('\n')}\n\n${'-'.repeat(80)}\n\n${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

const packages = bundledPackages();
const sbom = `${JSON.stringify(sbomOf(packages), undefined, 2)}\n`;
const licences = licenceList(packages);
const manifest = { name: project.name, version: project.version, license: project.license, main: project.main };
const archive = zip([
  ['LICENSE', readFileSync('LICENSE')],
  ['THIRD-PARTY-LICENSES.txt', Buffer.from(licences)],
  [project.main, output('functions.js')],
  ['host.json', readFileSync('host.json')],
  ['package.json', Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`)],
  ['sbom.cdx.json', Buffer.from(sbom)],
]);

const files = {
  'released-package.zip': archive,
  'functions.js.map': output('functions.js.map'),
  'sbom.cdx.json': sbom,
  'THIRD-PARTY-LICENSES.txt': licences,
};
const checksums = Object.entries(files).map(
  ([name, content]) => `${createHash('sha256').update(content).digest('hex')}  ${name}`,
);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [name, content] of Object.entries({ ...files, SHA256SUMS: `${checksums.join('\n')}\n` }))
  writeFileSync(join(folder, name), content);
process.stdout.write(
  `${join(folder, 'released-package.zip')}: ${archive.length} bytes, ${packages.length} packages\n${checksums[0]}\n`,
);
