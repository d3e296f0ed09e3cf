import { Buffer } from 'node:buffer';
import { isWhiteSpace } from './recordScanner';

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** Where a damaged element ends, and where the separator (comma, closing bracket or the brace of the next record) stands. */
export interface DamagedEnd {
  readonly end: number;
  readonly separator: number;
}

/**
 * Finds the end of an array element that is not valid JSON, from its first byte on and resumable as bytes are added.
 * Strings and brackets count as in JSON as long as they make sense; see the rules at each case for what happens when they do not.
 */
export class RecordRecovery {
  private at = 0;
  private stack = new Uint8Array(64);
  private depth = 0;
  private objects = 0;
  private previous = comma;
  private significantEnd = 0;
  private stringStart = -1;
  private swallowedFrom = 0;
  private maybeEnd = -1;
  private openedAfter = 0;
  private commaAt = -1;
  private commaEnd = 0;
  private closedObject = false;
  private doubtful = false;
  private lastBrace = -1;
  private doubt: (DamagedEnd & { readonly brace: number }) | undefined;
  private firstKey: Buffer | undefined;
  private lastString: Buffer | undefined;
  private pending: DamagedEnd | undefined;
  private found: DamagedEnd | undefined;

  private readonly usualFirstKey: Buffer | undefined;

  /** `usualFirstKey`: the first key, with its quotes, of another record of the same array. */
  constructor(usualFirstKey?: Buffer) {
    this.usualFirstKey = usualFirstKey;
  }

  /** Looks on in the element's bytes, of which there are more than last time; undefined when the end is not among them. */
  find(bytes: Buffer, length: number): DamagedEnd | undefined {
    while (this.at < length && this.found === undefined) {
      const byte = bytes[this.at] as number;
      if (this.maybeEnd >= 0) this.judgeQuote(bytes, byte);
      else if (this.stringStart < 0) this.outside(bytes, this.at++);
      else {
        if (byte === quote) this.maybeEnd = this.at;
        this.at += byte === 0x5c ? 2 : 1;
      }
    }
    return this.found;
  }

  /** A quote ends a string only if what follows can follow a string; else it is a stray one, or the string before it was never closed. */
  private judgeQuote(bytes: Buffer, next: number): void {
    if (isWhiteSpace(next)) {
      this.at++;
      return;
    }
    const at = this.maybeEnd;
    this.maybeEnd = -1;
    if (next === comma || next === colon || next === closeBrace || next === closeBracket) {
      this.closeString(bytes, at);
      return;
    }
    let before = at - 1;
    while (isWhiteSpace(bytes[before] as number)) before--;
    if (opensString(bytes[before] as number)) {
      // The string before was never closed, or by a quote that did not look like it: what it swallowed since was structure.
      this.stringStart = -1;
      this.previous = 0;
      for (let index = this.swallowedFrom; index <= at && this.found === undefined; index++) this.outside(bytes, index);
    }
    this.swallowedFrom = at + 1;
    this.at = at + 1;
  }

  private closeString(bytes: Buffer, at: number): void {
    const string = bytes.subarray(this.stringStart, at + 1);
    this.lastString = string;
    if (this.openedAfter === openBrace && this.lastBrace === 0) this.firstKey ??= string;
    // Where brackets say that no record can begin, one begins with the key that records begin with: this one was never closed.
    if (this.openedAfter === openBrace && this.doubt?.brace === this.lastBrace && this.beginsRecords(string))
      this.found = this.doubt;
    this.stringStart = -1;
    this.previous = quote;
    this.significantEnd = at + 1;
  }

  private outside(bytes: Buffer, at: number): void {
    const byte = bytes[at] as number;
    if (isWhiteSpace(byte)) return;
    const inObject = this.stack[this.depth] === 1;
    // A comma outside all brackets separates, unless a name follows.
    if (this.pending !== undefined && byte !== quote && !(byte === colon && this.previous === quote)) {
      this.found = this.pending;
      return;
    }
    switch (byte) {
      case quote:
        if (opensString(this.previous)) {
          this.stringStart = at;
          this.swallowedFrom = at + 1;
          this.openedAfter = this.previous;
          return;
        }
        break;
      case openBrace:
        if (this.depth === 0 && this.closedObject && this.previous !== colon) {
          this.found = { end: this.significantEnd, separator: at };
          return;
        }
        if (this.previous === comma && this.depth > 0 && (inObject || this.doubtful))
          this.doubt = { end: this.commaEnd, separator: this.commaAt, brace: at };
        this.lastBrace = at;
        this.open(1);
        break;
      case openBracket:
        this.open(0);
        break;
      case closeBrace:
        if (inObject) {
          this.close();
          if (this.depth === 0) this.closedObject = true;
        } else if (this.depth > 0) this.doubtful = true;
        break;
      case closeBracket:
        if (this.depth === 0) {
          this.found = { end: this.significantEnd, separator: at };
          return;
        }
        if (inObject) this.doubtful = true;
        else this.close();
        break;
      case comma:
        this.commaAt = at;
        this.commaEnd = this.significantEnd;
        if (this.depth === 0) this.pending = { end: this.commaEnd, separator: at };
        break;
      case colon:
        if (!inObject) this.nameInArray(bytes);
        break;
    }
    this.previous = byte === quote ? 0 : byte;
    this.significantEnd = at + 1;
  }

  /** A colon directly in an array, or between records: a brace is missing before the name, or a bracket before that. */
  private nameInArray(bytes: Buffer): void {
    if (this.depth === 0) {
      if (this.pending !== undefined && this.beginsRecords(this.lastString)) this.found = this.pending;
      this.pending = undefined;
    } else if (this.doubtful || this.objects === 0 || this.openedAfter !== comma || bytes[this.commaEnd - 1] === closeBrace) {
      this.doubtful = true;
      this.open(1);
    } else while (this.stack[this.depth] === 0) this.close();
  }

  private beginsRecords(key: Buffer | undefined): boolean {
    return key !== undefined && (this.firstKey?.equals(key) === true || this.usualFirstKey?.equals(key) === true);
  }

  private open(kind: 0 | 1): void {
    this.depth++;
    if (this.depth === this.stack.length) {
      const grown = new Uint8Array(2 * this.stack.length);
      grown.set(this.stack);
      this.stack = grown;
    }
    this.stack[this.depth] = kind;
    this.objects += kind;
  }

  private close(): void {
    this.objects -= this.stack[this.depth] as number;
    this.depth--;
  }
}

function opensString(before: number): boolean {
  return before === openBrace || before === openBracket || before === comma || before === colon;
}

/** A copy of a record's first key, with its quotes; undefined for `{}`. */
export function firstKeyOf(record: Buffer): Buffer | undefined {
  const start = record.indexOf(quote);
  if (start < 0) return undefined;
  let end = start + 1;
  while (record[end] !== quote) end += record[end] === 0x5c ? 2 : 1;
  return Buffer.from(record.subarray(start, end + 1));
}
