import { inspect } from 'node:util';
import { z } from 'zod';
import type { HostJson } from './hostJson';
import type { LogLevel } from './workerInterface';

/** One line of the host's output. `category` is the name that host.json filters by. */
export interface LogLine {
  readonly event: 'log';
  readonly time: string;
  readonly level: LogLevel;
  readonly category: string;
  readonly function?: string;
  readonly invocationId?: string;
  readonly message: string;
}

/** Whose line it is: a function's and an invocation's, or the host's own. */
interface LogSubject {
  readonly function?: string;
  readonly invocationId?: string;
  readonly user?: boolean;
}

/** Writes a line if host.json lets its category and level through. */
export type HostLog = (level: LogLevel, message: string, subject?: LogSubject) => void;

const ranks: Readonly<Record<LogLevel, number>> = {
  trace: 0,
  debug: 1,
  information: 2,
  warning: 3,
  error: 4,
  critical: 5,
  none: 6,
};
const levels: Readonly<Record<string, LogLevel>> = {
  Trace: 'trace',
  Debug: 'debug',
  Information: 'information',
  Warning: 'warning',
  Error: 'error',
  Critical: 'critical',
  None: 'none',
};

/** Makes a log that filters by host.json's `logging.logLevel`, where the longest matching category wins. */
export function createHostLog(filters: HostJson['logging']['logLevel'], write: (line: LogLine) => void): HostLog {
  return (level, message, { user, ...subject } = {}) => {
    const category = subject.function === undefined ? 'Host.General' : `Function.${subject.function}${user ? '.User' : ''}`;
    const [, least = 'Information'] =
      Object.entries(filters)
        .filter(([name]) => name.toLowerCase() === 'default' || category === name || category.startsWith(`${name}.`))
        .sort(([a], [b]) => specificity(b) - specificity(a))[0] ?? [];
    if (ranks[level] < ranks[levels[least] ?? 'information'] || least === 'None') return;
    write({ event: 'log', time: new Date().toISOString(), level, category, ...subject, message });
  };
}

const specificity = (name: string) => (name.toLowerCase() === 'default' ? 0 : name.length);

const errorLike = z.looseObject({ message: z.string(), stack: z.string().optional(), cause: z.unknown().optional() });

/** The text of something thrown, with its stack and causes; an app's errors may come from another JavaScript context, where instanceof fails. */
export function describeError(error: unknown): string {
  const { success, data } = errorLike.safeParse(error);
  if (!success) return typeof error === 'string' ? error : inspect(error);
  const text = data.stack ?? data.message;
  return data.cause === undefined ? text : `${text}\ncaused by ${describeError(data.cause)}`;
}
