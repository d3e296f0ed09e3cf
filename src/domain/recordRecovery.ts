import { Buffer } from 'node:buffer';
import { isWhiteSpace, maxDepth } from './recordScanner';

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

// What is open; a guessed object is one whose brace is missing.
const inArray = 0;
const inObjectProper = 1;
const inGuessedObject = 2;

/** Where a damaged element ends, and where the separator (comma, closing bracket or the brace of the next record) stands. */
interface DamagedEnd {
  readonly end: number;
  readonly separator: number;
}

/** What is known of the bytes that are not in strings. */
interface Structure {
  stack: Uint8Array;
  depth: number;
  objects: number;
  /** The last byte that is not white space; 0 for a quote that made no sense. */
  previous: number;
  significantEnd: number;
  commaAt: number;
  commaEnd: number;
  lastBrace: number;
  closedObject: boolean;
  /** Whether brackets did not match somewhere. */
  doubtful: boolean;
  /** A comma where the element ends, unless a name follows. */
  pending: DamagedEnd | undefined;
  /** A comma where the element ends if the object behind it begins as records do. */
  doubt: (DamagedEnd & { readonly brace: number }) | undefined;
}

/**
 * Finds the end of an array element that is not valid JSON, from its first byte on and resumable as bytes are added.
 * Strings and brackets count as in JSON as long as they make sense; what happens when they do not is said at each case.
 */
