import type { PublishedRecord } from './blob';
import { formatContentId } from './contentStore';
import { createRandom, type Random } from './random';
import { buildRecord } from './records/operation';
import { operations } from './records/operations';
import type { Service } from './service';
import { contentTypes, type Activity, type ContentType, type TenantControl } from './tenant';

interface Pace {
  slotMs: number;
  /** Records in one slot, at least and at most. */
  records: readonly [number, number];
  /** Records in one blob, at least and at most. */
  perBlob: readonly [number, number];
}

// busy: 20 to 60 records a second; steady: 2 to 5; quiet: one in 30 to 60 seconds.
const paces: Record<Exclude<Activity, 'none'>, Pace> = {
  busy: { slotMs: 10_000, records: [200, 600], perBlob: [5, 100] },
  steady: { slotMs: 10_000, records: [20, 50], perBlob: [5, 25] },
  quiet: { slotMs: 45_000, records: [1, 1], perBlob: [1, 1] },
};

const shares: Record<ContentType, number> = {
  'Audit.AzureActiveDirectory': 25,
  'Audit.Exchange': 34,
  'Audit.SharePoint': 22,
  'Audit.General': 15,
  'DLP.All': 4,
};

const remembered = 50;
const mostAtOnce = 20_000;

interface PlannedBlob {
  contentType: ContentType;
  createdMs: number;
  /** Makes the content id unique within its millisecond. */
  number: number;
  records: number;
  /** From 0 to 1; a thinned back-fill keeps the lowest. */
  lot: number;
}

/**
 * Makes content as time goes by. What is made follows from seed, tenant and time alone,
 * so the same seed and clock give the same bytes however often `generate` is called.
 */
export class Generator {
  readonly #service: Service;
  readonly #seed: number;
  readonly #until = new Map<string, number>();
  /** The latest records of each feed, from which the service's own repeats are taken. */
  readonly #recent = new Map<string, PublishedRecord[]>();
  readonly #startMs: number;

  constructor(service: Service, seed: number) {
    this.#service = service;
    this.#seed = seed;
    this.#startMs = service.clock.now().getTime();
  }

  /**
   * Publishes what came up since the last call (or the start); answers how many blobs.
   * After a long jump of the clock only a part is made: at most about 20,000 records for each tenant.
   */
  generate(now: Date): number {
    let blobs = 0;
    for (const control of this.#service.tenants.values()) {
      const { tenantId } = control.tenant;
      const from = this.#until.get(tenantId) ?? this.#startMs;
      blobs += this.#fill(control, from, now.getTime(), mostAtOnce);
      this.#until.set(tenantId, Math.max(from, now.getTime()));
    }
    return blobs;
  }

  /** Publishes content of the past hours, thinned to a number of records; continues after what a tenant already has. */
  backfill(hours: number, maxRecordsPerTenant: number): number {
    const latest = new Map<string, number>();
    for (const blob of this.#service.content.blobs) {
      latest.set(blob.tenantId, Math.max(latest.get(blob.tenantId) ?? 0, blob.createdMs));
    }
    let blobs = 0;
    for (const control of this.#service.tenants.values()) {
      const from = Math.max(this.#startMs - hours * 3_600_000, latest.get(control.tenant.tenantId) ?? 0);
      blobs += this.#fill(control, from, this.#startMs, maxRecordsPerTenant);
    }
    return blobs;
  }

  /** Publishes the blobs planned in (fromMs, toMs]. */
  #fill(control: TenantControl, fromMs: number, toMs: number, most: number): number {
    const { activity } = control;
    if (activity === 'none' || toMs <= fromMs) return 0;
    const pace = paces[activity];
    const usual = ((pace.records[0] + pace.records[1]) / 2) * this.#service.settings.rate;
    const keep = Math.min(1, most / (usual * Math.max(1, (toMs - fromMs) / pace.slotMs)));
    let blobs = 0;
    for (let slot = Math.floor(fromMs / pace.slotMs); slot <= Math.floor(toMs / pace.slotMs); slot++) {
      for (const planned of this.#plan(control, activity, slot)) {
        if (planned.createdMs <= fromMs || planned.createdMs > toMs) continue;
        if (planned.lot < keep && this.#publish(control, planned)) blobs++;
      }
    }
    return blobs;
  }

  #plan(control: TenantControl, activity: Exclude<Activity, 'none'>, slot: number): PlannedBlob[] {
    const { slotMs, records: perSlot, perBlob } = paces[activity];
    const random = createRandom(this.#seed, 'plan', control.tenant.tenantId, activity, slot);
    const types = control.tenant.contentTypes ?? contentTypes;
    let left = Math.floor(random.int(...perSlot) * this.#service.settings.rate + random.next());
    const planned: PlannedBlob[] = [];
    while (left > 0) {
      const records = random.int(...perBlob);
      planned.push({
        contentType: weighted(random, types),
        createdMs: slot * slotMs + random.int(0, slotMs - 1),
        number: random.int(0, 999_999),
        records,
        lot: random.next(),
      });
      left -= records;
    }
    return planned.sort((a, b) => a.createdMs - b.createdMs);
  }

  #publish(control: TenantControl, planned: PlannedBlob): boolean {
    const { tenantId } = control.tenant;
    const { contentType, createdMs } = planned;
    const contentId = formatContentId(contentType, new Date(createdMs), planned.number);
    if (this.#service.content.has(tenantId, contentId)) return false;
    const random = createRandom(this.#seed, 'records', tenantId, contentId);
    const tenant = { tenantId, domain: control.domain, sensitive: control.roles('management').includes('ActivityFeed.ReadDlp') };
    const feed = `${tenantId}|${contentType}`;
    const recent = this.#recent.get(feed) ?? [];
    this.#recent.set(feed, recent);
    const repeats: number[] = [];
    const made: PublishedRecord[] = [];
    const records = Array.from({ length: planned.records }, (_, index): PublishedRecord => {
      if (recent.length > 0 && random.chance(this.#service.settings.repeatShare)) {
        repeats.push(index);
        return random.pick(recent);
      }
      const { id, text } = buildRecord(random.pick(operations[contentType]), tenant, createdMs, random);
      const record = { id, bytes: Buffer.from(text) };
      made.push(record);
      return record;
    });
    this.#service.content.publish(tenantId, contentType, records, {
      contentId,
      contentCreated: new Date(createdMs),
      microsoftRepeat: repeats,
    });
    recent.push(...made);
    recent.splice(0, Math.max(0, recent.length - remembered));
    return true;
  }
}

function weighted(random: Random, types: readonly ContentType[]): ContentType {
  let at = random.next() * types.reduce((sum, type) => sum + shares[type], 0);
  for (const type of types) {
    at -= shares[type];
    if (at < 0) return type;
  }
  return types.at(-1) ?? 'Audit.General';
}
