// Everything that is checked without running the connector: format, lint, types, import rules, dead code. Goes through all of them, then fails if one did.
import { spawnSync } from 'node:child_process';

const checks = {
  format: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'],
  lint: ['node_modules/eslint/bin/eslint.js', '--max-warnings=0', '.'],
  types: ['node_modules/typescript/bin/tsc', '--noEmit'],
  'import rules': [
    'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
    '--config',
    'test/architecture/dependency-cruiser.cjs',
    'functions',
    'src',
    'test',
  ],
  'dead code': ['node_modules/knip/bin/knip.js'],
};

const failed = Object.entries(checks).filter(([name, command]) => {
  process.stdout.write(`— ${name}\n`);
  return spawnSync(process.execPath, command, { stdio: ['ignore', 'inherit', 'inherit'] }).status !== 0;
});
process.stdout.write(failed.length === 0 ? 'All checks passed.\n' : `Failed: ${failed.map(([name]) => name).join(', ')}.\n`);
process.stdout.write(`${Object.keys(checks).length - failed.length} checks passed, ${failed.length} checks failed\n`);
process.exit(failed.length === 0 ? 0 : 1);
