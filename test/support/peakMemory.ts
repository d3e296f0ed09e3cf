import { existsSync, readFileSync } from 'node:fs';

const status = '/proc/self/status';

/**
 * The most memory (resident set) that this program has had so far, in bytes. On Linux not the maximum of `getrusage`, which a process takes over from the one
 * that started it: a child of a process of 300 MB says 300 MB from its first moment on.
 * https://man7.org/linux/man-pages/man2/getrusage.2.html, https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
 */
export function peakMemoryBytes(): number {
  if (!existsSync(status)) return process.resourceUsage().maxRSS * 1_024;
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(status, 'utf8')) ?? [];
  if (kilobytes === undefined) throw new Error(`${status} does not say the peak of the memory.`);
  return Number(kilobytes) * 1_024;
}
