import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { CallbackQuery } from '../app/callback';
import type { Html } from './html';

/** A request as the Functions host hands it over, reduced to what the pages use. */
export interface WebRequest {
  readonly method: string;
  /** Path and query as they came; the host is not part of it, because nothing may depend on it. */
  readonly target: string;
  /** By names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: () => Promise<Uint8Array>;
}

/** An answer of the pages. */
export interface WebResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body brings a style of its own, made by us: it is let in by its hash. */
  readonly ownStyle?: true;
  /** The value of the browser's cookie, when it has to be set. */
  readonly browser?: string;
}

/** Thrown for a request that is refused: the status, a code for the log and a sentence for the person. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly sentence: string;

  constructor(status: number, code: string, sentence: string) {
    super(`${status} ${code}`);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
    this.sentence = sentence;
  }
}

const longestTarget = 8 * 1024;
const longestBody = 32 * 1024;
const mostParameters = 40;

/** Path segments and query of a target. Throws a Refusal for what is too long, or is no proper encoding. */
export function parseTarget(target: string): { readonly segments: readonly string[]; readonly query: CallbackQuery } {
  if (target.length > longestTarget) throw new Refusal(414, 'targetTooLong', 'This address is too long.');
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const segments = path.split('/').slice(1).map(decoded);
  if (segments.at(-1) === '') segments.pop();
  return { segments, query: parseParameters(mark < 0 ? '' : target.slice(mark + 1)) };
}

/** Parameters with all their values, in form encoding. */
function parseParameters(text: string): CallbackQuery {
  const parameters = new Map<string, string[]>();
  const pairs = text === '' ? [] : text.split('&');
  if (pairs.length > mostParameters) throw new Refusal(400, 'tooManyParameters', 'This address has too many parameters.');
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const name = decoded((at < 0 ? pair : pair.slice(0, at)).replaceAll('+', ' '));
    const value = at < 0 ? '' : decoded(pair.slice(at + 1).replaceAll('+', ' '));
    parameters.set(name, [...(parameters.get(name) ?? []), value]);
  }
  return parameters;
}

function decoded(text: string): string {
  let plain;
  try {
    // Refuses wrong percent signs and bytes that are no UTF-8, overlong forms among them.
    plain = decodeURIComponent(text);
  } catch {
    throw new Refusal(400, 'encoding', 'This address cannot be read.');
  }
  if (plain.includes('\0')) throw new Refusal(400, 'encoding', 'This address cannot be read.');
  return plain;
}

/** The fields of a form that was sent. Throws a Refusal for any other kind of body. */
export async function readForm(request: WebRequest): Promise<CallbackQuery> {
  const bytes = await readBody(request, 'application/x-www-form-urlencoded', 'Only forms are taken here.');
  return parseParameters(Buffer.from(bytes).toString('latin1'));
}

/** The JSON that was sent. Throws a Refusal for any other kind of body. */
export async function readJson(request: WebRequest): Promise<unknown> {
  const bytes = await readBody(request, 'application/json', 'Only JSON is taken here.');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new Refusal(400, 'json', 'What was sent is no JSON.');
  }
}

async function readBody(request: WebRequest, wanted: string, otherwise: string): Promise<Uint8Array> {
  const type = (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== wanted) throw new Refusal(415, 'contentType', otherwise);
  const tooLong = new Refusal(413, 'bodyTooLong', 'What was sent is too long.');
  if (Number(request.headers.get('content-length') ?? 0) > longestBody) throw tooLong;
  const bytes = await request.body();
  if (bytes.length > longestBody) throw tooLong;
  return bytes;
}

/** `__Host-`: only this host, only over TLS, every path, no script. https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes */
export const browserCookie = '__Host-m365c';

/** What names the browser, when it has our cookie. Two of them are none: one may be somebody else's. */
export function browserOf(request: WebRequest): string | undefined {
  const values = (request.headers.get('cookie') ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${browserCookie}=`))
    .map((part) => part.slice(browserCookie.length + 1));
  const [value] = values;
  return values.length === 1 && value !== undefined && /^[\w-]{43}$/.test(value) ? value : undefined;
}

/** A new name for a browser, of 256 random bits. */
export function newBrowser(): string {
  return randomBytes(32).toString('base64url');
}

/** The name of the field that a form carries to show that it is one of ours. */
export const formTokenField = 'formToken';

/** What a form of this browser carries; nobody without its cookie can make it. */
export function formToken(browser: string): string {
  return createHmac('sha256', browser).update('form').digest('base64url');
}

/** The header that every write to the API carries: a page of another site cannot add it without asking first, and is not allowed to. */
const writeHeader = 'x-m365c-request';

/** Refuses a write to the API that does not say it comes from us, or that a page of another site could have made. */
export function refuseForeignWrite({ headers }: WebRequest, publicUrl: string): void {
  if (headers.get('origin') !== publicUrl)
    throw new Refusal(403, 'origin', 'A write names the origin of the pages: see the API.');
  if (headers.get(writeHeader) !== '1') throw new Refusal(403, 'header', 'A write has the header X-M365C-Request: see the API.');
}

/** Refuses a form that was not sent from one of our own pages in the same browser. */
export function refuseForeignForm(request: WebRequest, publicUrl: string, fields: CallbackQuery): string {
  const origin = request.headers.get('origin');
  if (origin !== publicUrl) throw new Refusal(403, 'origin', 'This form was not sent from one of our pages.');
  const browser = browserOf(request);
  const given = fields.get(formTokenField) ?? [];
  if (browser === undefined || given.length !== 1 || !same(given[0] ?? '', formToken(browser)))
    throw new Refusal(403, 'formToken', 'This page was open for too long, or in another browser. Open the link again.');
  return browser;
}

function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** An HTML answer. */
export function page(content: Html, status = 200, browser?: string): WebResponse {
  return {
    status,
    headers: { 'Content-Type': 'text/html; charset=utf-8' },
    body: `<!doctype html>\n${content.text}`,
    ...(browser === undefined ? {} : { browser }),
  };
}

/** Sends the browser on, with GET; only to places that the code itself made. */
export function redirect(to: string): WebResponse {
  return { status: 303, headers: { Location: to }, body: '' };
}
