import { closeSync, fstatSync, mkdirSync, openSync, read, writeSync } from 'node:fs';
import { join } from 'node:path';
import { readAppendedLines } from './appendedLines';
import type { Blob } from './blob';
import { isContentType } from './tenant';

type StoredFacts = Omit<Blob, 'body' | 'sequence'>;
type StoredRecord = [id: string | null, sha256: string, bytes: number, repeat?: 1];

interface StoredLine {
  tenantId: string;
  contentType: string;
  contentId: string;
  created: string;
  visibleFrom: string;
  expires: string;
  at: number;
  length: number;
  records: StoredRecord[];
}

/**
 * Published blobs on disk: `bodies.bin` holds the bytes, `published.jsonl` one line for each blob with its truth.
 * The body is written first, so a line without its body cannot be there after a crash of this process.
 */
export class PublishedFiles {
  readonly #linesPath: string;
  readonly #bodies: number;
  readonly #lines: number;
  readonly #loaded: Omit<Blob, 'sequence'>[] = [];
  #size: number;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#linesPath = join(folder, 'published.jsonl');
    this.#bodies = openSync(join(folder, 'bodies.bin'), 'a+');
    this.#size = fstatSync(this.#bodies).size;
    readAppendedLines(this.#linesPath, (line) => {
      const blob = this.#restore(line);
      if (blob) this.#loaded.push(blob);
    });
    this.#lines = openSync(this.#linesPath, 'a');
  }

  /** The blobs of earlier runs, in order of publication; they are handed over once. */
  read(): Omit<Blob, 'sequence'>[] {
    return this.#loaded.splice(0);
  }

  /** Writes a blob and gives back how to read its body. */
  append(facts: StoredFacts, body: Buffer): () => Promise<Buffer> {
    const at = this.#size;
    writeAll(this.#bodies, body);
    this.#size += body.length;
    const line: StoredLine = {
      tenantId: facts.tenantId,
      contentType: facts.contentType,
      contentId: facts.contentId,
      created: new Date(facts.createdMs).toISOString(),
      visibleFrom: new Date(facts.visibleFromMs).toISOString(),
      expires: new Date(facts.expiresMs).toISOString(),
      at,
      length: body.length,
      records: storedRecords(facts),
    };
    writeAll(this.#lines, Buffer.from(`${JSON.stringify(line)}\n`));
    return this.#reader(at, body.length);
  }

  /** Closes the files; bodies cannot be read afterwards. */
  close(): void {
    closeSync(this.#bodies);
    closeSync(this.#lines);
  }

  #restore(text: string): Omit<Blob, 'sequence'> | undefined {
    let line: StoredLine;
    try {
      line = JSON.parse(text) as StoredLine;
    } catch {
      return undefined;
    }
    if (!isContentType(line.contentType) || line.at + line.length > this.#size) return undefined;
    return {
      tenantId: line.tenantId,
      contentType: line.contentType,
      contentId: line.contentId,
      createdMs: Date.parse(line.created),
      visibleFromMs: Date.parse(line.visibleFrom),
      expiresMs: Date.parse(line.expires),
      records: line.records.length,
      body: this.#reader(line.at, line.length),
      truth: {
        ids: line.records.map(([id]) => id ?? undefined),
        hashes: Buffer.concat(line.records.map(([, sha256]) => Buffer.from(sha256, 'hex'))),
        lengths: Uint32Array.from(line.records, ([, , bytes]) => bytes),
        repeats: line.records.some((record) => record[3] === 1)
          ? Uint8Array.from(line.records, (record) => record[3] ?? 0)
          : undefined,
      },
    };
  }

  #reader(at: number, length: number): () => Promise<Buffer> {
    return () =>
      new Promise((resolve, reject) => {
        if (length === 0) {
          resolve(Buffer.alloc(0));
          return;
        }
        read(this.#bodies, Buffer.allocUnsafe(length), 0, length, at, (error, count, buffer) => {
          if (error) reject(error);
          else if (count < length) reject(new Error(`bodies.bin is shorter than its index says: ${count} of ${length} bytes`));
          else resolve(buffer);
        });
      });
  }
}

function storedRecords({ truth }: StoredFacts): StoredRecord[] {
  if (!truth) return [];
  return truth.ids.map((id, index) => {
    const facts: StoredRecord = [
      id ?? null,
      truth.hashes.toString('hex', 32 * index, 32 * index + 32),
      truth.lengths[index] ?? 0,
    ];
    if (truth.repeats?.[index] === 1) facts.push(1);
    return facts;
  });
}

function writeAll(file: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
}
