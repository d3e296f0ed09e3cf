import { existsSync, statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { faultPresetNames, isFaultPresetName } from './microsoft365/faultPresetNames';
import type { FaultPresetName } from './microsoft365/faultPresetNames';
import { tenantsOfEveryKind } from './microsoft365/defaultTenants';

/** What `npm start` was asked for. */
export interface StartOptions {
  readonly forSeconds: number | undefined;
  readonly tenants: number;
  readonly seed: number;
  readonly recordsFolder: string | undefined;
  readonly json: boolean;
  readonly faults: readonly FaultPresetName[];
  readonly simulation: boolean;
  readonly clean: boolean;
  readonly folder: string;
}

/** The help text of `npm start`. */
export const startHelp = `Runs the connector on this machine, with everything it needs: storage (Azurite), Event Hubs, Key Vault, a Functions host
and a simulated Microsoft 365 with several tenants. Data is kept in .local between runs.

  npm start                               until Ctrl+C
  npm start -- --for 60                   for 60 s, then proves that every record arrived, byte for byte
  npm start -- --records DIR              replays the records of a folder (*.json, *.jsonl named after their content type)
  npm start -- --no-simulation            without the simulated Microsoft 365: for real tenants, or any server named as cloud "custom"

  --for SECONDS    stops by itself, waits until everything has arrived, and compares the hubs with what was made available
  --tenants N      how many simulated tenants (default ${tenantsOfEveryKind}: four healthy ones, one of each trouble, one of each kind of licence, consent and cloud)
  --seed N         another seed, other tenants and records (default 7)
  --records DIR    replays the records of a folder in addition, in every healthy tenant
  --faults LIST    what goes wrong, separated by commas; "all" for everything:
${Object.entries(faultPresetNames)
  .map(([name, text]) => `                     ${name.padEnd(14)} ${text}`)
  .join('\n')}
  --json           no live view; with --for, the last line is one JSON object with the result
  --clean          forgets what earlier runs left
  --data DIR       keeps the data there instead of .local; npm run tenant and npm run consume take the same option
  --no-simulation  prints the Event Hubs connection string and collects whatever tenants are added (npm run tenant -- add --help)

Exit code: 0 it worked (with --for: every record that could be collected arrived as it was), 1 it did not, 2 an option cannot be right.
What the connector logs goes to connector.log in the data folder.
`;

/** Thrown for options that cannot be right; the message says what and gives an example. */
export class OptionError extends Error {}

function whole(name: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < least || number > most)
    throw new OptionError(
      `--${name} takes a whole number from ${least} to ${most}, for example --${name} ${least < 60 ? 60 : least}.`,
    );
  return number;
}

/** Reads the options; undefined when help was asked for. Throws an OptionError. */
export function readStartOptions(words: readonly string[]): StartOptions | undefined {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...words],
      options: {
        for: { type: 'string' },
        tenants: { type: 'string' },
        seed: { type: 'string' },
        records: { type: 'string' },
        faults: { type: 'string' },
        data: { type: 'string' },
        json: { type: 'boolean' },
        clean: { type: 'boolean' },
        'no-simulation': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    const told =
      typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : 'The options cannot be read.';
    throw new OptionError(`${told} See npm start -- --help`);
  }
  if (values.help === true) return undefined;
  const { records } = values;
  if (records !== undefined && !(existsSync(records) && statSync(records).isDirectory()))
    throw new OptionError(`--records: ${records} is not a folder.`);
  const given = values.faults === undefined ? [] : values.faults.split(',').map((name) => name.trim());
  const names = given.includes('all') ? Object.keys(faultPresetNames) : [...new Set(given)];
  const faults = names.filter(isFaultPresetName);
  const unknown = names.find((name) => !isFaultPresetName(name));
  if (unknown !== undefined)
    throw new OptionError(`--faults: there is no "${unknown}". Known: ${Object.keys(faultPresetNames).join(', ')}, all.`);
  if (values.data === '') throw new OptionError('--data names no folder, for example --data .local2');
  const simulation = values['no-simulation'] !== true;
  if (!simulation && [records, values.faults, values.tenants, values.seed].some((value) => value !== undefined))
    throw new OptionError(
      '--no-simulation goes with neither --records, --faults, --tenants nor --seed: there is nothing simulated.',
    );
  return {
    forSeconds: whole('for', values.for, 1, 86_400),
    tenants: whole('tenants', values.tenants, 1, 1_000) ?? tenantsOfEveryKind,
    seed: whole('seed', values.seed, 0, 2 ** 31) ?? 7,
    recordsFolder: records,
    json: values.json ?? false,
    faults,
    simulation,
    clean: values.clean ?? false,
    folder: values.data ?? '.local',
  };
}
