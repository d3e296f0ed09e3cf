import type { Endpoint } from './endpoint';
import { valueAt } from './filter';
import type { Feature } from './skus';
import { dayMs } from './world/world';

/** When the service forgets an object; undefined when it keeps it. */
export function keptUntilMs({ kept }: Endpoint, features: ReadonlySet<Feature>, object: unknown): number | undefined {
  if (!kept) return undefined;
  const value = valueAt(object, kept.field);
  const time = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isNaN(time) ? undefined : time + (features.has('entraP1') ? kept.premiumDays : kept.freeDays) * dayMs;
}
