import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PublishedRecord } from './blob';
import { isContentType, type ContentType } from './tenant';

/** A record read from a folder. */
export interface LoadedRecord extends PublishedRecord {
  contentType: ContentType;
  /** False when the bytes are not JSON; such a record is served in a blob of its own. */
  valid: boolean;
}

const byRecordType: [ContentType, ReadonlySet<number>][] = [
  ['DLP.All', new Set([11, 13, 33, 63, 99, 100, 107])],
  ['Audit.AzureActiveDirectory', new Set([8, 9, 15])],
  ['Audit.Exchange', new Set([1, 2, 3, 19, 50])],
  ['Audit.SharePoint', new Set([4, 6, 7, 14, 36, 37, 54, 55, 56])],
];

const byWorkload: Record<string, ContentType> = {
  AzureActiveDirectory: 'Audit.AzureActiveDirectory',
  Exchange: 'Audit.Exchange',
  SharePoint: 'Audit.SharePoint',
  OneDrive: 'Audit.SharePoint',
};

/** Reads every `.jsonl` and `.json` file of a folder; each record keeps its exact bytes. */
export function readRecordFiles(folder: string): LoadedRecord[] {
  const records: LoadedRecord[] = [];
  for (const file of readdirSync(folder).sort()) {
    const found = /^(.*)\.jsonl?$/.exec(file);
    if (!found) continue;
    const named = isContentType(found[1]) ? found[1] : undefined;
    const bytes = withoutMark(readFileSync(join(folder, file)));
    for (const record of file.endsWith('l') ? linesOf(bytes) : elementsOf(bytes)) records.push(judge(record, named));
  }
  return records;
}

function judge(bytes: Buffer, named: ContentType | undefined): LoadedRecord {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    return { bytes, id: undefined, valid: false, contentType: named ?? 'Audit.General' };
  }
  const fields = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const id = typeof fields['Id'] === 'string' ? fields['Id'] : undefined;
  return { bytes, id, valid: true, contentType: named ?? guess(fields) };
}

function guess(fields: Record<string, unknown>): ContentType {
  for (const [contentType, recordTypes] of byRecordType) {
    if (recordTypes.has(Number(fields['RecordType']))) return contentType;
  }
  return byWorkload[String(fields['Workload'])] ?? 'Audit.General';
}

// A byte order mark belongs to the file, not to its first record.
function withoutMark(bytes: Buffer): Buffer {
  return bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(10, start);
    const end = newline < 0 ? bytes.length : newline;
    lines.push(trimmed(bytes.subarray(start, end)));
    start = end + 1;
  }
  return lines.filter((line) => line.length > 0);
}

/** The elements of a JSON array with their bytes; anything else is one record. */
function elementsOf(bytes: Buffer): Buffer[] {
  const text = trimmed(bytes);
  try {
    if (!Array.isArray(JSON.parse(text.toString()))) return [text];
  } catch {
    return text.length > 0 ? [text] : [];
  }
  const elements: Buffer[] = [];
  let depth = 0;
  let inString = false;
  let start = 1;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at];
    if (inString) {
      if (byte === 0x5c) at++;
      else if (byte === 0x22) inString = false;
      continue;
    }
    if (byte === 0x22) inString = true;
    else if (byte === 0x5b || byte === 0x7b) depth++;
    else if (byte === 0x5d || byte === 0x7d) depth--;
    if ((byte === 0x2c && depth === 1) || depth === 0) {
      elements.push(trimmed(text.subarray(start, at)));
      start = at + 1;
    }
  }
  return elements.filter((element) => element.length > 0);
}

function trimmed(bytes: Buffer): Buffer {
  const isSpace = (byte: number | undefined) => byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === 0x0a;
  let start = 0;
  let end = bytes.length;
  while (start < end && isSpace(bytes[start])) start++;
  while (end > start && isSpace(bytes[end - 1])) end--;
  return bytes.subarray(start, end);
}
