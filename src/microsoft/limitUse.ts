import type { LimitId, LimitUse } from '../domain/limit';
import type { TenantId } from '../domain/tenant';
import { limits } from './limits';

interface Period {
  startMs: number;
  used: number;
  /** The most that any full period took since it was last asked for. */
  peak: number;
  throttled: number;
}

const mostKept = 20_000;

/** Counts what is used of Microsoft's limits, for whoever wants to know how close they are. */
export class LimitCounts {
  readonly #periods = new Map<string, Period>();

  /** Counts a request, or its resource units. */
  count(tenantId: TenantId, limit: LimitId, amount: number, nowMs: number): void {
    const period = this.#period(tenantId, limit, nowMs);
    period.used += amount;
    period.peak = Math.max(period.peak, period.used);
  }

  /** Notes that Microsoft refused a request for want of room. */
  throttled(tenantId: TenantId, limit: LimitId, nowMs: number): void {
    this.#period(tenantId, limit, nowMs).throttled += 1;
  }

  /** The most that was used of each of these limits in one of its periods since this was last asked; those that nothing counted on are left out. */
  take(tenantId: TenantId, ids: readonly LimitId[]): LimitUse[] {
    return ids.flatMap((limit) => {
      const key = keyOf(tenantId, limit);
      const period = this.#periods.get(key);
      if (period === undefined) return [];
      this.#periods.delete(key);
      return [{ limit, share: period.peak / limits[limit].most, throttled: period.throttled }];
    });
  }

  #period(tenantId: TenantId, limit: LimitId, nowMs: number): Period {
    const key = keyOf(tenantId, limit);
    let period = this.#periods.get(key);
    if (period === undefined) {
      if (this.#periods.size >= mostKept) this.#periods.clear();
      this.#periods.set(key, (period = { startMs: nowMs, used: 0, peak: 0, throttled: 0 }));
    }
    if (nowMs - period.startMs >= limits[limit].seconds * 1_000) {
      period.startMs = nowMs;
      period.used = 0;
    }
    return period;
  }
}

function keyOf(tenantId: TenantId, limit: LimitId): string {
  return `${limits[limit].scope === 'application' ? '' : tenantId}|${limit}`;
}
