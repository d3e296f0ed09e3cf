import { Buffer } from 'node:buffer';

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

// Where the scanner stands in the grammar of RFC 8259, so that a value can be left and resumed at any byte.
const atValue = 0;
const atFirstValue = 1;
const atFirstKey = 2;
const atKey = 3;
const atColon = 4;
const afterValue = 5;
const inString = 6;
const inEscape = 7;
const inHex = 8;
const inLiteral = 9;
const afterMinus = 10;
const afterZero = 11;
const inInteger = 12;
const afterPoint = 13;
const inFraction = 14;
const afterExponent = 15;
const afterExponentSign = 16;
const inExponent = 17;

const plainString = 0;
const nonAsciiString = 1;
const escapedString = 2;
const rawText = 4;

/** A value nested deeper than this is called unreadable, although JSON.parse would take it. */
export const maxDepth = 10_000;

// Bytes that end a run of plain characters in a string: quote, backslash, control characters, everything outside ASCII.
const endsRun = new Uint8Array(256).map((_, byte) =>
  byte === quote || byte === backslash || byte < 0x20 || byte > 0x7f ? 1 : 0,
);
const afterBackslash = new Uint8Array(256);
for (const byte of Buffer.from('"\\/bfnrt')) afterBackslash[byte] = inString;
afterBackslash[0x75] = inHex;
const literals = [Buffer.from('true'), Buffer.from('false'), Buffer.from('null')];

/** Whether a byte is one of the four that JSON counts as white space. */
export function isWhiteSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** The bytes of one value that began in an earlier chunk; grows by doubling, so that a long value is copied a bounded number of times. */
class RecordCarry {
  bytes: Buffer = Buffer.allocUnsafe(4096);
  length = 0;

  append(chunk: Buffer, from: number, to: number): void {
    const needed = this.length + to - from;
    if (needed > this.bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.bytes.length));
      this.bytes.copy(grown, 0, 0, this.length);
      this.bytes = grown;
    }
    chunk.copy(this.bytes, this.length, from, to);
    this.length = needed;
  }

  /** Hands out the first `length` bytes and forgets everything; large ones go without a copy and take the memory with them. */
  take(length: number): Buffer {
    const taken = this.bytes.subarray(0, length);
    this.length = 0;
    if (this.bytes.length <= 64 * 1024) return Buffer.from(taken);
    this.bytes = Buffer.allocUnsafe(4096);
    return taken;
  }
}

/** What became of the value: more bytes are needed, it is complete, or a byte was met that no JSON value has there. */
type ScanStatus = 'more' | 'done' | 'bad';

/** Walks over one JSON value at a time, accepts exactly what JSON.parse accepts, and notes where the wanted top-level fields are. */
export class RecordScanner {
  readonly carry = new RecordCarry();
  status: ScanStatus = 'more';
  isObject = false;
  hasNonAscii = false;
  /** Index of the value's first byte in the current chunk; negative when it began in an earlier one, whose bytes are in the carry. */
  start = 0;

  private state = atValue;
  private depth = 0;
  private readonly stack = new Uint8Array(maxDepth + 1);
  private tokenStart = 0;
  private isKey = false;
  private stringKind = plainString;
  private hexLeft = 0;
  private literal = 0;
  private literalAt = 0;
  private field = -1;

  private readonly names: readonly string[];
  private readonly slots: readonly number[];
  private readonly byLength: readonly (readonly { index: number; bytes: Buffer }[] | undefined)[];
  private readonly starts: Int32Array;
  private readonly ends: Int32Array;
  private readonly kinds: Uint8Array;

  constructor(wanted: readonly string[]) {
    this.names = [...new Set(wanted)];
    this.slots = wanted.map((name) => this.names.indexOf(name));
    const byLength: { index: number; bytes: Buffer }[][] = [];
    this.names.forEach((name, index) => {
      const bytes = Buffer.from(name);
      (byLength[bytes.length] ??= []).push({ index, bytes });
    });
    this.byLength = Array.from(byLength);
    this.starts = new Int32Array(this.names.length);
    this.ends = new Int32Array(this.names.length);
    this.kinds = new Uint8Array(this.names.length);
  }

  begin(at: number): void {
    this.start = at;
    this.state = atValue;
    this.depth = 0;
    this.hasNonAscii = false;
    this.isObject = false;
    this.field = -1;
    for (let index = 0; index < this.starts.length; index++) this.starts[index] = -1;
  }

