import { createRandom } from '../local/microsoft365/random';
import { formatContentId } from '../local/microsoft365/contentStore';
import { buildRecord } from '../local/microsoft365/records/operation';
import { operations } from '../local/microsoft365/records/operations';
import type { LazyBlob } from '../local/microsoft365/blob';
import { contentTypes } from '../local/microsoft365/tenant';
import type { ContentType } from '../local/microsoft365/tenant';

/** What is published: whose, how much, and over which time it is spread. */
export interface BacklogOptions {
  readonly tenantId: string;
  readonly domain: string;
  readonly records: number;
  readonly seed: number;
  readonly from: Date;
  readonly to: Date;
}

/** One blob of a backlog: records `first` to `first + records - 1`, counted over the whole backlog. */
export interface BacklogBlob {
  readonly contentType: ContentType;
  readonly contentId: string;
  readonly created: Date;
  readonly first: number;
  readonly records: number;
}

/** How a delivered record compares with what was published. */
export type Verdict = 'right' | 'altered' | 'unknown';

interface Sample {
  readonly bytes: Buffer;
  /** Where the number is written: the last 12 digits of the record's id. */
  readonly numberAt: number;
}

const shares: Readonly<Record<ContentType, number>> = {
  'Audit.AzureActiveDirectory': 25,
  'Audit.Exchange': 34,
  'Audit.SharePoint': 22,
  'Audit.General': 15,
  'DLP.All': 4,
};

const samplesPerType = 1_000;
const recordsPerBlob = [100, 300] as const;
const numberDigits = 12;
const idHead = 'be9c0000-0000-4000-8000-';
const idMark = Buffer.from(`"Id":"${idHead}`);

/**
 * A backlog of realistic records that is never in memory as a whole: every blob is put together when it is asked for, from a pool of texts of the
 * simulation's generator, and every record carries its own number in its id, so that a delivered one can be compared with what was published, byte for byte.
 */
export class Backlog {
  readonly records: number;
  readonly blobs: readonly BacklogBlob[];
  readonly #samples: Readonly<Record<ContentType, readonly Sample[]>>;
  readonly #byId: ReadonlyMap<string, BacklogBlob>;

  constructor(options: BacklogOptions) {
    const { records, seed } = options;
    this.records = records;
    this.#samples = makeSamples(options);
    const random = createRandom(seed, 'backlog');
    const blobs: BacklogBlob[] = [];
    const spanMs = options.to.getTime() - options.from.getTime();
    for (let first = 0; first < records;) {
      const size = Math.min(random.int(...recordsPerBlob), records - first);
      const created = new Date(options.from.getTime() + Math.floor((first / records) * spanMs));
      const contentType = drawType(random.next());
      blobs.push({ contentType, contentId: formatContentId(contentType, created, blobs.length), created, first, records: size });
      first += size;
    }
    this.blobs = blobs;
    this.#byId = new Map(blobs.map((blob) => [blob.contentId, blob]));
  }

  /** The blobs of one content type, as the simulated Microsoft 365 wants them. */
  *lazyBlobs(contentType: ContentType): Generator<LazyBlob> {
    for (const blob of this.blobs)
      if (blob.contentType === contentType)
        yield { contentCreated: blob.created, contentId: blob.contentId, records: blob.records, body: () => this.body(blob) };
  }

  /** The body of a blob, as it is served. */
  body(blob: BacklogBlob): Buffer {
    let length = 1;
    for (let number = blob.first; number < blob.first + blob.records; number += 1)
      length += this.#sample(blob.contentType, number).bytes.length + 1;
    const body = Buffer.allocUnsafeSlow(length);
    let at = body.write('[', 0, 'latin1');
    for (let number = blob.first; number < blob.first + blob.records; number += 1) {
      const { bytes, numberAt } = this.#sample(blob.contentType, number);
      bytes.copy(body, at);
      body.write(digitsOf(number), at + numberAt, 'latin1');
      at += bytes.length;
      body[at] = 0x2c;
      at += 1;
    }
    body[at - 1] = 0x5d;
    return body;
  }

  /** The number of a record, from its bytes; undefined when it carries none. */
  numberOf(record: Buffer): number | undefined {
    const at = record.indexOf(idMark);
    const digits = at < 0 ? '' : record.toString('latin1', at + idMark.length, at + idMark.length + numberDigits);
    return /^\d{12}$/.test(digits) && Number(digits) < this.records ? Number(digits) : undefined;
  }

  /** Whether these are the bytes that were published under this number; with a unit given, in that blob. */
  judge(number: number, record: Buffer, unit: string | undefined): Verdict {
    const blob = unit === undefined ? this.blobOf(number) : this.#byId.get(unit);
    if (blob === undefined || number < blob.first || number >= blob.first + blob.records) return 'unknown';
    const { bytes, numberAt } = this.#sample(blob.contentType, number);
    const behind = numberAt + numberDigits;
    const same =
      record.length === bytes.length &&
      record.compare(bytes, 0, numberAt, 0, numberAt) === 0 &&
      record.compare(bytes, behind, bytes.length, behind, bytes.length) === 0;
    return same ? 'right' : 'altered';
  }

  /** The blob that holds a record. */
  blobOf(number: number): BacklogBlob | undefined {
    let low = 0;
    let high = this.blobs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const blob = this.blobs[middle];
      if (blob !== undefined && blob.first <= number) low = middle + 1;
      else high = middle;
    }
    return this.blobs[low - 1];
  }

  #sample(contentType: ContentType, number: number): Sample {
    const samples = this.#samples[contentType];
    return samples[(number * 7919) % samples.length] as Sample; // the pool is never empty
  }
}

function digitsOf(number: number): string {
  return String(number).padStart(numberDigits, '0');
}

function drawType(lot: number): ContentType {
  let at = lot * Object.values(shares).reduce((sum, share) => sum + share, 0);
  return contentTypes.find((type) => (at -= shares[type]) < 0) ?? 'Audit.General';
}

function makeSamples({ tenantId, domain, seed, to }: BacklogOptions): Record<ContentType, Sample[]> {
  const make = (contentType: ContentType): Sample[] => {
    const random = createRandom(seed, 'samples', contentType);
    return Array.from({ length: samplesPerType }, () => {
      const row = random.pick(operations[contentType]);
      const { id, text } = buildRecord(row, { tenantId, domain, sensitive: true }, to.getTime(), random);
      const bytes = Buffer.from(text.replace(`"Id":"${id}"`, `"Id":"${idHead}${digitsOf(0)}"`));
      return { bytes, numberAt: bytes.indexOf(idMark) + idMark.length };
    });
  };
  return {
    'Audit.AzureActiveDirectory': make('Audit.AzureActiveDirectory'),
    'Audit.Exchange': make('Audit.Exchange'),
    'Audit.SharePoint': make('Audit.SharePoint'),
    'Audit.General': make('Audit.General'),
    'DLP.All': make('DLP.All'),
  };
}
