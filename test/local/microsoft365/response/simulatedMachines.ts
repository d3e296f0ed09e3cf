import { createHash } from 'node:crypto';
import type { ActionReply, Effect } from './simulatedUsers';
import { refused } from './simulatedUsers';

/** How a machine takes what is asked of it: `stuck` never answers, `failing` fails, `offline` waits until it is back. */
export type MachineMood = 'online' | 'offline' | 'stuck' | 'failing';

/** A machine as the simulation knows it. */
export interface MachineFacts {
  readonly id: string;
  readonly computerDnsName: string;
  readonly osPlatform: string;
}

interface Started {
  readonly id: string;
  readonly type: string;
  readonly scope: string | null;
  readonly comment: string;
  readonly machineId: string;
  readonly at: number;
  cancelledAt?: number;
  /** When the machine took it, once it has. */
  takenAt?: number;
}

interface MachineState {
  mood: MachineMood;
  readonly actions: Started[];
}

const types: Readonly<Record<string, { readonly type: string; readonly field?: string; readonly values?: readonly string[] }>> = {
  isolate: { type: 'Isolate', field: 'IsolationType', values: ['Full', 'Selective'] },
  unisolate: { type: 'Unisolate' },
  collectInvestigationPackage: { type: 'CollectInvestigationPackage' },
  runAntiVirusScan: { type: 'RunAntiVirusScan', field: 'ScanType', values: ['Quick', 'Full'] },
};
const opposites: Readonly<Record<string, string>> = { Isolate: 'Unisolate', Unisolate: 'Isolate' };

/** Machines of Defender for Endpoint on which actions are started, take their time, and end. */
export class SimulatedMachines {
  readonly effects: Effect[] = [];
  /** Actions that crossed with their opposite: after that nobody knows how the machine is. */
  readonly crossed: string[] = [];
  /** How long it takes until a machine begins, and until it is done. */
  takesAfterMs = 2_000;
  endsAfterMs = 4_000;
  /** How long a new action is missing from lists. */
  lagMs = 0;
  readonly #now: () => number;
  readonly #find: (id: string) => MachineFacts | undefined;
  readonly #firstMood: (id: string) => MachineMood;
  readonly #states = new Map<string, MachineState>();
  #count = 0;

  constructor(
    now: () => number,
    find: (id: string) => MachineFacts | undefined,
    firstMood: (id: string) => MachineMood = () => 'online',
  ) {
    this.#now = now;
    this.#find = find;
    this.#firstMood = firstMood;
  }

  /** Gives a machine another mood; one that comes back takes what waits for it. */
  setMood(id: string, mood: MachineMood): void {
    const state = this.#stateOf(id);
    for (const action of state.actions) this.#statusOf(state, action);
    state.mood = mood;
  }

  /** The mood of a machine; undefined as long as nobody gave it one. */
  moodOf(id: string): MachineMood | undefined {
    return this.#states.get(id)?.mood;
  }

  /** Answers a request of Defender for Endpoint about machine actions; undefined when it is none. */
  answer(method: string, path: string, query: URLSearchParams, body: string): ActionReply | undefined {
    const one = /^\/api\/machineactions\/([^/]+)(\/cancel)?$/i.exec(path);
    if (one !== null) return one[2] === undefined ? this.#read(one[1] ?? '') : this.#cancel(one[1] ?? '');
    if (/^\/api\/machineactions$/i.test(path)) return this.#list(query.get('$filter') ?? '');
    const start = /^\/api\/machines\/([^/]+)\/(\w+)$/.exec(path);
    if (start === null || method !== 'POST') return undefined;
    return this.#start(decodeURIComponent(start[1] ?? ''), start[2] ?? '', body);
  }