export class RecordRecovery {
  private at = 0;
  private structure: Structure = {
    stack: new Uint8Array(64),
    depth: 0,
    objects: 0,
    previous: comma,
    significantEnd: 0,
    commaAt: -1,
    commaEnd: 0,
    lastBrace: -1,
    closedObject: false,
    doubtful: false,
    pending: undefined,
    doubt: undefined,
  };
  private stringStart = -1;
  private openedAfter = 0;
  private swallowedFrom = 0;
  private maybeEnd = -1;
  private maybeStart = -1;
  /** The structure before a quote that perhaps ended its string, while it is taken as if it did. */
  private embedded: { readonly structure: Structure; readonly stringStart: number } | undefined;
  private lastString: Buffer | undefined;
  private firstKey: Buffer | undefined;
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
      else if (this.maybeStart >= 0) this.judgeStart(byte);
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
    const structure = this.structure;
    if (isWhiteSpace(next)) {
      this.at++;
      return;
    }
    const at = this.maybeEnd;
    this.maybeEnd = -1;
    if (endsString(next)) {
      this.closeString(bytes, at);
      return;
    }
    let before = at - 1;
    while (isWhiteSpace(bytes[before] as number)) before--;
    if (opensString(bytes[before] as number)) {
      // The string before was never closed: what it swallowed was structure.
      structure.previous = 0;
      this.stringStart = -1;
      for (let index = this.swallowedFrom; index <= at && this.found === undefined; index++) this.outside(bytes, index);
      this.maybeStart = -1;
    } else {
      // Closed with rubbish behind it, or in the middle of the text: the next quote tells.
      if (structure.depth <= maxDepth)
        this.embedded = {
          structure: { ...structure, stack: structure.stack.slice(0, structure.depth + 2) },
          stringStart: this.stringStart,
        };
      structure.previous = 0;
      structure.significantEnd = at + 1;
      this.stringStart = -1;
    }
    this.swallowedFrom = at + 1;
    this.at = at + 1;
  }

  /** A quote behind rubbish begins a string unless it looks like the end of one that has lost its beginning. */
  private judgeStart(next: number): void {
    if (isWhiteSpace(next)) {
      this.at++;
      return;
    }
    if (!endsString(next)) {
      this.openString(this.maybeStart);
      this.at = this.maybeStart + 1;
    }
    this.maybeStart = -1;
  }

  private openString(at: number): void {
    this.stringStart = at;
    this.swallowedFrom = at + 1;
    this.openedAfter = this.structure.previous;
    this.embedded = undefined;
  }

  private closeString(bytes: Buffer, at: number): void {
    const structure = this.structure;
    const string = bytes.subarray(this.stringStart, at + 1);
    this.lastString = string;
    if (this.openedAfter === openBrace && structure.lastBrace === 0) this.firstKey ??= string;
    // Where brackets say that no record can begin, one begins with the key that records begin with: this one was never closed.
    if (this.openedAfter === openBrace && structure.doubt?.brace === structure.lastBrace && this.beginsRecords(string))
      this.found = structure.doubt;
    this.stringStart = -1;
    structure.previous = quote;
    structure.significantEnd = at + 1;
  }

  private outside(bytes: Buffer, at: number): void {
    const structure = this.structure;
    const byte = bytes[at] as number;
    if (isWhiteSpace(byte)) return;
    const inObject = structure.stack[structure.depth] !== inArray;
    // A comma outside all brackets separates, unless a name follows.
    if (structure.pending !== undefined && byte !== quote && !(byte === colon && structure.previous === quote)) {
      this.found = structure.pending;
      return;
    }
    switch (byte) {
      case quote:
        if (opensString(structure.previous)) {
          this.openString(at);
          return;
        }
        if (this.embedded !== undefined) {
          ({ structure: this.structure, stringStart: this.stringStart } = this.embedded);
          this.embedded = undefined;
          this.maybeEnd = at;
          return;
        }
        this.maybeStart = at;
        break;
      case openBrace:
        if (structure.depth === 0 && structure.closedObject && structure.previous !== colon) {
          this.found = { end: structure.significantEnd, separator: at };
          return;
        }
        if (structure.previous === comma && structure.depth > 0 && (inObject || structure.doubtful))
          structure.doubt = { end: structure.commaEnd, separator: structure.commaAt, brace: at };
        structure.lastBrace = at;
        this.open(inObjectProper);
        break;
      case openBracket:
        this.open(inArray);
        break;
      case closeBrace:
        if (inObject) {
          this.close();
          if (structure.depth === 0) structure.closedObject = true;
        } else if (structure.depth > 0) structure.doubtful = true;
        break;
      case closeBracket:
        if (structure.depth === 0) {
          this.found = { end: structure.significantEnd, separator: at };
          return;
        }
        if (structure.stack[structure.depth] === inGuessedObject) this.close();
        else if (inObject) {
          structure.doubtful = true;
          break;
        }
        this.close();
        break;
      case comma:
        structure.commaAt = at;
        structure.commaEnd = structure.significantEnd;
        if (structure.depth === 0) structure.pending = { end: structure.commaEnd, separator: at };
        break;
      case colon:
        if (!inObject && (structure.previous === quote || structure.previous === 0)) this.nameInArray(bytes);
        break;
    }
    structure.previous = byte === quote ? 0 : byte;
    structure.significantEnd = at + 1;
  }

  /** A colon directly in an array, or between records: a brace is missing before the name, or a bracket before that. */
  private nameInArray(bytes: Buffer): void {
    const structure = this.structure;
    if (structure.depth === 0) {
      if (structure.pending !== undefined && this.beginsRecords(this.lastString)) this.found = structure.pending;
      structure.pending = undefined;
    } else if (
      structure.doubtful ||
      structure.objects === 0 ||
      this.openedAfter !== comma ||
      bytes[structure.commaEnd - 1] === closeBrace
    ) {
      structure.doubtful = true;
      this.open(inGuessedObject);
    } else while (structure.stack[structure.depth] === inArray) this.close();
  }

  private beginsRecords(key: Buffer | undefined): boolean {
    return key !== undefined && (this.firstKey?.equals(key) === true || this.usualFirstKey?.equals(key) === true);
  }

  private open(kind: number): void {
    const structure = this.structure;
    structure.depth++;
    if (structure.depth === structure.stack.length) {
      const grown = new Uint8Array(2 * structure.stack.length);
      grown.set(structure.stack);
      structure.stack = grown;
    }
    structure.stack[structure.depth] = kind;
    if (kind !== inArray) structure.objects++;
  }

  private close(): void {
    const structure = this.structure;
    if (structure.stack[structure.depth] !== inArray) structure.objects--;
    structure.depth--;
  }
}

function opensString(before: number): boolean {
  return before === openBrace || before === openBracket || before === comma || before === colon;
}

function endsString(next: number): boolean {
  return next === comma || next === colon || next === closeBrace || next === closeBracket;
}

/** A copy of a record's first key, with its quotes; undefined for `{}`. */
export function firstKeyOf(record: Buffer): Buffer | undefined {
  const start = record.indexOf(quote);
  if (start < 0) return undefined;
  let end = start + 1;
  while (record[end] !== quote) end += record[end] === 0x5c ? 2 : 1;
  return Buffer.from(record.subarray(start, end + 1));
}
