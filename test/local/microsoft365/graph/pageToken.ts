import { hash } from 'node:crypto';
import type { Mark } from './feedStore';

/** What the opaque tokens of nextLinks and deltaLinks remember. */
export interface PageToken {
  /** `p` a page of a list or a delta round, `d` the end of a delta round. */
  kind: 'p' | 'd';
  operation: string;
  tenantId: string;
  /** The state the page is cut from, or the round ended at. */
  mark: Mark;
  /** Where the round before ended, on pages of a delta. */
  since?: Mark;
  /** Objects before this page. */
  offset: number;
  /** How often the tokens of the tenant had been made invalid when this one was written. */
  generation: number;
  /** When the first page was answered. */
  issuedMs: number;
  /** The options of the first request. */
  query: [name: string, value: string][];
}

/** Writes a token; its form is nobody's business. */
export function writeToken(token: PageToken): string {
  const text = Buffer.from(JSON.stringify(token)).toString('base64url');
  return `${hash('sha256', text).slice(0, 8)}${text}`;
}

/** Reads a token of ours; undefined when it is any other text. */
export function readToken(text: string): PageToken | undefined {
  const content = text.slice(8);
  if (text.slice(0, 8) !== hash('sha256', content).slice(0, 8)) return undefined;
  return JSON.parse(Buffer.from(content, 'base64url').toString()) as PageToken;
}
