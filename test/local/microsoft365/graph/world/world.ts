import { createRandom, type Random } from '../../random';
import type { Draft } from '../feedStore';
import type { Feed } from '../operations';
import type { Feature } from '../skus';

/** What the generator knows of a tenant; the same facts give the same objects, however often and in whatever steps it is asked. */
export interface World {
  /** Stands for seed and tenant: short, as thousands of random numbers are made from it. */
  key: string;
  tenantId: string;
  name: string;
  domain: string;
  skus: readonly string[];
  features: ReadonlySet<Feature>;
  /** Things that happen in an hour, against a quiet tenant's 1. */
  pace: number;
  size: { users: number; groups: number; devices: number; servicePrincipals: number };
  /** Share of objects that can be read only later than usual, and by how much at most. */
  late: { share: number; upToMs: number };
}

/** Takes a state of an object of a feed. */
export type Put = (feed: Feed, draft: Draft) => void;

/** Makes the objects of a few feeds that belong together. */
export interface Maker {
  feeds: readonly Feed[];
  /** Puts what there is at the beginning. */
  begin?(world: World, atMs: number, put: Put): void;
  /** Puts what comes up in (fromMs, toMs]; later states of the same objects may follow at once. */
  fill?(world: World, fromMs: number, toMs: number, put: Put): void;
}

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** The random numbers of one thing in one tenant. */
export function randomOf(world: World, ...what: (string | number)[]): Random {
  return createRandom(world.key, ...what);
}

const facts = new WeakMap<World, Map<string, unknown>>();

/** What follows from the seed is worked out once. */
export function once<T>(world: World, key: string, make: () => T): T {
  let known = facts.get(world);
  if (!known) facts.set(world, (known = new Map<string, unknown>()));
  if (!known.has(key)) known.set(key, make());
  return known.get(key) as T;
}

/** The id of a numbered thing of a tenant. */
export function guidOf(world: World, what: string, number: number | string): string {
  return randomOf(world, 'id', what, number).guid();
}

/** A time as most of Graph writes it: up to seven decimals, without the zeros at the end. */
export function preciseTime(ms: number, random: Random): string {
  const fraction = `${String(ms % 1000).padStart(3, '0')}${String(random.int(0, 9999)).padStart(4, '0')}`.replace(/0+$/, '');
  return `${wholeSeconds(ms).slice(0, -1)}${fraction === '' ? '' : `.${fraction}`}Z`;
}

/** A time in whole seconds. */
export function wholeSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** When a state can be read first: after its usual delay, and much later for the share that is late. */
export function arrival(world: World, random: Random, timeMs: number, usual: readonly [number, number]): number {
  const soon = timeMs + random.int(usual[0], usual[1]);
  return world.late.share > 0 && random.chance(world.late.share) ? soon + random.int(10 * minuteMs, world.late.upToMs) : soon;
}

/** The moments in (fromMs, toMs] at which something happens, so many an hour for a quiet tenant, each with its own number. */
export function* moments(
  world: World,
  what: string,
  perHour: number,
  fromMs: number,
  toMs: number,
): Generator<{ atMs: number; key: string; random: Random }> {
  const rate = perHour * world.pace;
  if (rate <= 0) return;
  for (let slot = Math.floor(fromMs / hourMs); slot <= Math.floor(toMs / hourMs); slot++) {
    const plan = randomOf(world, 'plan', what, slot);
    const count = Math.floor(rate + plan.next());
    const times = Array.from({ length: count }, () => slot * hourMs + plan.int(0, hourMs - 1)).sort((a, b) => a - b);
    for (const [index, atMs] of times.entries()) {
      if (atMs <= fromMs || atMs > toMs) continue;
      const key = `${slot}-${index}`;
      yield { atMs, key, random: randomOf(world, what, key) };
    }
  }
}
