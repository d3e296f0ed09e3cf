import type { Call } from './call';
import type { Fault } from './fault';
import { applyPreset, type FaultPresetName } from './faultPresets';
import { createRandom, type Random } from './random';
import type { Operation } from './requestLog';
import type { Settings } from './settings';
import type { ContentType } from './tenant';

/** A fault in force. */
export interface ActiveFault {
  readonly fault: Fault;
  /** How often it has happened. */
  used: number;
  remove(): void;
}

/** The faults in force; the first one that matches a request shapes its answer. */
export class Faults {
  readonly #settings: Settings;
  readonly #initial: Settings;
  readonly #seed: number;
  #random: Random;
  #active: ActiveFault[] = [];

  constructor(settings: Settings, seed: number) {
    this.#settings = settings;
    this.#initial = { ...settings };
    this.#seed = seed;
    this.#random = createRandom(seed, 'faults');
  }

  /** Puts a fault in force until it is used up, removed or cleared. */
  add(fault: Fault): ActiveFault {
    const active: ActiveFault = {
      fault,
      used: 0,
      remove: () => {
        this.#active = this.#active.filter((each) => each !== active);
      },
    };
    this.#active.push(active);
    return active;
  }

  /** Puts a named set of faults in force, beside those there are. */
  preset(name: FaultPresetName): void {
    applyPreset(name, this, this.#settings);
  }

  /** Removes every fault and puts the settings that presets change back. */
  clear(): void {
    this.#active = [];
    this.#random = createRandom(this.#seed, 'faults');
    const { serverClockOffsetMs, tokenLifeSeconds, lateShare, lateUpToMs, repeatShare } = this.#initial;
    Object.assign(this.#settings, { serverClockOffsetMs, tokenLifeSeconds, lateShare, lateUpToMs, repeatShare });
  }

  /** The fault that shapes the answer to this request; counts it as used. */
  take(call: Call, contentTypeOf: () => ContentType | undefined): ActiveFault | undefined {
    for (const active of this.#active) {
      const { when, times, probability, respond } = active.fault;
      if (active.used >= (times ?? Infinity)) continue;
      if (when.tenantId !== undefined && when.tenantId !== call.tenantId) continue;
      if (when.operation !== undefined && !listOf(when.operation).includes(call.operation)) continue;
      if (when.contentId !== undefined && when.contentId !== call.contentId) continue;
      if (when.contentType !== undefined && when.contentType !== (call.contentType ?? contentTypeOf())) continue;
      if ('kind' in respond && respond.kind === 'mutateList' && !isListing(call.operation)) continue;
      if (probability !== undefined && !this.#random.chance(probability)) continue;
      active.used++;
      return active;
    }
    return undefined;
  }
}

function listOf(operation: Operation | readonly Operation[]): readonly Operation[] {
  return typeof operation === 'string' ? [operation] : operation;
}

function isListing(operation: Operation): boolean {
  return operation === 'content' || operation === 'nextPage' || operation === 'notifications';
}
