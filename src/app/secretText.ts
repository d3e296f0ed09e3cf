import { createHash, randomBytes } from 'node:crypto';

/** A new text nobody can guess, of so many random bits, usable in addresses and names. */
export function randomText(bits: 128 | 192 | 256): string {
  return randomBytes(bits / 8).toString('hex');
}

/** What is stored in place of a text that only its holder may know. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
