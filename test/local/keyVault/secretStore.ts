import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeFileAtomically } from '../writeFileAtomically';

const attributes = z.object({
  enabled: z.boolean(),
  nbf: z.number().optional(),
  exp: z.number().optional(),
  created: z.number(),
  updated: z.number(),
});
const version = z.object({
  version: z.string(),
  value: z.string(),
  contentType: z.string().optional(),
  tags: z.record(z.string(), z.string()).optional(),
  attributes,
});
const secret = z.object({
  name: z.string(),
  /** Oldest first. */
  versions: z.array(version).min(1),
  deleted: z.object({ deletedDate: z.number(), scheduledPurgeDate: z.number() }).optional(),
});

/** One version of a secret as it is kept, times in Unix seconds. */
export type SecretVersion = z.infer<typeof version>;

/** A secret with all its versions; `deleted` while it can be recovered or purged. */
export type Secret = z.infer<typeof secret>;

const changeable = { enabled: z.boolean().optional(), nbf: z.number().nullish(), exp: z.number().nullish() };

/** What a client sends to change a version: everything is optional and what is left out stays. */
export const secretChange = z.object({
  contentType: z.string().nullish(),
  tags: z.record(z.string(), z.string()).nullish(),
  attributes: z.object(changeable).nullish(),
});

/** The body of a request that sets a secret; Key Vault refuses values above 25,600 characters. */
export const newSecret = secretChange.extend({ value: z.string().max(25_600) });

const recoverableDays = 90;

/** The secrets of one vault, in memory and, if there is a file, written to it before any change is answered. */
export class SecretStore {
  readonly #file: string | undefined;
  readonly #secrets: Map<string, Secret>;

  constructor(file?: string) {
    this.#file = file;
    const kept = file !== undefined && existsSync(file) ? z.array(secret).parse(JSON.parse(readFileSync(file, 'utf8'))) : [];
    this.#secrets = new Map(kept.map((one) => [key(one.name), one]));
  }

  /** A secret by name, whatever its case, deleted or not. */
  find(name: string): Secret | undefined {
    return this.#secrets.get(key(name));
  }

  /** All secrets sorted by name, either the live or the deleted ones. */
  list(which: 'live' | 'deleted'): Secret[] {
    return [...this.#secrets.values()]
      .filter((one) => (one.deleted === undefined) === (which === 'live'))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Adds a version to a secret and makes the secret if it is new. */
  add(name: string, { value, ...change }: z.infer<typeof newSecret>): SecretVersion {
    const now = unixSeconds();
    const added: SecretVersion = {
      version: randomBytes(16).toString('hex'),
      value,
      attributes: { enabled: true, created: now, updated: now },
    };
    apply(added, change);
    const existing = this.find(name);
    if (existing) existing.versions.push(added);
    else this.#secrets.set(key(name), { name, versions: [added] });
    this.#save();
    return added;
  }

  /** Changes the attributes, tags and content type of a version; its value never changes. */
  change(found: SecretVersion, change: z.infer<typeof secretChange>): void {
    apply(found, change);
    found.attributes.updated = unixSeconds();
    this.#save();
  }

  /** Marks a secret as deleted. */
  delete(found: Secret): void {
    const now = unixSeconds();
    found.deleted = { deletedDate: now, scheduledPurgeDate: now + recoverableDays * 24 * 60 * 60 };
    this.#save();
  }

  /** Takes a deletion back. */
  recover(found: Secret): void {
    delete found.deleted;
    this.#save();
  }

  /** Forgets a deleted secret for good. */
  purge(found: Secret): void {
    this.#secrets.delete(key(found.name));
    this.#save();
  }

  #save(): void {
    if (this.#file !== undefined) writeFileAtomically(this.#file, JSON.stringify([...this.#secrets.values()], undefined, 2));
  }
}

function apply(found: SecretVersion, { contentType, tags, attributes: changes }: z.infer<typeof secretChange>): void {
  if (contentType != null) found.contentType = contentType;
  if (tags != null) found.tags = tags;
  if (changes?.enabled !== undefined) found.attributes.enabled = changes.enabled;
  if (changes?.nbf != null) found.attributes.nbf = changes.nbf;
  if (changes?.exp != null) found.attributes.exp = changes.exp;
}

const key = (name: string) => name.toLowerCase();

const unixSeconds = () => Math.floor(Date.now() / 1000);
