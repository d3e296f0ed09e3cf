import { z } from 'zod';
import type { LostPart } from '../domain/source';
import { toSeconds } from '../domain/window';
import type { Window } from '../domain/window';

/**
 * How far the search for what cannot be read in a window has come. All before `from` is read, or told in `lost`; next is the part of so many seconds
 * that begins there, asked for in the shape of that number, from `link` on if it is read in part.
 */
export interface WindowPlace {
  readonly from: Date;
  readonly seconds: number;
  readonly shape: number;
  readonly link?: string;
  readonly lost: readonly LostPart[];
}

const time = z.iso.datetime().transform((text) => new Date(text));
const cause = z.union([
  z.object({ kind: z.enum(['unavailable', 'pageRefused', 'contentMissing']), code: z.string() }),
  z.object({ kind: z.enum(['unexpectedResponse', 'rejectedRequest']), code: z.string(), detail: z.string() }),
]);
const stored = z.object({
  from: time,
  seconds: z.int().positive(),
  shape: z.int().nonnegative(),
  link: z.string().exactOptional(),
  lost: z.array(z.object({ from: time, to: time, id: z.string().exactOptional(), cause })),
});

/** The place as text, short enough for a row of the ledger. */
export function formatPlace({ from, seconds, shape, link, lost }: WindowPlace): string {
  return JSON.stringify({ from: `${toSeconds(from)}Z`, seconds, shape, link, lost });
}

/** The inverse of formatPlace; undefined for text that is no place in the window, such as a link. */
export function parsePlace(text: string, span: Window): WindowPlace | undefined {
  if (!text.startsWith('{')) return undefined;
  const { data } = stored.safeParse(JSON.parse(text));
  return data !== undefined && data.from >= span.from && data.from <= span.to ? data : undefined;
}
