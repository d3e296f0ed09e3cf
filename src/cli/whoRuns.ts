import { userInfo } from 'node:os';

/** Who runs a command, for the history of changes: the account on this machine, which is all that is known of a person at a command line. */
export function whoRuns(): string {
  try {
    return `command line, ${userInfo().username}`;
  } catch {
    // An account without a name: a container that runs under a bare number.
    return `command line, user ${process.getuid?.() ?? 'unknown'}`;
  }
}
