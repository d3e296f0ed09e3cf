import { Buffer, isUtf8 } from 'node:buffer';
import { firstKeyOf, RecordRecovery } from './recordRecovery';
import { isWhiteSpace, RecordScanner } from './recordScanner';

/** Where the records are: the body is the array itself, or an object that has it as a member, as in `{"value":[…],"@odata.nextLink":"…"}`. */
export type RecordContainer = { readonly kind: 'array' } | { readonly kind: 'property'; readonly name: string };

/** One element of the array, as the bytes that were received. */
export interface SplitRecord {
  /** The bytes exactly as received, without white space around them; a view into the pushed chunk where they lie in one. */
  readonly json: Buffer;
  /** The wanted top-level fields in the order asked for: strings decoded, other scalars as written, undefined when absent or not a scalar. */
  readonly fields: readonly (string | undefined)[];
  /** 'unreadable': JSON.parse would refuse it, or its UTF-8 is invalid; 'notAnObject': valid JSON, but no object. Then no field is given. */
  readonly problem?: 'unreadable' | 'notAnObject';
}

/** Why a body is not an array of records; 'invalid' is a grammar error in the object around the array. */
type MalformedReason = 'empty' | 'notAnArray' | 'invalid' | 'truncated' | 'trailing' | 'tooLarge';

/** The body as a whole is not what was expected; its start is kept, because an error body explains itself there. */
export class MalformedContainer extends Error {
  readonly reason: MalformedReason;
  /** At most the first 200 bytes of what was received. */
  readonly prefix: string;

  constructor(reason: MalformedReason, prefix: string) {
    super(`The body is not an array of records: ${reason}`);
    this.name = 'MalformedContainer';
    this.reason = reason;
    this.prefix = prefix;
  }
}

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

const prefixBytes = 200;
const othersLimit = 64 * 1024;
const valueLimit = 128 * 1024 * 1024;
const recoveryStep = 4096;
const byteOrderMark = [0xef, 0xbb, 0xbf];

type ArrayPlace =
  | 'start'
  | 'firstElement'
  | 'nextElement'
  | 'inElement'
  | 'afterElement'
  | 'afterComma'
  | 'inDamaged'
  | 'afterDamaged'
  | 'finished';
type MemberPlace = 'firstMember' | 'nextMember' | 'inName' | 'afterName' | 'beforeMember' | 'inMember' | 'afterMember';

/**
 * Cuts a streamed JSON array into its elements without parsing them, whatever way the stream is cut into chunks.
 * Every comma separates two elements, so that an empty one is unreadable too; a missing comma between two objects is forgiven.
 */
export class RecordSplitter {
  private readonly container: RecordContainer;
  private readonly arrayName: string | undefined;
  private readonly scanner: RecordScanner;
  private readonly noFields: readonly undefined[];
  private readonly prefix = Buffer.alloc(prefixBytes);
  private prefixLength = 0;
  private markLength = 0;
  private place: ArrayPlace | MemberPlace = 'start';
  private elementEnd = 0;
  private validLength = -1;
  private firstKey: Buffer | undefined;
  private recovery = new RecordRecovery();
  private failure: MalformedContainer | undefined;

  private readonly members = new RecordScanner([]);
  private readonly others = new Map<string, unknown>();
  private othersBytes = 0;
  private memberName = '';
  private foundArray = false;

  constructor(wanted: readonly string[], container: RecordContainer = { kind: 'array' }) {
    this.container = container;
    this.arrayName = container.kind === 'property' ? container.name : undefined;
    this.scanner = new RecordScanner(wanted);
    this.noFields = wanted.map(() => undefined);
  }

  /** The other top-level members when the array is a property, parsed; those that would exceed 64 KiB together are left out. */
  get rest(): ReadonlyMap<string, unknown> {
    return this.others;
  }

