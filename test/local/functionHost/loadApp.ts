import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { compileFunction, constants } from 'node:vm';

/**
 * Runs a CommonJS bundle with `@azure/functions-core` answered by the given api. Every call is a fresh copy of the whole app, so that a restarted
 * host in the same process starts with nothing in memory, as a new instance in Azure does.
 */
export function loadApp(script: string, api: object): void {
  const nodeRequire = createRequire(script);
  const appRequire = (id: string): unknown => (id === '@azure/functions-core' ? api : nodeRequire(id));
  Object.assign(appRequire, { resolve: nodeRequire.resolve, cache: nodeRequire.cache, main: undefined });
  const module = { exports: {}, id: script, filename: script, loaded: false, require: appRequire };
  // `process` is a parameter because Jest gives its tests another one than the context in which this compiles.
  const parameters = ['exports', 'require', 'module', '__filename', '__dirname', 'process'];
  const run = compileFunction(readFileSync(script, 'utf8'), parameters, {
    filename: script,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  Reflect.apply(run, module.exports, [module.exports, appRequire, module, script, dirname(script), process]);
}
