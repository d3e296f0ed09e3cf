import { tmpdir } from 'node:os';
import { OptionError, readStartOptions, startHelp } from './startOptions';
import { tenantsOfEveryKind } from './microsoft365/defaultTenants';

const read = (words: string): ReturnType<typeof readStartOptions> =>
  readStartOptions(words.split(' ').filter((word) => word !== ''));

describe('readStartOptions', () => {
  it('has defaults for everything', () => {
    expect(read('')).toEqual({
      forSeconds: undefined,
      tenants: tenantsOfEveryKind,
      seed: 7,
      recordsFolder: undefined,
      json: false,
      faults: [],
      simulation: true,
      clean: false,
      folder: '.local',
    });
  });

  it('reads all options', () => {
    const folder = tmpdir();

    expect(read(`--for 60 --tenants 12 --seed 0 --records ${folder} --json --faults slow,html --clean --data x`)).toEqual({
      forSeconds: 60,
      tenants: 12,
      seed: 0,
      recordsFolder: folder,
      json: true,
      faults: ['slow', 'html'],
      simulation: true,
      clean: true,
      folder: 'x',
    });
    expect(read('--no-simulation --for 5')).toMatchObject({ simulation: false, forSeconds: 5 });
  });

  it('knows "all" faults, and takes each once', () => {
    const all = read('--faults all')?.faults ?? [];

    expect(all).toContain('throttling');
    expect(new Set(all).size).toBe(all.length);
    expect(read('--faults slow,slow')?.faults).toEqual(['slow']);
  });

  it('answers a call for help with nothing to do', () => {
    expect([read('--help'), read('-h --for x')]).toEqual([undefined, undefined]);
    for (const name of [
      '--for',
      '--tenants',
      '--seed',
      '--records',
      '--json',
      '--faults',
      '--clean',
      '--data',
      '--no-simulation',
      'throttling',
    ])
      expect(startHelp).toContain(name);
  });

  it.each([
    ['--for 0', '--for takes a whole number from 1 to 86400'],
    ['--for -5', '--for'],
    ['--for 1.5', '--for takes'],
    ['--for', '--for'],
    ['--for=', '--for takes'],
    ['--tenants 1001', '--tenants takes a whole number from 1 to 1000'],
    ['--seed abc', '--seed takes'],
    ['--records /no/such/folder', '/no/such/folder is not a folder'],
    [`--records ${__filename}`, 'is not a folder'],
    ['--faults nonsense', 'there is no "nonsense"'],
    ['--faults toString', 'there is no "toString"'],
    ['--faults slow,,', '--faults'],
    ['--data=', '--data'],
    ['--no-simulation --faults slow', '--no-simulation goes with neither'],
    ['--no-simulation --tenants 3', '--no-simulation goes with neither'],
    ['--no-simulation --seed 3', '--no-simulation goes with neither'],
    ['--unknown', '--unknown'],
    ['word', 'word'],
  ])('refuses %s', (words, message) => {
    expect(() => read(words)).toThrow(OptionError);
    expect(() => read(words)).toThrow(message);
  });
});