  /** Takes the next bytes of the body and returns the records they complete; throws MalformedContainer once the body cannot be an array. */
  push(chunk: Buffer): SplitRecord[] {
    this.throwFailure();
    if (this.prefixLength < prefixBytes) this.prefixLength += chunk.copy(this.prefix, this.prefixLength);
    const records: SplitRecord[] = [];
    let unread: Buffer | undefined = chunk;
    while (unread !== undefined) unread = this.walk(unread, records);
    // Records that came before the fault are handed out first; the next call throws.
    if (records.length === 0) this.throwFailure();
    return records;
  }

  /** To be called at the end of the body; throws MalformedContainer unless the array was complete and nothing followed it. */
  end(): void {
    if (this.place === 'start') this.fail(this.markLength % byteOrderMark.length === 0 ? 'empty' : 'notAnArray');
    else if (this.place !== 'finished') this.fail('truncated');
    this.throwFailure();
  }

  /** Walks over the chunk; returns bytes to be walked over again when a damaged element turned out to end in an earlier chunk. */
  private walk(chunk: Buffer, records: SplitRecord[]): Buffer | undefined {
    let at = 0;
    while (at < chunk.length && this.failure === undefined) {
      const byte = chunk[at] as number; // below the length
      switch (this.place) {
        case 'inElement':
          at = this.scanner.scan(chunk, at);
          if (this.scanner.status === 'done') {
            this.elementEnd = at;
            this.place = 'afterElement';
          } else if (this.scanner.status === 'bad') at = this.beginRecovery();
          break;
        case 'afterElement':
          if (isWhiteSpace(byte)) at++;
          else if (byte === closeBracket || (byte === openBrace && this.scanner.isObject)) {
            records.push(this.record(this.scanner.take(chunk, this.elementEnd)));
            at = this.separate(byte, at);
          } else if (byte === comma) {
            this.place = 'afterComma';
            at++;
          } else at = this.beginRecovery();
          break;
        case 'afterComma':
          if (isWhiteSpace(byte)) at++;
          // Perhaps a name, and the element only the first part of a record with a brace too many
          else if (byte === quote) at = this.beginRecovery();
          else {
            records.push(this.record(this.scanner.take(chunk, this.elementEnd)));
            this.place = 'nextElement';
          }
          break;
        case 'firstElement':
        case 'nextElement':
          if (isWhiteSpace(byte)) at++;
          else if (byte === closeBracket && this.place === 'firstElement') at = this.separate(byte, at);
          else if (byte === comma || byte === closeBracket) {
            records.push(this.unreadable(Buffer.alloc(0)));
            at = this.separate(byte, at);
          } else this.beginElement(at);
          break;
        case 'inDamaged': {
          const to = Math.min(at + recoveryStep, chunk.length);
          const carry = this.scanner.carry;
          carry.append(chunk, at, to);
          const found = this.recovery.find(carry.bytes, carry.length);
          at = to;
          if (found === undefined) break;
          at -= carry.length - found.separator;
          this.place = 'afterDamaged';
          const earlier = at < 0 ? Buffer.from(carry.bytes.subarray(found.separator, found.separator - at)) : undefined;
          records.push(
            found.end === this.validLength ? this.record(carry.take(found.end)) : this.unreadable(carry.take(found.end)),
          );
          if (earlier !== undefined) return Buffer.concat([earlier, chunk]);
          break;
        }
        case 'afterDamaged':
          at = this.separate(byte, at);
          break;
        case 'start':
          if (byte === byteOrderMark[this.markLength]) this.markLength++;
          else if (this.markLength % byteOrderMark.length !== 0) this.fail('notAnArray');
          else if (isWhiteSpace(byte)) this.markLength = byteOrderMark.length;
          else if (byte === (this.container.kind === 'array' ? openBracket : openBrace))
            this.place = this.container.kind === 'array' ? 'firstElement' : 'firstMember';
          else this.fail('notAnArray');
          at++;
          break;
        case 'finished':
          if (!isWhiteSpace(byte)) this.fail('trailing');
          at++;
          break;
        case 'firstMember':
        case 'nextMember':
        case 'inName':
        case 'afterName':
        case 'beforeMember':
        case 'inMember':
        case 'afterMember':
          at = this.walkMember(chunk, at, byte, this.place);
      }
    }
    this.suspend(chunk);
    return undefined;
  }

