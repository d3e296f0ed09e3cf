// Writes anew what is made from the Bicep files: their format, main.json, and the snapshot of each parameter file.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

// Fixed ids, so that names in the snapshots do not depend on whoever makes them.
const where = [
  ['--subscription-id', '11111111-1111-1111-1111-111111111111'],
  ['--tenant-id', '22222222-2222-2222-2222-222222222222'],
  ['--resource-group', 'connector'],
  ['--location', 'westeurope'],
].flat();

function bicep(...parameters) {
  const done = spawnSync(process.execPath, ['.ci/bicep.mjs', ...parameters], { stdio: 'inherit' });
  if (done.status !== 0) process.exit(done.status ?? 1);
}

bicep('format', '--pattern', 'infra/**/*.bicep');
bicep('format', '--pattern', 'infra/**/*.bicepparam');
bicep('build', 'infra/main.bicep');
for (const file of readdirSync('infra/parameters').filter((name) => name.endsWith('.bicepparam'))) {
  bicep('snapshot', `infra/parameters/${file}`, '--mode', 'overwrite', ...where);
  // Bicep writes the outputs in another order each time.
  const path = `infra/parameters/${file.replace(/bicepparam$/, 'snapshot.json')}`;
  const snapshot = JSON.parse(readFileSync(path, 'utf8'));
  const outputs = Object.fromEntries(Object.entries(snapshot.outputs).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(path, JSON.stringify({ ...snapshot, outputs }, undefined, 2));
}
