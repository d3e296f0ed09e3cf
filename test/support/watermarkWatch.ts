import type { LedgerRow } from '../../src/domain/ledger';
import type { SourceRow } from '../../src/domain/sourceState';
import type { TruthLog } from '../local/microsoft365/truthLog';
import type { ContentType } from '../local/microsoft365/tenant';
import type { Around } from './aroundPorts';

/** The content type each source collects. */
const contentTypeOf: Readonly<Record<string, ContentType>> = {
  'activity.azureActiveDirectory': 'Audit.AzureActiveDirectory',
  'activity.exchange': 'Audit.Exchange',
  'activity.sharePoint': 'Audit.SharePoint',
  'activity.general': 'Audit.General',
  'activity.dlp': 'DLP.All',
};

/** Watches every write of a watermark: it never moves back (C1), and never passes content that is listed but not in the ledger (C2). */
export class WatermarkWatch {
  readonly backwards: string[] = [];
  readonly passed: string[] = [];
  readonly #truth: TruthLog;
  readonly #enlisted = new Set<string>();
  readonly #watermarks = new Map<string, string>();

  constructor(truth: TruthLog) {
    this.#truth = truth;
  }

  readonly around: Around = async (call, go) => {
    const result = await go();
    if (call.name === 'ledger.enlist')
      for (const { scope, unit } of result as readonly LedgerRow[]) this.#enlisted.add(`${scope.tenantId}|${unit.id}`);
    if (call.name === 'sourceRows.save') this.#note(result as SourceRow);
    if (call.name === 'sourceRows.find') this.#see(result as SourceRow | undefined);
    return result;
  };

  /** What another process wrote meanwhile is where this one begins. */
  #see(row: SourceRow | undefined): void {
    if (row?.cursor.listedTo === undefined) return;
    const key = `${row.tenantId}|${row.sourceId}`;
    if (row.cursor.listedTo > (this.#watermarks.get(key) ?? '')) this.#watermarks.set(key, row.cursor.listedTo);
  }

  #note({ tenantId, sourceId, cursor: { listedTo } }: SourceRow): void {
    const key = `${tenantId}|${sourceId}`;
    const before = this.#watermarks.get(key);
    if (listedTo === undefined || listedTo === before) return;
    this.#watermarks.set(key, listedTo);
    if (before !== undefined && listedTo < before)
      this.backwards.push(`${sourceId}: the watermark moved back from ${before} to ${listedTo}`);
    const contentType = contentTypeOf[sourceId];
    if (contentType === undefined) return;
    const listed = new Set([...this.#truth.available({ tenantId, contentType })].map(({ contentId }) => contentId));
    for (const contentId of listed) {
      const created = createdOf(contentId);
      if (created === undefined || created < (before ?? '') || created >= listedTo) continue;
      if (!this.#enlisted.has(`${tenantId}|${contentId}`))
        this.passed.push(`${sourceId}: the watermark ${listedTo} passed ${contentId}`);
    }
  }
}

/** The simulation begins its content ids with the time of creation: 20261122101112123. */
function createdOf(contentId: string): string | undefined {
  const digits = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})/.exec(contentId);
  if (digits === null) return undefined;
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '', ms = ''] = digits;
  return `${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`;
}
