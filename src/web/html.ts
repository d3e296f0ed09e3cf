import { html as template, raw } from 'hono/html';

/** Text that is HTML already. Made only by `html`, which escapes everything that goes in. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: text and numbers are escaped, HTML goes in as it is, lists one after the other; undefined, null and false are nothing. */
export type Part = string | number | Html | undefined | null | false | readonly Part[];

/** A piece of HTML. Whatever is put in is escaped for text and for quoted attributes; attributes must be quoted. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const made = template(texts, ...parts.map(prepared));
  // Only a part that is a promise makes one, and no part is.
  if (made instanceof Promise) throw new TypeError('A part of a template is a promise.');
  return new Html(made.toString());
}

function prepared(part: Part): unknown {
  if (part instanceof Html) return raw(part.text);
  if (typeof part === 'string') return visible(part);
  return typeof part === 'object' && part !== null ? part.map(prepared) : part;
}

/** Control characters are nothing a page shows; those that turn the direction of writing could make a name look like another. */
function visible(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (character) => (/\s/.test(character) ? character : '\ufffd'));
}