  /** Scans on from `from` and returns the index of the first byte that is not part of the value, or at which it went wrong. */
  scan(chunk: Buffer, from: number): number {
    const end = chunk.length;
    const origin = this.start;
    const stack = this.stack;
    const shift = chunk.byteOffset & 3;
    const words = new Int32Array(chunk.buffer, chunk.byteOffset - shift, (shift + end) >> 2);
    let at = from;
    let state = this.state;
    let depth = this.depth;
    let inObject = stack[depth] === 1;
    let tokenStart = this.tokenStart;
    let isKey = this.isKey;
    let kind = this.stringKind;
    let status: ScanStatus = 'more';

    scanning: while (at < end) {
      // `as number`: the index is below the length here and in the loops below
      let byte = chunk[at] as number;
      switch (state) {
        case inString: {
          at = skipPlain(chunk, words, shift, at);
          if (at === end) break scanning;
          byte = chunk[at] as number;
          if (byte > 0x7f) {
            kind |= nonAsciiString;
            do {
              if (++at === end) break scanning;
              byte = chunk[at] as number;
            } while (byte > 0x7f || endsRun[byte] === 0);
          }
          if (byte === quote) {
            if ((kind & nonAsciiString) !== 0) this.hasNonAscii = true;
            if (isKey) {
              if (depth === 1) this.field = this.fieldOf(chunk, tokenStart, at, kind);
              at++;
              state = atColon;
              if (at + 1 < end && chunk[at] === colon) {
                at++;
                state = atValue;
                if (chunk[at] === quote) {
                  at++;
                  tokenStart = at;
                  isKey = false;
                  kind = plainString;
                  state = inString;
                }
              }
              break;
            }
            if (depth === 1 && this.field >= 0 && inObject) this.note(tokenStart - origin, at - origin, kind);
            at++;
            if (depth === 0) {
              status = 'done';
              break scanning;
            }
            if (inObject && at + 1 < end && chunk[at] === comma && chunk[at + 1] === quote) {
              at += 2;
              tokenStart = at;
              isKey = true;
              kind = plainString;
            } else state = afterValue;
          } else if (byte === backslash) {
            kind |= escapedString;
            at++;
            state = inEscape;
          } else {
            status = 'bad';
            break scanning;
          }
          break;
        }
        case inEscape:
          state = afterBackslash[byte] as number;
          if (state === 0) {
            status = 'bad';
            break scanning;
          }
          this.hexLeft = 4;
          at++;
          break;
        case inHex:
          if (!((byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66))) {
            status = 'bad';
            break scanning;
          }
          if (--this.hexLeft === 0) state = inString;
          at++;
          break;
        case atColon:
          if (byte === colon) state = atValue;
          else if (!isWhiteSpace(byte)) {
            status = 'bad';
            break scanning;
          }
          at++;
          break;
        case afterValue:
          if (byte === comma) {
            state = inObject ? atKey : atValue;
          } else if (byte === (inObject ? closeBrace : closeBracket)) {
            depth--;
            if (depth === 0) {
              at++;
              status = 'done';
              break scanning;
            }
            inObject = stack[depth] === 1;
          } else if (!isWhiteSpace(byte)) {
            status = 'bad';
            break scanning;
          }
          at++;
          break;
        case atFirstKey:
        case atKey:
          at++;
          if (byte === quote) {
            tokenStart = at;
            isKey = true;
            kind = plainString;
            state = inString;
          } else if (byte === closeBrace && state === atFirstKey) {
            depth--;
            if (depth === 0) {
              status = 'done';
              break scanning;
            }
            inObject = stack[depth] === 1;
            state = afterValue;
          } else if (!isWhiteSpace(byte)) {
            at--;
            status = 'bad';
            break scanning;
          }
          break;
        case atFirstValue:
        case atValue:
          at++;
          if (byte === quote) {
            tokenStart = at;
            isKey = false;
            kind = plainString;
            state = inString;
          } else if (byte === openBrace || byte === openBracket) {
            if (depth === maxDepth) {
              status = 'bad';
              break scanning;
            }
            inObject = byte === openBrace;
            if (depth === 0) this.isObject = inObject;
            depth++;
            stack[depth] = inObject ? 1 : 0;
            state = inObject ? atFirstKey : atFirstValue;
          } else if (byte >= 0x31 && byte <= 0x39) {
            tokenStart = at - 1;
            state = inInteger;
          } else if (byte === 0x30) {
            tokenStart = at - 1;
            state = afterZero;
          } else if (byte === 0x2d) {
            tokenStart = at - 1;
            state = afterMinus;
          } else if (byte === 0x74 || byte === 0x66 || byte === 0x6e) {
            tokenStart = at - 1;
            this.literal = byte === 0x74 ? 0 : byte === 0x66 ? 1 : 2;
            this.literalAt = 1;
            state = inLiteral;
          } else if (byte === closeBracket && state === atFirstValue) {
            depth--;
            if (depth === 0) {
              status = 'done';
              break scanning;
            }
            inObject = stack[depth] === 1;
            state = afterValue;
          } else if (!isWhiteSpace(byte)) {
            at--;
            status = 'bad';
            break scanning;
          }
          break;
        case inLiteral: {
          const literal = literals[this.literal] as Buffer;
          if (byte !== literal[this.literalAt]) {
            status = 'bad';
            break scanning;
          }
          at++;
          this.literalAt++;
          if (this.literalAt === literal.length) {
            if (depth === 0) {
              status = 'done';
              break scanning;
            }
            if (depth === 1 && this.field >= 0 && inObject) this.note(tokenStart - origin, at - origin, rawText);
            state = afterValue;
          }
          break;
        }
        default: {
          // Numbers
          const isDigit = byte >= 0x30 && byte <= 0x39;
          let next = -1;
          switch (state) {
            case afterMinus:
              if (isDigit) next = byte === 0x30 ? afterZero : inInteger;
              break;
            case afterZero:
            case inInteger:
              if (isDigit) {
                if (state === inInteger) next = inInteger;
              } else if (byte === 0x2e) next = afterPoint;
              else if ((byte | 0x20) === 0x65) next = afterExponent;
              break;
            case afterPoint:
              if (isDigit) next = inFraction;
              break;
            case inFraction:
              if (isDigit) next = inFraction;
              else if ((byte | 0x20) === 0x65) next = afterExponent;
              break;
            case afterExponent:
              if (isDigit) next = inExponent;
              else if (byte === 0x2b || byte === 0x2d) next = afterExponentSign;
              break;
            default:
              if (isDigit) next = inExponent;
          }
          if (next >= 0) {
            state = next;
            at++;
          } else if (state === afterZero || state === inInteger || state === inFraction || state === inExponent) {
            if (depth === 0) {
              status = 'done';
              break scanning;
            }
            if (depth === 1 && this.field >= 0 && inObject) this.note(tokenStart - origin, at - origin, rawText);
            state = afterValue;
          } else {
            status = 'bad';
            break scanning;
          }
        }
      }
    }

    this.state = state;
    this.depth = depth;
    this.tokenStart = tokenStart;
    this.isKey = isKey;
    this.stringKind = kind;
    this.status = status;
    return at;
  }