  /** One step through the object around the array. */
  private walkMember(chunk: Buffer, at: number, byte: number, place: MemberPlace): number {
    if (place === 'inName' || place === 'inMember') {
      const end = this.members.scan(chunk, at);
      if (this.members.status === 'bad') this.fail('invalid');
      else if (this.members.status === 'done') this.takeMember(this.members.take(chunk, end), place);
      return end;
    }
    if (isWhiteSpace(byte)) return at + 1;
    if (place === 'beforeMember' && this.memberName !== this.arrayName) {
      this.members.begin(at);
      this.place = 'inMember';
      return at;
    }
    if ((place === 'firstMember' || place === 'nextMember') && byte === quote) {
      this.members.begin(at);
      this.place = 'inName';
      return at;
    }
    if (place === 'beforeMember' && byte === openBracket) {
      this.foundArray = true;
      this.place = 'firstElement';
    } else if (place === 'afterName' && byte === colon) this.place = 'beforeMember';
    else if (place === 'afterMember' && byte === comma) this.place = 'nextMember';
    else if ((place === 'afterMember' || place === 'firstMember') && byte === closeBrace) {
      this.place = 'finished';
      if (!this.foundArray) this.fail('notAnArray');
    } else this.fail(place === 'beforeMember' ? 'notAnArray' : 'invalid');
    return at + 1;
  }

  private takeMember(json: Buffer, place: 'inName' | 'inMember'): void {
    if (!isUtf8(json)) this.fail('invalid');
    else if (place === 'inName') {
      this.memberName = JSON.parse(json.toString()) as string;
      this.place = 'afterName';
      this.othersBytes += json.length;
    } else {
      this.othersBytes += json.length;
      if (this.othersBytes <= othersLimit) this.others.set(this.memberName, JSON.parse(json.toString()));
      this.place = 'afterMember';
    }
  }

  private beginElement(at: number): void {
    this.scanner.begin(at);
    this.place = 'inElement';
  }

  private beginRecovery(): number {
    this.recovery = new RecordRecovery(this.firstKey);
    this.validLength = this.place === 'afterComma' ? this.elementEnd - this.scanner.start : -1;
    this.place = 'inDamaged';
    return Math.max(this.scanner.start, 0);
  }

  /** Goes over the byte behind an element; a record that follows without a comma is a record all the same. */
  private separate(byte: number, at: number): number {
    if (byte === openBrace) {
      this.beginElement(at);
      return at;
    }
    if (byte === comma) this.place = 'nextElement';
    else this.place = this.container.kind === 'array' ? 'finished' : 'afterMember';
    return at + 1;
  }

  private record(json: Buffer): SplitRecord {
    if (this.scanner.hasNonAscii && !isUtf8(json)) return this.unreadable(json);
    if (!this.scanner.isObject) return { json, fields: this.noFields, problem: 'notAnObject' };
    this.firstKey ??= firstKeyOf(json);
    return { json, fields: this.scanner.fieldsOf(json) };
  }

  private unreadable(json: Buffer): SplitRecord {
    return { json, fields: this.noFields, problem: 'unreadable' };
  }

  private suspend(chunk: Buffer): void {
    if (this.place === 'inElement' || this.place === 'afterElement' || this.place === 'afterComma') {
      this.scanner.suspend(chunk);
      this.elementEnd -= chunk.length;
    } else if (this.place === 'inName' || this.place === 'inMember') this.members.suspend(chunk);
    if (Math.max(this.scanner.carry.length, this.members.carry.length) > valueLimit) this.fail('tooLarge');
  }

  private fail(reason: MalformedReason): void {
    this.failure ??= new MalformedContainer(reason, this.prefix.toString('utf8', 0, this.prefixLength));
  }

  private throwFailure(): void {
    if (this.failure !== undefined) throw this.failure;
  }
}
