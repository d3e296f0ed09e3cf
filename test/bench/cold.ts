import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

/** How long a fresh process needs until all functions are registered. */
export interface ColdStart {
  readonly runs: number;
  readonly bundleBytes: number;
  readonly functions: number;
  /** The fastest of all runs, in milliseconds since the process began: whatever else a machine does only adds. */
  readonly bareMs: number;
  readonly registeredMs: number;
  readonly overBareMs: number;
  readonly targetMs: number;
  readonly ok: boolean;
}

const targetMs = 250;
const bundle = 'dist/functions.js';

const bare = 'process.stdout.write(JSON.stringify({ ms: performance.now(), functions: 0 }))';
// What the worker of Azure Functions answers to the library; only registering counts here.
const loading = `
  const Module = require('node:module');
  const load = Module._load;
  let functions = 0;
  const core = {
    version: '3.10.0', hostVersion: '4.0.0',
    Disposable: class { static from() { return new this(); } dispose() {} },
    setProgrammingModel() {}, registerHook() {}, log() {},
    registerFunction() { functions += 1; },
  };
  Module._load = (id, ...rest) => (id === '@azure/functions-core' ? core : load(id, ...rest));
  require(${JSON.stringify(resolve(bundle))});
  process.stdout.write(JSON.stringify({ ms: performance.now(), functions }));
`;

interface Sample {
  readonly ms: number;
  readonly functions: number;
}

async function sample(script: string): Promise<Sample> {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { timeout: 60_000 });
  return JSON.parse(stdout) as Sample;
}

/** Starts bare Node and Node with the bundle, in turn, each in a process of its own. */
export async function runCold(runs: number, say: (text: string) => void): Promise<ColdStart> {
  const bareMs: number[] = [];
  const registeredMs: number[] = [];
  let functions = 0;
  say(`cold start, ${runs} times …`);
  for (let run = 0; run < runs; run += 1) {
    bareMs.push((await sample(bare)).ms);
    const registered = await sample(loading);
    registeredMs.push(registered.ms);
    ({ functions } = registered);
  }
  const fastest = { bareMs: Math.min(...bareMs), registeredMs: Math.min(...registeredMs) };
  const overBareMs = fastest.registeredMs - fastest.bareMs;
  return {
    runs,
    bundleBytes: statSync(bundle).size,
    functions,
    ...fastest,
    overBareMs,
    targetMs,
    ok: functions > 0 && overBareMs <= targetMs,
  };
}

/** The result for people. */
export function renderCold({ runs, bundleBytes, functions, bareMs, registeredMs, overBareMs, ok }: ColdStart): string {
  const ms = (value: number): string => `${value.toFixed(0)} ms`;
  return [
    `Bare Node ${ms(bareMs)}, with the bundle of ${(bundleBytes / 1e6).toFixed(1)} MB loaded and ${functions} functions registered ${ms(registeredMs)} (the fastest of ${runs} each).`,
    `${ok ? 'reached    ' : 'NOT REACHED'} cold start over bare Node: ${ms(overBareMs)} (wanted at most ${ms(targetMs)})`,
  ].join('\n');
}
