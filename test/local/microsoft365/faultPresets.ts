import type { Fault } from './fault';
import type { FaultPresetName } from './faultPresetNames';
import { graphPresets } from './graph/graphPresets';
import type { Settings } from './settings';

const listing = ['content', 'nextPage'] as const;
const collecting = ['subscriptionsList', 'content', 'nextPage', 'blob'] as const;

const presets: Record<FaultPresetName, { faults: Fault[]; settings?: Partial<Settings> }> = {
  throttling: {
    faults: [
      { when: { operation: collecting }, probability: 0.05, respond: { af: 'AF429', status: 403 } },
      { when: { operation: collecting }, probability: 0.05, respond: { af: 'AF429', status: 429, retryAfter: 5 } },
    ],
  },
  serverErrors: {
    faults: [
      { when: { operation: collecting }, probability: 0.05, respond: { af: 'AF50000', status: 500 } },
      { when: { operation: collecting }, probability: 0.05, respond: { status: 503, body: 'Service Unavailable' } },
      { when: { operation: ['openId', 'token'] }, probability: 0.02, respond: { status: 503, body: 'Service Unavailable' } },
    ],
  },
  resets: {
    faults: [
      { when: { operation: 'blob' }, probability: 0.1, respond: { kind: 'reset', afterBytes: 3000 } },
      { when: { operation: listing }, probability: 0.05, respond: { kind: 'reset', afterBytes: 0 } },
    ],
  },
  truncated: {
    faults: [
      { when: { operation: 'blob' }, probability: 0.1, respond: { kind: 'truncate', bytes: 1500 } },
      { when: { operation: listing }, probability: 0.05, respond: { kind: 'truncate', bytes: 100 } },
    ],
  },
  slow: {
    faults: [
      { when: { operation: 'blob' }, probability: 0.2, respond: { kind: 'slow', bytesPerSecond: 50_000 } },
      { when: { operation: listing }, probability: 0.1, respond: { kind: 'delay', ms: 2000 } },
    ],
  },
  late: { faults: [], settings: { lateShare: 0.2, lateUpToMs: 3 * 3_600_000 } },
  repeated: {
    faults: [
      {
        when: { operation: listing },
        probability: 0.5,
        respond: { kind: 'mutateList', change: (items) => [...items, ...items.slice(0, 20)] },
      },
    ],
    settings: { repeatShare: 0.2 },
  },
  missingPages: {
    faults: [
      { when: { operation: listing }, probability: 0.3, respond: { kind: 'mutateHeaders', headers: { NextPageUri: null } } },
    ],
  },
  tokenLife: { faults: [], settings: { tokenLifeSeconds: 30 } },
  html: {
    faults: [
      { when: { operation: listing }, probability: 0.05, respond: { kind: 'html', status: 200 } },
      { when: { operation: 'blob' }, probability: 0.05, respond: { kind: 'html', status: 502 } },
    ],
  },
  skew: { faults: [], settings: { serverClockOffsetMs: 10 * 60_000 } },
};

/** Puts a preset in force. */
export function applyPreset(name: FaultPresetName, faults: { add(fault: Fault): unknown }, settings: Settings): void {
  const preset = presets[name];
  const more = graphPresets[name];
  for (const fault of [...preset.faults, ...(more?.faults ?? [])]) faults.add({ name, ...fault });
  Object.assign(settings, preset.settings, more?.settings);
}
