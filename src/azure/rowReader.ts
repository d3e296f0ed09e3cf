import type { StoredRow } from './tableRows';

/** Says what in a stored row cannot be read. */
class CorruptRow extends Error {}

/** Reads the columns of a row, each as what it must be. What is missing or of another type ends the reading of that row; see `readRow`. */
export class RowReader {
  readonly row: StoredRow;

  constructor(row: StoredRow) {
    this.row = row;
  }

  text(name: string): string {
    const value = this.row.columns[name];
    return typeof value === 'string' ? value : this.corrupt(name);
  }

  optionalText(name: string): string | undefined {
    return this.row.columns[name] === undefined ? undefined : this.text(name);
  }

  /** One of the given words. */
  word<Word extends string>(name: string, words: readonly Word[]): Word {
    const value = this.row.columns[name];
    return words.find((word) => word === value) ?? this.corrupt(name);
  }

  /** A whole number from 0; Int64 comes as bigint. */
  whole(name: string): number {
    const value = this.row.columns[name];
    const number = typeof value === 'bigint' ? Number(value) : value;
    return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : this.corrupt(name);
  }

  flag(name: string): boolean {
    const value = this.row.columns[name];
    return typeof value === 'boolean' ? value : this.corrupt(name);
  }

  /** A moment, stored as ISO text. */
  time(name: string): Date {
    const at = new Date(this.text(name));
    return Number.isNaN(at.getTime()) ? this.corrupt(name) : at;
  }

  optionalTime(name: string): Date | undefined {
    return this.row.columns[name] === undefined ? undefined : this.time(name);
  }

  /** A column that holds JSON, read by `parse`, which returns undefined for what it does not know. */
  json<Value>(name: string, parse: (value: unknown) => Value | undefined): Value {
    return parseJson(this.text(name), parse) ?? this.corrupt(name);
  }

  /** Ends the reading of this row. */
  corrupt(name: string): never {
    throw new CorruptRow(name);
  }
}

/** Reads a row; undefined, after a word to `report`, when it cannot be read. One bad row never stops the reading of the others. */
export function readRow<Value>(
  table: string,
  row: StoredRow,
  read: (reader: RowReader) => Value,
  report: ((description: string) => void) | undefined,
): Value | undefined {
  try {
    return read(new RowReader(row));
  } catch (error) {
    if (!(error instanceof CorruptRow)) throw error;
    report?.(`Table ${table}, row ${row.partition} / ${row.row}: column ${error.message} cannot be read.`);
    return undefined;
  }
}

/** Parses JSON text and reads what it holds; undefined when either fails. */
export function parseJson<Value>(text: string, parse: (value: unknown) => Value | undefined): Value | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return parse(value);
}

/** A property of something that came as JSON; undefined when it has none. */
export function propertyOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  const property: unknown = Reflect.get(value, name);
  return property;
}

/** An object of texts, with only the given names; undefined when it is not an object or one of them is not text. */
export function textsOf<Name extends string>(value: unknown, names: readonly Name[]): Partial<Record<Name, string>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const texts: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const text = propertyOf(value, name);
    if (text === undefined) continue;
    if (typeof text !== 'string') return undefined;
    texts[name] = text;
  }
  return texts;
}

/** A list of texts; undefined when it is anything else. */
export function textListOf(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
}
