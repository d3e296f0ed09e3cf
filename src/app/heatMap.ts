import type { HourCoverage } from '../domain/coverage';
import type { Clock, CoverageStore } from '../domain/ports';
import type { Source } from '../domain/source';
import type { Tenant } from '../domain/tenant';
import { hourOf } from '../domain/window';
import { sourcesOf } from './schedule';

const hourMs = 3_600_000;

/** Coverage of one source, hour by hour; an hour without an entry had nothing listed. */
export interface CoverageRow {
  readonly source: string;
  readonly title: string;
  readonly hours: ReadonlyMap<string, HourCoverage>;
}

/** What the ledger proves for the last hours of a tenant, source by source. */
export async function coverageOf(
  ports: { readonly clock: Clock; readonly coverage: CoverageStore; readonly sources: ReadonlyMap<string, Source> },
  tenant: Tenant,
  lastHours: number,
  signal: AbortSignal,
): Promise<{ readonly hours: readonly string[]; readonly rows: readonly CoverageRow[] }> {
  const now = ports.clock.now().getTime();
  const hours = Array.from({ length: lastHours }, (_, index) => hourOf(new Date(now - (lastHours - 1 - index) * hourMs)));
  const from = hours[0] ?? hourOf(new Date(now));
  const to = hourOf(new Date(now + hourMs));
  const rows = await Promise.all(
    sourcesOf(tenant, ports.sources.values()).map(async ({ id, title }) => {
      const found = await ports.coverage.hours({ tenantId: tenant.id, sourceId: id }, from, to, signal);
      return { source: id, title, hours: new Map(found.map((hour) => [hour.hour, hour])) };
    }),
  );
  return { hours, rows };
}
