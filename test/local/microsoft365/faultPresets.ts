import type { Fault } from './fault';
import type { Settings } from './settings';

/** The named sets of faults of the command line, with what each does. */
export const faultPresetNames = {
  throttling: 'One request in ten is throttled: AF429 with status 403, or 429 with Retry-After.',
  serverErrors: 'One request in ten fails with AF50000 or status 503, the login service one in fifty.',
  resets: 'Connections break, before the answer or in the middle of a blob.',
  truncated: 'Blobs and lists end early although their framing looks complete.',
  slow: 'One blob in five arrives at 50 kB/s, one list in ten after two seconds.',
  late: 'One blob in five is listed up to three hours after it was created.',
  repeated: 'Lists name blobs twice, and one record in five appears again in a later blob.',
  missingPages: 'Three in ten lists hide that there is a next page.',
  tokenLife: 'Tokens live 30 seconds.',
  html: 'Lists and blobs are sometimes an HTML page, with status 200 or 502.',
  skew: 'The clock of the service is ten minutes ahead.',
} as const;

/** The name of a set of faults. */
export type FaultPresetName = keyof typeof faultPresetNames;

/** Tells the name of a preset from any other text. */
export function isFaultPresetName(text: string): text is FaultPresetName {
  return Object.hasOwn(faultPresetNames, text);
}

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
  for (const fault of preset.faults) faults.add({ name, ...fault });
  Object.assign(settings, preset.settings);
}
