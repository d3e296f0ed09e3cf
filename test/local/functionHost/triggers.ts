import { connectionString, expandSettings, type AppSettings } from './appSettings';
import type { RegisteredFunction } from './functionRegistry';
import type { HostJson } from './hostJson';
import type { HostLog } from './hostLog';
import { httpPath } from './httpTrigger';
import type { Invoke } from './invoker';
import type { Listener } from './listener';
import { parseSchedule } from './ncrontab';
import { openQueue } from './queueStorage';
import { startQueueTrigger, type QueueListener } from './queueTrigger';
import { blobTimerMonitor } from './timerStatus';
import { startTimer, timerOptions } from './timerTrigger';

/** A function, the type of its trigger, and what it listens to: a schedule, a queue or a path. */
export interface FunctionFacts {
  readonly name: string;
  readonly trigger: string;
  readonly on: string;
}

/** What the timer and queue triggers need. */
export interface TriggerParts {
  readonly functions: readonly RegisteredFunction[];
  readonly host: HostJson;
  readonly settings: AppSettings;
  readonly invoke: Invoke;
  readonly log: HostLog;
}

/** The running timer and queue triggers. */
export interface Triggers extends Listener {
  /** Makes the triggers of a queue, known by its URL, look at once. */
  wake(queueUrl: string): void;
}

// The real host's ten minutes: https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#peek-lock
const invisibleSeconds = 600;
const longestQueueName = 63;

/** Whether a function is called over HTTP. */
export function isHttp(fn: RegisteredFunction): boolean {
  return fn.trigger.type.toLowerCase() === 'httptrigger';
}

/** Checks all triggers first and then starts them, so that a mistake in one starts none. */
export function startTriggers({ functions, host, settings, invoke, log }: TriggerParts): Triggers {
  const timers: (() => Listener)[] = [];
  const queues: { url: string; start: () => QueueListener }[] = [];
  for (const fn of functions) {
    const type = fn.trigger.type.toLowerCase();
    if (fn.metadata.retryOptions !== undefined)
      log('warning', 'The local host does not follow retry options.', { function: fn.name });
    if (type === 'timertrigger') timers.push(timer(fn, settings, invoke, log));
    else if (type === 'queuetrigger') queues.push(queue(fn, host, settings, invoke, log));
    else log('warning', `The local host has no ${fn.trigger.type}, so this function never runs.`, { function: fn.name });
  }
  const listeners = queues.map(({ url, start }) => ({ url, listener: start() }));
  const started = [...timers.map((start) => start()), ...listeners.map(({ listener }) => listener)];
  return {
    wake: (queueUrl) => {
      for (const { url, listener } of listeners) if (url === queueUrl) listener.wake();
    },
    stop: async () => {
      await Promise.all(started.map((listener) => listener.stop()));
    },
  };
}

/** Says what a function listens to. */
export function describeTrigger(fn: RegisteredFunction, { extensions }: HostJson, settings: AppSettings): FunctionFacts {
  const { type, schedule, queueName } = fn.trigger;
  const option = typeof schedule === 'string' ? schedule : typeof queueName === 'string' ? queueName : '';
  const on = isHttp(fn) ? httpPath(fn, extensions.http.routePrefix) : expandSettings(settings, option, `Function "${fn.name}"`);
  return { name: fn.name, trigger: type, on };
}

function timer(fn: RegisteredFunction, settings: AppSettings, invoke: Invoke, log: HostLog): () => Listener {
  const { runOnStartup, useMonitor, schedule: expression } = timerOptions.parse(fn.trigger);
  const schedule = parseSchedule(expandSettings(settings, expression, `The timer "${fn.name}"`));
  const first = schedule.next(new Date());
  // As in Azure, schedules below a minute are not remembered.
  const remembered = useMonitor && schedule.next(first).getTime() - first.getTime() >= 60_000;
  const hostId = settings['AzureFunctionsWebHost__hostid'] ?? 'local';
  const monitor = remembered
    ? blobTimerMonitor(connectionString(settings, 'AzureWebJobsStorage', `The timer "${fn.name}"`), hostId, fn.name)
    : undefined;
  return () => startTimer({ fn, schedule, runOnStartup, monitor, invoke, log });
}

function queue(fn: RegisteredFunction, { extensions }: HostJson, settings: AppSettings, invoke: Invoke, log: HostLog) {
  const usedBy = `The queue trigger of function "${fn.name}"`;
  const source = openQueue(settings, fn.trigger, usedBy);
  const poisonName = `${source.name}-poison`;
  // As in Azure, where therefore a message that fails in a function of a poison queue is never moved and never deleted.
  const hasPoison = !source.name.endsWith('-poison') && poisonName.length <= longestQueueName;
  const poison = hasPoison ? openQueue(settings, { ...fn.trigger, queueName: poisonName }, usedBy) : undefined;
  const invisibleMs = Number(settings['FUNCTION_HOST_INVISIBLE_SECONDS'] ?? invisibleSeconds) * 1000;
  if (!(invisibleMs >= 1000)) throw new Error('FUNCTION_HOST_INVISIBLE_SECONDS must be a number of seconds, at least 1.');
  const parts = { fn, queue: source, poison, settings: extensions.queues, invisibleMs, invoke, log };
  return { url: source.url, start: () => startQueueTrigger(parts) };
}
