import fc from 'fast-check';
import { gunzipSync } from 'node:zlib';
import { defaultEventFormat, EventPacker, hashedId, pointerRecord, recordTimeMs } from '../../src/domain/event';
import type { EventFormat, EventHeader, Piece } from '../../src/domain/event';
import type { SourceRecord } from '../../src/domain/source';

// The same cases each time: a test that fails only sometimes helps nobody.
fc.configureGlobal({ seed: 20261122 });

const header: EventHeader = {
  hub: 'm365-audit',
  partitionKey: 'key',
  tenantId: '11111111-2222-3333-4444-555555555555',
  source: { id: 'activity.exchange', category: 'Office365.Audit.Exchange', resourceProvider: 'Microsoft.Office365' },
  unitId: 'unit',
  unitTime: new Date('2026-11-22T09:00:00.500Z'),
};
const now = (): Date => new Date('2026-11-22T10:00:00Z');
const other = (): Date => new Date('2026-11-23T11:11:11.111Z');

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), maxLength: 30 }),
  fc.constantFrom('"', '\\', '\u2028', '\ud800', '\udc00x', '</script>', '\u007f', 'é', '\u0000'),
);
const json = fc.json({ maxDepth: 2 }).map((value) => Buffer.from(value));
const record: fc.Arbitrary<SourceRecord> = fc
  .record(
    {
      json,
      id: text,
      time: fc.oneof(text, fc.constantFrom('2026-11-22T08:00:00', '2026-11-22T08:00:00.1234567Z', '2026-11-22 08:00:00+02:00')),
      operation: text,
    },
    { requiredKeys: ['json'] },
  )
  .map((fields) => fields);
const records = fc.array(record, { minLength: 1, maxLength: 40 });
const target = fc.integer({ min: 300, max: 4_000 });

function pack(all: readonly SourceRecord[], format: EventFormat, clock = now, from = { index: 0, checksum: 0 }): Piece[] {
  const packer = new EventPacker(header, format, clock, from);
  const pieces = all.slice(from.index).map((one) => packer.add(one));
  return [...pieces, packer.flush()].filter((piece) => piece !== undefined);
}

const formatOf = (targetBytes: number): EventFormat => ({ ...defaultEventFormat, targetBytes });

interface Envelope {
  readonly time: string;
  readonly id: string;
  readonly operationName: string;
  readonly properties: unknown;
}
const envelopes = (piece: Piece): readonly Envelope[] =>
  (JSON.parse(piece.event.body.toString()) as { readonly records: readonly Envelope[] }).records;

describe('an event', () => {
  it('is exactly {"records":[…]}, valid JSON whatever ids, operations and times say', () => {
    fc.assert(
      fc.property(records, target, (all, bytes) => {
        const pieces = pack(all, formatOf(bytes));
        for (const piece of pieces) {
          expect(Object.keys(JSON.parse(piece.event.body.toString()) as object)).toEqual(['records']);
          expect(piece.event.properties.records).toBe(piece.records);
        }
        const told = pieces.flatMap(envelopes);

        expect(told).toHaveLength(all.length);
        told.forEach((envelope, index) => {
          expect(envelope.id).toBe(all[index]?.id ?? hashedId(all[index]?.json ?? Buffer.of()));
          expect(envelope.operationName).toBe(all[index]?.operation ?? 'Unknown');
          expect(Number.isNaN(Date.parse(envelope.time))).toBe(false);
          expect(envelope.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/);
        });
      }),
    );
  });

  it('carries the bytes of each record untouched', () => {
    fc.assert(
      fc.property(records, target, (all, bytes) => {
        let index = 0;
        for (const piece of pack(all, formatOf(bytes))) {
          let at = 0;
          for (const { json: original } of all.slice(index, index + piece.records)) {
            at = piece.event.body.indexOf(Buffer.concat([Buffer.from(',"properties":'), original, Buffer.from('}')]), at);
            expect(at).toBeGreaterThan(0);
            at += original.length;
          }
          index += piece.records;
        }
      }),
    );
  });

  it('is no larger than the target unless it holds a single record', () => {
    fc.assert(
      fc.property(records, target, (all, bytes) => {
        for (const { event, records: count } of pack(all, formatOf(bytes)))
          if (count > 1) expect(event.body.length).toBeLessThanOrEqual(bytes);
      }),
    );
  });

  it('is cut at the same records when the unit is taken up at any piece, with the same message id and checksum', () => {
    fc.assert(
      fc.property(records, target, (all, bytes) => {
        const whole = pack(all, formatOf(bytes));
        const timeless = (piece: Piece): string => piece.event.body.toString('latin1').replace(/"observedTime":"[^"]*"/g, '');

        whole.forEach((piece, index) => {
          const next = whole[index + 1];
          if (next === undefined) return;
          const resumed = pack(all, formatOf(bytes), other, { index: next.first, checksum: piece.checksum });
          expect(
            resumed.map(({ first, records: count, checksum, recordBytes }) => ({ first, count, checksum, recordBytes })),
          ).toEqual(
            whole
              .slice(index + 1)
              .map(({ first, records: count, checksum, recordBytes }) => ({ first, count, checksum, recordBytes })),
          );
          expect(resumed.map(({ event }) => event.messageId)).toEqual(whole.slice(index + 1).map(({ event }) => event.messageId));
          expect(resumed.map(timeless)).toEqual(whole.slice(index + 1).map(timeless));
        });
        expect(new Set(whole.map(({ event }) => event.messageId)).size).toBe(whole.length);
      }),
    );
  });

  it('holds one bare record in the single shape, and the same bytes compressed', () => {
    fc.assert(
      fc.property(records, (all) => {
        const single = pack(all, { ...defaultEventFormat, shape: 'single' });
        const zipped = pack(all, { ...defaultEventFormat, compression: 'gzip' });

        expect(single.map(({ records: count }) => count)).toEqual(all.map(() => 1));
        expect(single.map(({ event }) => (JSON.parse(event.body.toString()) as Envelope).operationName)).toEqual(
          all.map(({ operation }) => operation ?? 'Unknown'),
        );
        expect(zipped.map(({ event }) => gunzipSync(event.body))).toEqual(
          pack(all, defaultEventFormat).map(({ event }) => event.body),
        );
        expect(zipped.every(({ event }) => event.contentEncoding === 'gzip')).toBe(true);
      }),
    );
  });

  it('keeps what cannot be read as JSON as base64, and says so', () => {
    const [piece] = pack([{ json: Buffer.from([0xff, 0x00, 0x22]), flags: ['unreadable'] }], defaultEventFormat);
    const [envelope] = piece === undefined ? [] : envelopes(piece);

    expect(envelope).toMatchObject({ flags: ['unreadable'], properties: { encoding: 'base64', raw: '/wAi' } });
  });
});

