import { z } from 'zod';
import type { RegisteredFunction } from './functionRegistry';
import { describeError, type HostLog } from './hostLog';
import type { Invoke } from './invoker';
import type { Listener } from './listener';
import type { Schedule } from './ncrontab';
import { createPause } from './pause';
import { statusForFunction, type TimerMonitor, type TimerStatus } from './timerStatus';

/** The options of a timer trigger. */
export const timerOptions = z.looseObject({
  schedule: z.string(),
  runOnStartup: z.boolean().default(false),
  useMonitor: z.boolean().default(true),
});

/** What a timer needs; without a monitor it does not notice what it missed while the host was down. */
export interface TimerParts {
  readonly fn: RegisteredFunction;
  readonly schedule: Schedule;
  readonly runOnStartup: boolean;
  readonly monitor: TimerMonitor | undefined;
  readonly invoke: Invoke;
  readonly log: HostLog;
}

/** Runs a function on its schedule, never twice at once: what comes due during a run makes one run right after it. */
export function startTimer({ fn, schedule, runOnStartup, monitor, invoke, log }: TimerParts): Listener {
  const pause = createPause();
  let stopping = false;
  const isStopping = () => stopping;
  const warn = (error: unknown) => {
    log('warning', `The status of timer ${fn.name} could not be kept: ${describeError(error)}`, { function: fn.name });
    return undefined;
  };

  const fire = async (status: TimerStatus, isPastDue: boolean): Promise<TimerStatus> => {
    const now = new Date();
    const timer = { Schedule: { AdjustForDST: true }, ScheduleStatus: statusForFunction(status), IsPastDue: isPastDue };
    // The invoker has logged a failure; the next run comes on schedule.
    await invoke(fn, { data: { json: JSON.stringify(timer) } }).catch(() => undefined);
    const after = { last: now, next: schedule.next(now), lastUpdated: now };
    await monitor?.write(after).catch(warn);
    return after;
  };

  const run = async () => {
    const now = new Date();
    const known = await monitor?.read().catch(warn);
    let status: TimerStatus = known ?? { next: schedule.next(now), lastUpdated: now };
    if (!known) await monitor?.write(status).catch(warn);
    // Computed again instead of read, because the schedule may have changed since.
    const isPastDue = known !== undefined && schedule.next(known.lastUpdated) <= now;
    if ((isPastDue || runOnStartup) && !isStopping()) status = await fire(status, isPastDue);
    else status = { ...status, next: schedule.next(now) };
    while (!isStopping()) {
      const ms = status.next.getTime() - Date.now();
      if (ms > 0) await pause.wait(ms);
      else status = await fire(status, false);
    }
  };

  const running = run();
  return {
    stop: () => {
      stopping = true;
      pause.end();
      return running;
    },
  };
}
