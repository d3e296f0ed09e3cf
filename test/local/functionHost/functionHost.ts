import { setTimeout as delay } from 'node:timers/promises';
import { isDisabled, type AppSettings } from './appSettings';
import { FunctionRegistry } from './functionRegistry';
import { readHostJson } from './hostJson';
import { createHostLog, describeError, type LogLine } from './hostLog';
import { startHttpTrigger } from './httpTrigger';
import { createInvoker } from './invoker';
import { loadApp } from './loadApp';
import { openQueueOutputs, writeQueueOutputs } from './queueOutputs';
import { describeTrigger, isHttp, startTriggers, type FunctionFacts, type Triggers } from './triggers';

/** What a host runs. The settings also become environment variables of this process until the host stops. */
export interface FunctionHostOptions {
  /** Path of a CommonJS bundle that contains `@azure/functions`. */
  readonly script: string;
  /** The parsed host.json. */
  readonly hostJson: unknown;
  readonly settings: AppSettings;
  /** Any free port without one. */
  readonly port?: number;
  /** How long `stop` waits for running invocations, 10 s if not given. */
  readonly graceMs?: number;
  /** Gets every log line; one JSON line each on stdout without it. */
  readonly write?: (line: LogLine) => void;
}

/** A running host. */
export interface FunctionHost {
  readonly port: number;
  readonly url: string;
  readonly functions: readonly FunctionFacts[];
  /** Stops the triggers, waits for what runs (at most the grace time), and runs the appTerminate hooks. */
  stop(): Promise<void>;
}

/**
 * Runs a function app in this process through the interface that Azure's Node.js worker gives to `@azure/functions`: timer, storage queue and HTTP
 * triggers, queue outputs, hooks. Whatever else an app asks for is logged as a warning and does nothing.
 */
export async function startFunctionHost(options: FunctionHostOptions): Promise<FunctionHost> {
  const { settings, graceMs = 10_000 } = options;
  const { host, ignored } = readHostJson(options.hostJson);
  const log = createHostLog(host.logging.logLevel, options.write ?? writeJsonLine);
  if (ignored.length > 0) log('warning', `The local host ignores these settings of host.json: ${ignored.join(', ')}.`);
  const restoreEnvironment = setEnvironment(settings);
  const appHookData: Record<string, unknown> = {};
  const registry = new FunctionRegistry(log);
  let triggers: Triggers | undefined;
  try {
    loadApp(options.script, registry.api);
    const model = registry.seal();
    await registry.runHooks('appStart', { hookData: {}, appHookData });
    const capabilities = await model.getCapabilities({});
    if ('HttpUri' in capabilities)
      throw new Error('The app asks for HTTP streams (enableHttpStream), which the local host does not have.');

    const functions = [...registry.functions.values()].filter((fn) => !isDisabled(settings, fn.name));
    const outputs = new Map(functions.map((fn) => [fn.name, openQueueOutputs(settings, fn)]));
    for (const [name, output] of outputs)
      if (output.ignored.length > 0)
        log('warning', `The local host does not write these outputs: ${output.ignored.join(', ')}.`, { function: name });
    const invoke = createInvoker({
      ...{ registry, model, log, appHookData, timeoutMs: host.functionTimeout },
      writeOutputs: async (fn, response) => {
        const queues = outputs.get(fn.name)?.queues ?? new Map();
        await writeQueueOutputs(queues, response, host.extensions.queues.messageEncoding, (queue) => triggers?.wake(queue.url));
      },
    });
    const http = await startHttpTrigger({
      ...{
        functions: functions.filter(isHttp),
        routePrefix: host.extensions.http.routePrefix,
        key: settings['FUNCTION_HOST_KEY'],
      },
      ...{ port: options.port ?? 0, invoke, log },
    });
    try {
      triggers = startTriggers({ functions: functions.filter((fn) => !isHttp(fn)), host, settings, invoke, log });
    } catch (error) {
      http.cut();
      await http.stop();
      throw error;
    }
    const started = triggers;
    const stop = async () => {
      const finished = Promise.all([http.stop(), started.stop()]);
      if (!(await settlesWithin(finished, graceMs)))
        log(
          'error',
          `Stopping without waiting longer than ${graceMs} ms for what still runs. Its queue messages come back by themselves.`,
        );
      http.cut();
      const terminated = registry.runHooks('appTerminate', { hookData: {}, appHookData });
      const failed = (error: unknown) => log('error', `An appTerminate hook failed: ${describeError(error)}`);
      await settlesWithin(terminated.catch(failed), graceMs);
      restoreEnvironment();
    };
    let stopped: Promise<void> | undefined;
    return {
      port: http.port,
      url: `http://127.0.0.1:${http.port}`,
      functions: functions.map((fn) => describeTrigger(fn, host, settings)),
      stop: () => (stopped ??= stop()),
    };
  } catch (error) {
    restoreEnvironment();
    throw error;
  }
}

/** Writes one JSON line to stdout, which is how everything that this host says leaves its process. */
export function writeJsonLine(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function setEnvironment(settings: AppSettings): () => void {
  const before = Object.keys(settings).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, settings);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  };
}

async function settlesWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(ms, false, { signal: timer.signal }).catch(() => false);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    timer.abort();
  }
}
