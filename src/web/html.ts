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
  return new Html(texts.map((text, index) => text + (index < parts.length ? escaped(parts[index]) : '')).join(''));
}

function escaped(part: Part): string {
  if (part === undefined || part === null || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(escaped).join('');
  return escapeText(String(part));
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Control characters are nothing a page shows; those that turn the direction of writing could make a name look like another. */
function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (character) => (/\s/.test(character) ? character : '\ufffd'))
    .replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
