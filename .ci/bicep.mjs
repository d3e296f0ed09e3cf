// Runs the Bicep CLI in the version that bicep.csproj pins: `node .ci/bicep.mjs lint infra/main.bicep`. The first use fetches it from NuGet with the
// .NET SDK; without one, a `bicep` of that very version on the PATH is taken.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = join(dirname(fileURLToPath(import.meta.url)), 'bicep.csproj');
const version = /<BicepVersion>(.+)<\/BicepVersion>/.exec(readFileSync(project, 'utf8'))[1];
const system = { linux: 'linux', darwin: 'osx', win32: 'win' }[process.platform];
const platform = `${system}-${process.arch}`;
const packages = process.env.NUGET_PACKAGES || join(homedir(), '.nuget', 'packages');
const fetched = join(packages, `azure.bicep.commandline.${platform}`, version, 'tools', system === 'win' ? 'bicep.exe' : 'bicep');

function fetchBicep() {
  const scratch = mkdtempSync(join(tmpdir(), 'bicep-'));
  const parameters = ['restore', project, `-p:BicepPlatform=${platform}`, `-p:BaseIntermediateOutputPath=${scratch}/`];
  const restored = spawnSync('dotnet', [...parameters, '--packages', packages], { stdio: ['ignore', 2, 2] });
  rmSync(scratch, { recursive: true, force: true });
  return restored.status === 0 && existsSync(fetched);
}

function bicep() {
  if (!existsSync(fetched) && !fetchBicep()) {
    const found = spawnSync('bicep', ['--version'], { encoding: 'utf8' });
    if (found.stdout?.includes(` ${version} `)) return 'bicep';
    process.stderr.write(
      `The Bicep CLI ${version} is missing. Install the .NET SDK, which fetches it from NuGet, or put bicep ${version} on the PATH; then run the same command again.\n`,
    );
    process.exit(3);
  }
  if (system !== 'win') chmodSync(fetched, 0o755);
  return fetched;
}

const done = spawnSync(bicep(), process.argv.slice(2), { stdio: 'inherit' });
process.exit(done.status ?? 1);
