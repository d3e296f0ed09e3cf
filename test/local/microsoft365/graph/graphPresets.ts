import type { FaultPresetName } from '../faultPresetNames';
import type { Fault } from '../fault';
import type { Settings } from '../settings';
import { graphFaults } from './graphFaults';
import { defenderOperations, graphOperations } from './operations';

const every = [...graphOperations, ...defenderOperations];

/** What the named sets of faults do to Graph and Defender. */
export const graphPresets: Partial<Record<FaultPresetName, { faults?: Fault[]; settings?: Partial<Settings> }>> = {
  throttling: {
    faults: [
      { when: { operation: every }, probability: 0.05, respond: graphFaults.throttled(5) },
      { when: { operation: every }, probability: 0.05, respond: graphFaults.throttled() },
    ],
    settings: { sharedLimitUse: 0.3 },
  },
  serverErrors: {
    faults: [
      { when: { operation: every }, probability: 0.05, respond: graphFaults.serverError() },
      { when: { operation: every }, probability: 0.05, respond: { status: 503, body: 'Service Unavailable' } },
    ],
  },
  resets: { faults: [{ when: { operation: every }, probability: 0.05, respond: { kind: 'reset', afterBytes: 500 } }] },
  truncated: { faults: [{ when: { operation: every }, probability: 0.05, respond: { kind: 'truncate', bytes: 300 } }] },
  slow: { faults: [{ when: { operation: every }, probability: 0.1, respond: { kind: 'delay', ms: 2000 } }] },
  late: { settings: { graphLateShare: 0.1, graphLateUpToMs: 48 * 3_600_000 } },
  repeated: { settings: { deltaReplayShare: 0.2 } },
  html: {
    faults: [
      { when: { operation: every }, probability: 0.03, respond: { kind: 'html', status: 200 } },
      { when: { operation: every }, probability: 0.03, respond: { kind: 'html', status: 502 } },
    ],
  },
};