describe('pointerRecord', () => {
  it('stands in for a record: its id and time, and where it is kept', () => {
    const large: SourceRecord = { json: Buffer.from('{"a":1}'), id: 'id', time: '2026-11-22T08:00:00' };
    const pointer = pointerRecord(large, { blob: 'tenant/id', sha256: 'abc' });

    expect(pointer).toMatchObject({ id: 'id', time: '2026-11-22T08:00:00' });
    expect(JSON.parse(pointer.json.toString())).toEqual({ truncated: true, size: 7, sha256: 'abc', blob: 'tenant/id' });
    expect(pointerRecord({ json: large.json }, { blob: 'b', sha256: '' }).id).toBe(hashedId(large.json));
  });
});

describe('recordTimeMs', () => {
  const instants = fc.integer({ min: Date.parse('1970-01-01T00:00:00Z'), max: Date.parse('2100-01-01T00:00:00Z') });

  it('reads a time without a zone as UTC, with a T or a space, with or without fractions', () => {
    fc.assert(
      fc.property(instants, (at) => {
        const iso = new Date(at).toISOString();
        const seconds = Math.floor(at / 1_000) * 1_000;

        expect(recordTimeMs(iso.slice(0, 19))).toBe(seconds);
        expect(recordTimeMs(iso.slice(0, 19).replace('T', ' '))).toBe(seconds);
        expect(recordTimeMs(`${iso.slice(0, 19)}Z`)).toBe(seconds);
        expect(recordTimeMs(iso)).toBe(at);
        expect(recordTimeMs(iso.slice(0, 23))).toBe(at);
        expect(recordTimeMs(`${iso.slice(0, 23)}4567Z`)).toBe(at);
      }),
    );
  });

  it('honours a zone, whatever the zone of this machine does that night', () => {
    expect(recordTimeMs('2026-03-29T02:30:00+01:00')).toBe(Date.parse('2026-03-29T01:30:00Z'));
    expect(recordTimeMs('2026-03-29T02:30:00')).toBe(Date.parse('2026-03-29T02:30:00Z'));
    expect(recordTimeMs('2026-10-25 02:30:00-07:00')).toBe(Date.parse('2026-10-25T09:30:00Z'));
  });

  it.each([
    '',
    'yesterday',
    '2026-11-22',
    '2026-02-30T10:00:00',
    '2026-02-30T10:00:00Z',
    '2025-02-29T10:00:00',
    '2026-13-01T10:00:00',
    '2026-11-22T24:00:00',
    '2026-11-22T10:61:00',
    '2026-06-30T23:59:60',
    '2026-06-30T23:59:99Z',
    '2026-11-22T10:00:00+25:00',
    '0000-01-01T00:00:00+01:00',
    '2026-11-22T10:00:00Zx',
    ' 2026-11-22T10:00:00',
    '22/11/2026 10:00:00',
  ])('does not take %j for a time', (wrong) => {
    expect(recordTimeMs(wrong)).toBeUndefined();
  });
});