  /** Whether the machine is cut off now. */
  isIsolated(id: string): boolean {
    const state = this.#stateOf(id);
    const last = state.actions.filter((each) => each.type in opposites && this.#statusOf(state, each) === 'Succeeded').at(-1);
    return last?.type === 'Isolate';
  }

  /** The actions of a machine with their states, in the order in which they were started. */
  actionsOf(id: string): readonly { readonly type: string; readonly status: string; readonly comment: string }[] {
    const state = this.#stateOf(id);
    return state.actions.map((each) => ({ type: each.type, comment: each.comment, status: this.#statusOf(state, each) }));
  }

  #stateOf(id: string): MachineState {
    let state = this.#states.get(id);
    if (state === undefined) this.#states.set(id, (state = { mood: this.#firstMood(id), actions: [] }));
    return state;
  }

  #statusOf({ mood }: MachineState, action: Started): string {
    if (action.cancelledAt !== undefined) return 'Cancelled';
    const now = this.#now();
    if (action.takenAt === undefined) {
      if (mood === 'offline' || mood === 'stuck' || now < action.at + this.takesAfterMs) return 'Pending';
      action.takenAt = Math.max(action.at + this.takesAfterMs, now - this.endsAfterMs);
    }
    if (now < action.takenAt + this.endsAfterMs) return 'InProgress';
    return mood === 'failing' ? 'Failed' : 'Succeeded';
  }

  #start(id: string, path: string, body: string): ActionReply {
    const facts = this.#find(id);
    if (facts === undefined) return refused(404, 'ResourceNotFound', `Machine ${id} was not found`);
    const kind = Object.hasOwn(types, path) ? types[path] : undefined;
    if (kind === undefined) return refused(404, 'ResourceNotFound', `Resource not found: ${path}`);
    const given = JSON.parse(body === '' ? '{}' : body) as Record<string, unknown>;
    const comment = given['Comment'];
    const scope = kind.field === undefined ? undefined : given[kind.field];
    // Names of properties are case-sensitive.
    if (
      typeof comment !== 'string' ||
      comment === '' ||
      (kind.field !== undefined && !(kind.values ?? []).includes(String(scope)))
    )
      return refused(400, 'InvalidRequestBody', 'Request body is incorrect');
    if (!/^(Windows|Linux|Ubuntu|macOS)/.test(facts.osPlatform))
      return refused(400, 'OsPlatformNotSupported', 'OS platform is not supported');
    const state = this.#stateOf(id);
    const open = state.actions.filter((each) => ['Pending', 'InProgress'].includes(this.#statusOf(state, each)));
    if (open.some(({ type }) => type === kind.type))
      return refused(400, 'ActiveRequestAlreadyExists', 'Action is already in progress');
    if (open.some(({ type }) => type === opposites[kind.type])) this.crossed.push(`${id} ${kind.type}`);
    const digest = createHash('sha256')
      .update(`${id}${(this.#count += 1)}`)
      .digest('hex');
    const action: Started = {
      id: `${digest.slice(0, 8)}-${digest.slice(8, 12)}-4${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`,
      ...{ type: kind.type, scope: typeof scope === 'string' ? scope : null, comment, machineId: id, at: this.#now() },
    };
    state.actions.push(action);
    this.effects.push({ at: this.#now(), target: id, what: kind.type, comment });
    return { status: 201, body: this.#shown(state, action) };
  }

  #shown(state: MachineState, action: Started): object {
    const { id, type, scope, comment, machineId, at } = action;
    const created = new Date(at).toISOString();
    return {
      ...{
        id,
        type,
        scope,
        title: null,
        requestor: 'Response application',
        requestorComment: comment,
        requestSource: 'PublicApi',
      },
      ...{ status: this.#statusOf(state, action), machineId, computerDnsName: this.#find(machineId)?.computerDnsName ?? null },
      ...{ creationDateTimeUtc: created, lastUpdateDateTimeUtc: new Date(this.#now()).toISOString(), relatedFileInfo: null },
    };
  }

  #found(id: string): { readonly state: MachineState; readonly action: Started } | undefined {
    for (const state of this.#states.values()) {
      const action = state.actions.find((each) => each.id === id);
      if (action !== undefined) return { state, action };
    }
    return undefined;
  }

  #read(id: string): ActionReply {
    const found = this.#found(id);
    if (found === undefined) return refused(404, 'ResourceNotFound', `Machine action ${id} was not found`);
    return { status: 200, body: this.#shown(found.state, found.action) };
  }

  #list(filter: string): ActionReply {
    const id = /^machineId eq '([0-9a-f]{40})'$/.exec(filter)?.[1];
    if (id === undefined) return refused(400, 'InvalidInput', 'The filter is not known.');
    const state = this.#stateOf(id);
    const visible = state.actions.filter(({ at }) => this.#now() - at >= this.lagMs);
    return { status: 200, body: { value: visible.map((each) => this.#shown(state, each)) } };
  }

  #cancel(id: string): ActionReply {
    const found = this.#found(id);
    if (found === undefined) return refused(404, 'ResourceNotFound', `Machine action ${id} was not found`);
    const { state, action } = found;
    if (this.#statusOf(state, action) !== 'Pending')
      return refused(400, 'BadRequest', 'The action cannot be cancelled any more.');
    action.cancelledAt = this.#now();
    return { status: 200, body: this.#shown(state, action) };
  }
}
