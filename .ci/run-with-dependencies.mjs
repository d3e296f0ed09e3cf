// Runs one of the project's commands after installing and building what it lacks, so that `npm start` and `npm test` work on a fresh clone.
// Plain JavaScript without dependencies: it has to run before anything is installed, on whatever Node the machine has.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const nodeModules = join(root, 'node_modules');
const stamp = join(nodeModules, '.installed-from');
const projectNode = join(nodeModules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

const commands = {
  start: { build: true, run: [['dist/start.js']] },
  tenant: { build: true, run: [['dist/tenant.js']], connector: true },
  consume: { build: true, run: [['dist/consume.js']], connector: true },
  evidence: { build: true, run: [['dist/evidence.js']], connector: true },
  respond: { build: true, run: [['dist/respond.js']], connector: true },
  bench: { build: true, run: [['--expose-gc', 'dist/bench.js']] },
  docs: { build: true, run: [['dist/docs.js']] },
  build: { build: true, run: [] },
  package: { build: false, run: [['.ci/package.mjs']] },
  'deploy:check': { build: true, run: [['dist/deployCheck.js']] },
  infra: { build: false, run: [['.ci/infra.mjs']] },
  test: { build: true, browser: true, run: [['node_modules/jest/bin/jest.js']] },
  check: { build: false, run: [['.ci/check.mjs']] },
  format: { build: false, run: [['node_modules/prettier/bin/prettier.cjs', '--write', '.']] },
};

function fail(text, status = 1) {
  process.stderr.write(`${text}\n`);
  process.exit(status);
}

// Quiet, and without install scripts: npm's own warnings about the machine's older Node mean nothing here, because the project brings its own.
// The project's own Node is among what an installation replaces, so npm and the install script run on the machine's: npm puts
// node_modules/.bin, where the project's Node may be, first on the path.
const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(nodeModules));
const environment = {
  ...process.env,
  PATH: path.join(delimiter),
  npm_config_loglevel: 'error',
  npm_config_ignore_scripts: 'true',
};

function run(program, parameters, cwd = root) {
  const done = spawnSync(program, parameters, { cwd, stdio: ['ignore', 2, 2], env: environment });
  if (done.error) fail(`${program} could not be started: ${done.error.message}`);
  return done.status ?? 1;
}

function installWhatIsMissing() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const installed = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
  if (installed !== lock || !existsSync(projectNode)) {
    process.stderr.write('Installing dependencies (once, about a minute) …\n');
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    if (run(npm, ['ci']) !== 0)
      fail('npm ci failed. Check that the npm registry can be reached, then run the same command again.');
    // The package "node" carries the Node 22 that the project runs on; its install script is the only one the project needs.
    if (run('node', ['installArchSpecificPackage.js'], join(nodeModules, 'node')) !== 0 || !existsSync(projectNode))
      fail(
        'Node 22 could not be installed from the npm package "node". Run the same command again, or use a machine with Node 22.',
      );
    writeFileSync(stamp, lock);
  }
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(resolve(root, file), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    fail(`${file} cannot be read as JSON: ${error.message}`, 2);
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Takes `--data DIR` out of the words of a command: the folder of the local stack it speaks to. */
function takeDataFolder(words) {
  const at = words.findIndex((word) => word === '--data' || word.startsWith('--data='));
  if (at < 0) return undefined;
  const [word, next] = words.splice(at, words[at] === '--data' ? 2 : 1);
  const folder = word === '--data' ? next : word.slice('--data='.length);
  if (!folder) fail('--data needs the folder of a local stack that runs, for example --data .local', 2);
  return folder;
}

/** The connector that a command speaks to: the stack that is named, else the one of the environment, else the local stack while it runs, else the one of local.settings.json. */
function connectorSettings(folder) {
  const named = folder !== undefined;
  if (!named && (process.env.KEY_VAULT_URL || process.env.EVENTHUBS || process.env.EVENTHUBS__fullyQualifiedNamespace)) return {};
  const stack = readJson(join(folder ?? '.local', 'environment.json'));
  if (named && !(stack && isAlive(stack.pid)))
    fail(`No local stack runs in ${folder}. Start one: npm start -- --data ${folder}`, 2);
  if (stack && isAlive(stack.pid)) return stack.environment;
  // On a developer's machine there is no managed identity: the one who is signed in is asked.
  return { AZURE_IDENTITY: 'developer', ...readJson('local.settings.json')?.Values };
}

/** The tests of the pages run in Chromium. It is taken from the system, and installed where that is possible without a question. */
function installChromium() {
  const places = [process.env.CHROMIUM, '/usr/bin/chromium-headless-shell', '/usr/bin/chromium', '/usr/bin/google-chrome'];
  if (places.some((place) => place && existsSync(place))) return;
  if (process.platform !== 'linux' || process.getuid() !== 0 || !existsSync('/usr/bin/apt-get')) {
    process.stderr.write(
      'There is no Chromium: the tests in test/browser fail. Install it, or name it in the variable CHROMIUM.\n',
    );
    return;
  }
  process.stderr.write('Installing Chromium for the tests of the pages (once) …\n');
  run('apt-get', ['-qq', 'update']);
  if (run('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', 'chromium-headless-shell', 'fonts-dejavu-core']) !== 0)
    process.stderr.write('Chromium could not be installed: the tests in test/browser fail.\n');
}

const [name, ...parameters] = process.argv.slice(2);
const command = commands[name];
if (!command) fail(`Unknown command "${name}". Known: ${Object.keys(commands).join(', ')}.`, 2);
installWhatIsMissing();
const settings = command.connector ? connectorSettings(takeDataFolder(parameters)) : {};
if (command.browser) installChromium();
if (command.build && run(projectNode, ['.ci/build.mjs']) !== 0) fail('The build failed; the lines above say where.');
for (const script of command.run) {
  const child = spawn(projectNode, [...script, ...parameters], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...settings },
  });
  // A terminal sends Ctrl+C to the whole group; the child stops its own servers and decides the exit code.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
  const status = await new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ? 1 : code)));
  if (status !== 0) process.exit(status);
}