  /** Keeps what the chunk holds of the unfinished value, so that the chunk itself can go. */
  suspend(chunk: Buffer): void {
    this.carry.append(chunk, Math.max(this.start, 0), chunk.length);
    this.start -= chunk.length;
    this.tokenStart -= chunk.length;
  }

  /** The bytes of the value up to `end` in the current chunk. */
  take(chunk: Buffer, end: number): Buffer {
    if (this.start >= 0) return chunk.subarray(this.start, end);
    if (end > 0) this.carry.append(chunk, 0, end);
    return this.carry.take(end - this.start);
  }

  /** The wanted fields of the value whose bytes are given, in the order they were asked for. */
  fieldsOf(json: Buffer): (string | undefined)[] {
    const fields: (string | undefined)[] = [];
    for (const slot of this.slots) {
      const start = this.starts[slot] as number;
      fields.push(start < 0 ? undefined : decode(json, start, this.ends[slot] as number, this.kinds[slot] as number));
    }
    return fields;
  }

  private note(start: number, end: number, kind: number): void {
    this.starts[this.field] = start;
    this.ends[this.field] = end;
    this.kinds[this.field] = kind;
  }

  /** The index of the wanted field that this key names, or -1; an earlier value under the same name is forgotten, as JSON.parse does. */
  private fieldOf(chunk: Buffer, start: number, end: number, kind: number): number {
    let found = -1;
    if ((kind & escapedString) !== 0 || start < 0) {
      const bytes = this.between(chunk, start, end);
      found = this.names.indexOf(decode(bytes, 1, bytes.length - 1, kind));
    } else {
      const candidates = this.byLength[end - start];
      if (candidates === undefined) return -1;
      searching: for (const { index, bytes } of candidates) {
        for (let at = 0; at < bytes.length; at++) if (bytes[at] !== chunk[start + at]) continue searching;
        found = index;
        break;
      }
    }
    if (found >= 0) this.starts[found] = -1;
    return found;
  }

  /** A string with its quotes, which may have begun in the carry. */
  private between(chunk: Buffer, start: number, end: number): Buffer {
    if (start > 0) return chunk.subarray(start - 1, end + 1);
    const carried = this.carry.bytes.subarray(
      this.carry.length + start - 1,
      Math.min(this.carry.length, this.carry.length + end + 1),
    );
    return Buffer.concat([carried, chunk.subarray(0, end + 1)]);
  }
}

/** Skips the plain characters of a string, four at a time: `words` is the same memory, beginning `shift` bytes before the chunk. */
function skipPlain(chunk: Buffer, words: Int32Array, shift: number, from: number): number {
  const end = chunk.length;
  let at = from;
  while (((at + shift) & 3) !== 0) {
    if (at === end || endsRun[chunk[at] as number] !== 0) return at;
    at++;
  }
  let word = (at + shift) >> 2;
  while (word < words.length) {
    const four = words[word] as number;
    const quotes = four ^ 0x22222222;
    const backslashes = four ^ 0x5c5c5c5c;
    if (((four | (four - 0x20202020) | (quotes - 0x01010101) | (backslashes - 0x01010101)) & 0x80808080) !== 0) break;
    word++;
  }
  at = (word << 2) - shift;
  while (at < end && endsRun[chunk[at] as number] === 0) at++;
  return at;
}

function decode(json: Buffer, start: number, end: number, kind: number): string {
  if ((kind & escapedString) !== 0) return JSON.parse(json.toString('utf8', start - 1, end + 1)) as string;
  return json.toString((kind & nonAsciiString) !== 0 ? 'utf8' : 'latin1', start, end);
}
