import fc from 'fast-check';
import { MalformedContainer, RecordSplitter, type RecordContainer, type SplitRecord } from '../../src/domain/recordSplitter';

interface Outcome {
  readonly records: readonly SplitRecord[];
  readonly failure: MalformedContainer | undefined;
  readonly rest: Readonly<Record<string, unknown>>;
}

const wanted = ['Id', 'CreationTime', 'é', 'a/b', '__proto__'];

/** Feeds the body in chunks that end at the given places; each lies anywhere in memory and is wiped once it was handled. */
function split(body: Buffer, cuts: readonly number[] = [], container?: RecordContainer): Outcome {
  const splitter = new RecordSplitter(wanted, container);
  const records: SplitRecord[] = [];
  let failure: MalformedContainer | undefined;
  const places = [0, ...cuts.map((cut) => cut % (body.length + 1)).sort((a, b) => a - b), body.length];
  try {
    for (let index = 1; index < places.length; index++) {
      const piece = body.subarray(places[index - 1], places[index]);
      const offset = (body.length + index) % 4;
      const chunk = Buffer.concat([Buffer.alloc(offset), piece]).subarray(offset);
      for (const { json, ...others } of splitter.push(chunk)) records.push({ json: Buffer.from(json), ...others });
      chunk.fill(0x7e);
    }
    splitter.end();
  } catch (error) {
    if (!(error instanceof MalformedContainer)) throw error;
    failure = error;
  }
  return { records, failure, rest: Object.fromEntries(splitter.rest) };
}

function failureOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

const bytes = (text: string) => Buffer.from(text, 'latin1');
const textOf = (record: SplitRecord) => record.json.toString('latin1');
const charactersOf = (text: string) => Array.from(text);
const everyByte = (body: Buffer) => Array.from(body.keys());
const judged = ({ fields, problem }: SplitRecord) => (problem === undefined ? { fields } : { fields, problem });
/** `good {"a":1}` or `unreadable {"a":}` for each record, then why the body is malformed. */
const told = ({ records, failure }: Outcome) => [
  ...records.map((record) => `${record.problem ?? 'good'} ${textOf(record)}`),
  ...(failure === undefined ? [] : [failure.reason]),
];

/** What JSON.parse says of an element: its problem, and the wanted fields with their source text. */
function parsed(json: Buffer): Omit<SplitRecord, 'json'> {
  const nothing = wanted.map(() => undefined);
  const scalars: { holder: unknown; key: string; text: string }[] = [];
  let value: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json);
    const noteScalars = function (this: unknown, key: string, inner: unknown, context?: { source?: string }) {
      if (typeof inner !== 'object' || inner === null)
        scalars.push({ holder: this, key, text: typeof inner === 'string' ? inner : (context?.source ?? '') });
      return inner;
    };
    value = JSON.parse(text, noteScalars);
  } catch {
    return { fields: nothing, problem: 'unreadable' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { fields: nothing, problem: 'notAnObject' };
  return { fields: wanted.map((name) => scalars.find(({ holder, key }) => holder === value && key === name)?.text) };
}

// Texts of JSON values, with every freedom the grammar leaves to whoever writes them.
const unit = fc.integer({ min: 0, max: 0xffff });
const hex = (code: number, upper: boolean) => {
  const digits = code.toString(16).padStart(4, '0');
  return `\\u${upper ? digits.toUpperCase() : digits}`;
};
const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 3 });
const rarely = (text: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant('') }, { weight: 1, arbitrary: text });
const gap = rarely(space);
const character = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...charactersOf("abcXYZ019 ,:{}[]'-/~\u007f")) },
  { weight: 2, arbitrary: fc.constantFrom(...charactersOf('éß中😀\u2028\ufeff\uffff')) },
  { weight: 2, arbitrary: fc.constantFrom('\\"', '\\\\', '\\/', '\\b', '\\f', '\\n', '\\r', '\\t') },
  { weight: 1, arbitrary: fc.tuple(unit, fc.boolean()).map(([code, upper]) => hex(code, upper)) },
);
/** A given text, some characters written as escapes. */
const escapedAtWill = (text: string) =>
  fc.array(fc.integer({ min: 0, max: 3 }), { minLength: text.length, maxLength: text.length }).map((ways) =>
    charactersOf(text)
      .map((c, i) => (ways[i] === 0 ? hex(c.charCodeAt(0), i % 2 === 0) : c === '/' && ways[i] === 1 ? '\\/' : c))
      .join(''),
  );
const string = fc
  .oneof(fc.string({ unit: character, maxLength: 12 }), fc.string({ unit: character, minLength: 30, maxLength: 90 }))
  .map((s) => `"${s}"`);
const key = fc.oneof(
  string,
  fc
    .constantFrom(...wanted)
    .chain(escapedAtWill)
    .map((s) => `"${s}"`),
);
const number = fc.oneof(
  fc.constantFrom('0', '-0', '-0.0', '1E400', '9007199254740993', '123456789012345678901234567890', '1e-7', '0.10', '2E+08'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.bigInt().map(String),
);
const scalar = fc.oneof(string, number, fc.constantFrom('true', 'false', 'null'));
const spaced = (parts: fc.Arbitrary<string>) => fc.tuple(gap, parts, gap).map((three) => three.join(''));
const texts = fc.letrec<{ value: string; object: string; array: string; member: string }>((tie) => ({
  value: fc.oneof({ maxDepth: 4, withCrossShrink: true }, scalar, tie('array'), tie('object')),
  member: fc.tuple(spaced(key), spaced(tie('value'))).map((pair) => pair.join(':')),
  object: fc.tuple(gap, fc.array(tie('member'), { maxLength: 5 })).map(([inside, members]) => `{${members.join(',') || inside}}`),
  array: fc
    .tuple(gap, fc.array(spaced(tie('value')), { maxLength: 4 }))
    .map(([inside, values]) => `[${values.join(',') || inside}]`),
}));
const deep = fc
  .tuple(fc.array(fc.constantFrom('[', '{"Id":', '{"a":1,"b" : ', '[1 ,'), { minLength: 1, maxLength: 200 }), texts.value)
  .map(
    ([opened, inner]) =>
      opened.join('') +
      inner +
      opened
        .map((text) => (text.startsWith('{') ? '}' : ']'))
        .reverse()
        .join(''),
  );
const element = fc.oneof(
  { weight: 8, arbitrary: texts.object },
  { weight: 1, arbitrary: texts.value },
  { weight: 1, arbitrary: deep },
);
const cuts = fc.oneof(fc.array(fc.nat(), { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 200 }));

interface Body {
  readonly elements: readonly Buffer[];
  readonly body: Buffer;
  /** Where each element begins in the body. */
  readonly starts: readonly number[];
}
function arrayOf(elements: readonly Buffer[], gaps: readonly string[] = []): Body {
  const parts: Buffer[] = [];
  const starts: number[] = [];
  elements.forEach((json, index) => {
    parts.push(bytes((index === 0 ? '[' : ',') + (gaps[2 * index] ?? '')));
    starts.push(Buffer.concat(parts).length);
    parts.push(json, bytes(gaps[2 * index + 1] ?? ''));
  });
  return { elements, body: Buffer.concat([...parts, bytes(elements.length === 0 ? '[]' : ']')]), starts };
}
const arrays = (elements: fc.Arbitrary<string>, minLength = 0) =>
  fc.tuple(fc.array(elements, { minLength, maxLength: 8 }), fc.array(space, { maxLength: 16 })).map(([list, gaps]) =>
    arrayOf(
      list.map((text) => Buffer.from(text)),
      gaps,
    ),
  );

/** One byte deleted, inserted or replaced. */
interface Mutation {
  readonly how: 'delete' | 'insert' | 'replace';
  readonly place: number;
  readonly byte: number;
}
const structural = '"\\{}[],:';
const anyByte = fc.oneof(fc.nat(255), fc.constantFrom(...bytes(structural + '0xn \n\0')));
const mutation: fc.Arbitrary<Mutation> = fc.record({
  how: fc.constantFrom('delete' as const, 'insert' as const, 'replace' as const),
  place: fc.nat(),
  byte: anyByte,
});
const trimmed = (json: Buffer) => bytes(json.toString('latin1').replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, ''));
function mutate(json: Buffer, { how, place, byte }: Mutation): { mutated: Buffer; touchesStructure: boolean } {
  const at = place % json.length;
  const inserted = how === 'delete' ? '' : String.fromCharCode(byte);
  const before = json.toString('latin1', 0, at);
  const deleted = how === 'insert' ? '' : json.toString('latin1', at, at + 1);
  const after = json.toString('latin1', at + deleted.length);
  const neighbours = before.trimEnd().slice(-1) + after.trimStart().slice(0, 1);
  return {
    mutated: bytes(before + inserted + after),
    touchesStructure: /["\\{}[\],:]/.test(deleted + inserted) || /["\\]/.test(neighbours),
  };
}
const damaged = fc.tuple(arrays(element, 2), fc.nat(), mutation).map(([{ elements }, nth, change]) => {
  const index = nth % elements.length;
  const { mutated, touchesStructure } = mutate(elements[index] ?? Buffer.alloc(0), change);
  return { ...arrayOf(elements.map((json, i) => (i === index ? mutated : json))), index, touchesStructure };
});

/** Records as they are in life: strings hold any text, the first key is the same in all, and not that of an object inside. */
const lifelike = (id: number) =>
  JSON.stringify({
    Id: `id-${id}`,
    Operation: 'Mail "x"',
    Nested: { X: { Y: 1 }, Z: 'a' },
    Parameters: [
      { Name: 'n', Value: 'v' },
      { Name: 'm', Value: true },
      { Name: 'o', Value: '}, {' },
    ],
    List: ['a', 'b'],
    Numbers: [1, [2, 3]],
    Text: 'He said: "hi", C:\\x {1}\n',
  });

describe('RecordSplitter', () => {
  describe('with valid JSON', () => {
    it('cuts any array into the bytes of its elements and finds what JSON.parse finds', () => {
      fc.assert(
        fc.property(arrays(element), cuts, ({ elements, body }, places) => {
          const { records, failure } = split(body, places);

          expect(failure).toBeUndefined();
          expect(records.map(textOf)).toEqual(elements.map((json) => json.toString('latin1')));
          expect(records.map(judged)).toEqual(elements.map(parsed));
        }),
        { numRuns: 500 },
      );
    });

    it('gives the same for one byte at a time', () => {
      fc.assert(
        fc.property(arrays(element), ({ body }) => {
          expect(split(body, everyByte(body))).toEqual(split(body));
        }),
        { numRuns: 100 },
      );
    });

    it('finds the array in an object and keeps the other members', () => {
      const member = fc.tuple(spaced(key), spaced(texts.value)).map((pair) => pair.join(':'));
      const members = fc.array(member, { maxLength: 3 });
      fc.assert(
        fc.property(
          members,
          gap,
          arrays(element),
          gap,
          members,
          cuts,
          (before, gap1, { elements, body }, gap2, after, places) => {
            const list = [...before, `${gap1}"val\\u0075e"${gap2}:${gap1}\u0000`, ...after].join(',');
            const [head = '', tail = ''] = `{${list}}`.split('\u0000');
            const whole = Buffer.concat([Buffer.from(head), body, Buffer.from(tail)]);
            const { value, ...others } = JSON.parse(whole.toString()) as Record<string, unknown>;

            const { records, failure, rest } = split(whole, places, { kind: 'property', name: 'value' });

            expect(failure).toBeUndefined();
            expect(records.map(textOf)).toEqual(elements.map((json) => json.toString('latin1')));
            expect(value).toHaveLength(records.length);
            expect(rest).toEqual(others);
          },
        ),
        { numRuns: 200 },
      );
    });

    it.each([
      ['[]', []],
      [' [ \r\n\t] ', []],
      ['\u00ef\u00bb\u00bf[{}]', ['{}']],
      ['[{"Id":9007199254740993}]', ['{"Id":9007199254740993}']],
    ])('takes %j', (body, expected) => {
      const { records, failure } = split(bytes(body));

      expect(failure).toBeUndefined();
      expect(records.map(textOf)).toEqual(expected);
    });

    it.each([
      ['{"Id":1,"Id":"two"}', 'two'],
      ['{"Id":"one","Id":{"Id":"inner"}}', undefined],
      ['{"Id":"one","\\u0049d":2}', '2'],
      ['{"Idx":1,"xId":2,"I":3}', undefined],
      ['{"a":{"Id":1},"b":[{"Id":2}]}', undefined],
      ['{"Id":"\\ud800\\u00e9\\/"}', '\ud800é/'],
      ['{"Id":123456789012345678901234567890}', '123456789012345678901234567890'],
      ['{"Id":-0.10E+5 }', '-0.10E+5'],
      ['{"Id":""}', ''],
      ['{"Id":null}', 'null'],
    ])('finds in %s the Id %j', (json, expected) => {
      const body = bytes(`[${json}]`);

      expect(split(body).records[0]?.fields[0]).toBe(expected);
      expect(split(body, everyByte(body)).records[0]?.fields[0]).toBe(expected);
    });

    it('lets a __proto__ key do nothing but be a field', () => {
      const { records, rest } = split(bytes('{"__proto__":{"x":1},"value":[{"__proto__":"p"}]}'), [], {
        kind: 'property',
        name: 'value',
      });

      expect(records[0]?.fields).toEqual([undefined, undefined, undefined, undefined, 'p']);
      expect(({} as Record<string, unknown>)['x']).toBeUndefined();
      expect(Object.keys(rest)).toEqual(['__proto__']);
    });

    it('gives views into the chunk, and copies only of records that span two', () => {
      const chunk = bytes('[{"Id":1},{"Id":2},{"Id":');
      const splitter = new RecordSplitter(['Id']);

      const whole = splitter.push(chunk);
      const spanning = splitter.push(bytes('3}]'));

      expect(whole.map(({ json }) => json.buffer === chunk.buffer && json.byteOffset - chunk.byteOffset)).toEqual([1, 10]);
      expect(spanning.map(textOf)).toEqual(['{"Id":3}']);
    });

    it('accepts 10,000 levels and calls one more unreadable', () => {
      const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;

      const { records } = split(bytes(`[${nested(10_000)},${nested(10_001)},{"Id":1}]`));

      expect(records.map(({ problem }) => problem)).toEqual([undefined, 'unreadable', undefined]);
    });

    it('takes a record of 50 MB in chunks of 16 KiB without reading it twice', () => {
      const chunk = Buffer.alloc(16 * 1024, 'x');
      const splitter = new RecordSplitter(['Id']);
      const started = process.cpuUsage();

      splitter.push(bytes('[{"big":"'));
      for (let sent = 0; sent < 3200; sent++) splitter.push(chunk);
      const records = splitter.push(bytes('","Id":"end"}]'));

      expect(records.map(({ json, fields }) => [json.length, fields[0]])).toEqual([[3200 * chunk.length + 21, 'end']]);
      expect(process.cpuUsage(started).user / 1e6).toBeLessThan(5);
    });
  });

  describe('with damaged elements', () => {
    it.each([
      ['[{"a":NaN},{"b":1}]', ['unreadable {"a":NaN}', 'good {"b":1}']],
      ['[{"a":1,},{"b":1}]', ['unreadable {"a":1,}', 'good {"b":1}']],
      ['[{\'a\':1},{"b":1}]', ["unreadable {'a':1}", 'good {"b":1}']],
      ['[{"a":tru},{"b":nulll},{"c":1}]', ['unreadable {"a":tru}', 'unreadable {"b":nulll}', 'good {"c":1}']],
      ['[{"a":"\\x"},{"b":"\\u12g4"},{"c":1}]', ['unreadable {"a":"\\x"}', 'unreadable {"b":"\\u12g4"}', 'good {"c":1}']],
      [
        '[{"a":"\t"},{"b":"\0"},{\0},{"c":1}]',
        ['unreadable {"a":"\t"}', 'unreadable {"b":"\0"}', 'unreadable {\0}', 'good {"c":1}'],
      ],
      [
        '[{"a":"\u00ff"},{"b":"\u00ed\u00a0\u0080"},{"c":1}]',
        ['unreadable {"a":"\u00ff"}', 'unreadable {"b":"\u00ed\u00a0\u0080"}', 'good {"c":1}'],
      ],
      ['[1,"a",null,[{}],{"b":1}]', ['notAnObject 1', 'notAnObject "a"', 'notAnObject null', 'notAnObject [{}]', 'good {"b":1}']],
      // Every comma separates two elements
      ['[{"a":1},,{"b":1}]', ['good {"a":1}', 'unreadable ', 'good {"b":1}']],
      ['[{"a":1}, ]', ['good {"a":1}', 'unreadable ']],
      ['[,]', ['unreadable ', 'unreadable ']],
      // A comma missing between two objects is forgiven
      ['[{"a":1} {"b":1}]', ['good {"a":1}', 'good {"b":1}']],
      ['[{"a":NaN}{"b":1}]', ['unreadable {"a":NaN}', 'good {"b":1}']],
      ['[{"a":1}x{"b":1}]', ['unreadable {"a":1}x', 'good {"b":1}']],
      ['[x {"a":1},{"b":1}]', ['unreadable x {"a":1}', 'good {"b":1}']],
      ['[1 {"a":1},{"b":1}]', ['unreadable 1 {"a":1}', 'good {"b":1}']],
      // Brackets that do not match
      ['[{"a":1]},{"b":1}]', ['unreadable {"a":1]}', 'good {"b":1}']],
      ['[{"a":1}},{"b":1}]', ['unreadable {"a":1}}', 'good {"b":1}']],
      ['[{"a":[1}]},{"b":1}]', ['unreadable {"a":[1}]}', 'good {"b":1}']],
      ['[{"a":{"x":1},{"a":2}]', ['unreadable {"a":{"x":1}', 'good {"a":2}']],
      ['[{"a":[1,2},{"a":2}]', ['unreadable {"a":[1,2}', 'good {"a":2}']],
      ['[{"a":[1,"b":2},{"c":2}]', ['unreadable {"a":[1,"b":2}', 'good {"c":2}']],
      ['[{"a":["b":2},{"c":2}],"d":1},{"e":1}]', ['unreadable {"a":["b":2},{"c":2}],"d":1}', 'good {"e":1}']],
      ['[{"a":1},{"b":{1,"c":2},{"a":2}]', ['good {"a":1}', 'unreadable {"b":{1,"c":2}', 'good {"a":2}']],
      ['["a":1,"b":{}},{"c":1}]', ['unreadable "a":1,"b":{}}', 'good {"c":1}']],
      // No part of a record passes for one
      ['[{"a":{"x":1}},"b":2},{"c":1}]', ['unreadable {"a":{"x":1}},"b":2}', 'good {"c":1}']],
      ['[{"a":1},"a":2},{"c":1}]', ['good {"a":1}', 'unreadable "a":2}', 'good {"c":1}']],
      ['[{"a":1},"b",{"c":1}]', ['good {"a":1}', 'notAnObject "b"', 'good {"c":1}']],
      // Strings that do not end, or too early
      ['[{"a":"x\ny, {z}"},{"b":1}]', ['unreadable {"a":"x\ny, {z}"}', 'good {"b":1}']],
      ['[{"a":"x},{"b":"y"},{"c":1}]', ['unreadable {"a":"x}', 'good {"b":"y"}', 'good {"c":1}']],
      ['[{"a":"x\n},\n{"b":"}, y"},{"c":1}]', ['unreadable {"a":"x\n}', 'good {"b":"}, y"}', 'good {"c":1}']],
      ['[{"a":"x\\"},{"b":"y"}]', ['unreadable {"a":"x\\"}', 'good {"b":"y"}']],
      ['[{"a":"say "hi" {now}","b":2},{"c":1}]', ['unreadable {"a":"say "hi" {now}","b":2}', 'good {"c":1}']],
      ['[{"a":"}"x,"b":2},{"c":1}]', ['unreadable {"a":"}"x,"b":2}', 'good {"c":1}']],
      ['[{"a":"say "x {y" z","b":2},{"c":1}]', ['unreadable {"a":"say "x {y" z","b":2}', 'good {"c":1}']],
      ['[{"a":"b"x},5]', ['unreadable {"a":"b"x}', 'notAnObject 5']],
      ['[{a":"x, }"},{"c":1}]', ['unreadable {a":"x, }"}', 'good {"c":1}']],
      ['[{"a":"b""c":"}"},{"c":1}]', ['unreadable {"a":"b""c":"}"}', 'good {"c":1}']],
      // Nothing tells where such an element ends
      ['[{"a":1},{"b":2,{"c":3},{"d":4}]', ['good {"a":1}', 'truncated']],
      ['[{"a":1},{"b":"x}]', ['good {"a":1}', 'truncated']],
    ])('makes of %s', (text, expected: unknown) => {
      const body = bytes(text);

      expect(told(split(body))).toEqual(expected);
      expect(told(split(body, everyByte(body)))).toEqual(told(split(body)));
    });

    it.each([
      ...['01', '-', '-01', '1.', '.5', '1.e5', '1e', '1e+', '1e5.5', '+1', '--1', '0x1', 'NaN', '-Infinity', '1 2', '1_0'],
      ...['nul', 'nulll', 'True', 'tru e', 'undefined', '', ',', '1,', ':1', '"b" "c"', '"b":1', "'b'"],
      ...[
        '[1,]',
        '[,1]',
        '[1 2]',
        '[1:2]',
        '["b":1]',
        '[{},"b":1]',
        '{,}',
        '{"b"}',
        '{"b":}',
        '{"b":1,}',
        '{"b" 1}',
        '{b:1}',
        '{1:1}',
        '{"b":1 "c":1}',
      ],
      ...['"\\x"', '"\\u12g4"', '"\\u 123"', '"\\U0041"', '\u00a0', '\ufeff1', '/**/1', '1//'],
      ...Array.from({ length: 8 }, (_, i) => `"${'x'.repeat(i)}\u001f${'y'.repeat(8)}"`),
    ])('refuses {"a":%s} as JSON.parse does', (value) => {
      const json = Buffer.from(`{"a":${value}}`);
      const { body, elements } = arrayOf([bytes('{"b":1}'), json, bytes('{"c":1}')]);

      const { records, failure } = split(body);

      expect(failure).toBeUndefined();
      expect(records.map(textOf)).toEqual(elements.map((element) => element.toString('latin1')));
      expect(() => JSON.parse(json.toString()) as unknown).toThrow(SyntaxError);
      expect(records.map(({ problem }) => problem)).toEqual([undefined, 'unreadable', undefined]);
    });

    it('judges a mutated element as JSON.parse does and leaves its neighbours alone when no quote, bracket or separator was touched', () => {
      fc.assert(
        fc.property(damaged, cuts, ({ elements, body, touchesStructure }, places) => {
          fc.pre(!touchesStructure);

          const { records, failure } = split(body, places);

          expect(failure).toBeUndefined();
          expect(records.map(textOf)).toEqual(elements.map((json) => trimmed(json).toString('latin1')));
          expect(records.map(judged)).toEqual(elements.map((json) => parsed(trimmed(json))));
        }),
        { numRuns: 1000 },
      );
    });

    it('delivers what came before any mutated element, and never calls a record good that JSON.parse refuses', () => {
      fc.assert(
        fc.property(damaged, cuts, ({ elements, body, index }, places) => {
          const outcome = split(body, places);
          const { records } = outcome;

          // The one before may be taken for the beginning of the mutated one, and is then part of its bytes.
          const before = Math.max(index - 1, 0);
          expect(records.slice(0, before).map(textOf)).toEqual(elements.slice(0, before).map((json) => json.toString('latin1')));
          for (const record of records) {
            if (record.problem === 'unreadable') continue;
            expect(judged(record)).toEqual(parsed(record.json));
          }
          expect(split(body, everyByte(body))).toEqual(split(body));
          expect(told(outcome)).toEqual(told(split(body)));
        }),
        { numRuns: 200 },
      );
    });

    it('delivers every other record, whatever single byte of one is wrong, in 99 of 100 cases', () => {
      const elements = [0, 1, 2, 3].map(lifelike);
      const json = bytes(elements[1] ?? '');
      let tried = 0;
      let intact = 0;
      for (const how of ['delete', 'insert', 'replace'] as const)
        for (let place = 0; place < json.length; place++)
          for (const byte of bytes(how === 'delete' ? ' ' : structural + 'x\n0')) {
            const { mutated } = mutate(json, { how, place, byte });
            const body = bytes(`[${elements[0] ?? ''},${mutated.toString('latin1')},${elements[2] ?? ''},${elements[3] ?? ''}]`);
            const good = new Set(split(body).records.map((record) => (record.problem === undefined ? textOf(record) : '')));
            tried++;
            if ([0, 2, 3].every((other) => good.has(elements[other] ?? ''))) intact++;
          }

      expect(tried).toBeGreaterThan(4000);
      expect(intact / tried).toBeGreaterThan(0.99);
    });

    it('does not slow down with the number of damaged elements or their size', () => {
      const many = bytes(`[${'{"a":"x},{"b":NaN},'.repeat(50_000)}{}]`);
      const large = bytes(`[{"a":NaN,"b":"${'say "hi" {x} '.repeat(100_000)}"},{}]`);
      const started = process.cpuUsage();

      const outcomes = [
        split(many),
        split(large),
        split(
          large,
          Array.from({ length: 1000 }, (_, i) => i * 1000),
        ),
      ];

      expect(outcomes.map(({ records }) => records.at(-1)?.json.toString())).toEqual(['{}', '{}', '{}']);
      expect(process.cpuUsage(started).user / 1e6).toBeLessThan(5);
    });
  });

  describe('with a malformed container', () => {
    const property: RecordContainer = { kind: 'property', name: 'value' };

    it('throws at the end when the body was cut off anywhere, after the records that were whole', () => {
      fc.assert(
        fc.property(arrays(element), fc.nat(), cuts, fc.boolean(), ({ body }, place, places, inObject) => {
          const whole = inObject ? Buffer.concat([bytes('{"value":'), body, bytes('}')]) : body;
          const container = inObject ? property : undefined;
          const all = split(whole, [], container).records;

          const { records, failure } = split(whole.subarray(0, place % whole.length), places, container);

          expect(failure?.reason).toMatch(/truncated|empty/);
          expect(all.slice(0, records.length)).toEqual(records);
        }),
        { numRuns: 400 },
      );
    });

    it.each([
      ['', 'empty'],
      [' \r\n', 'empty'],
      ['\u00ef\u00bb\u00bf', 'empty'],
      ['\u00ef', 'notAnArray'],
      ['{"error":{"code":"AF20024"}}', 'notAnArray'],
      ['<html>', 'notAnArray'],
      ['null', 'notAnArray'],
      ['\0[]', 'notAnArray'],
      ['[', 'truncated'],
      ['[{}', 'truncated'],
      ['[{},', 'truncated'],
      ['[]]', 'trailing'],
      ['[][]', 'trailing'],
      ['[]\0', 'trailing'],
    ])('says of %j: %s', (text, reason) => {
      const body = bytes(text);

      expect(split(body).failure).toMatchObject({ reason, prefix: body.toString() });
      expect(split(body, everyByte(body)).failure?.reason).toBe(reason);
    });

    it.each([
      ['{"error":{"code":"x"}}', 'notAnArray'],
      ['{"value":null}', 'notAnArray'],
      ['[]', 'notAnArray'],
      ['{}', 'notAnArray'],
      ['{"value":[]', 'truncated'],
      ['{"value":[],}', 'invalid'],
      ['{"value" []}', 'invalid'],
      ['{"a":01,"value":[]}', 'invalid'],
      ['{"a":"\u00ff","value":[]}', 'invalid'],
      ['{,"value":[]}', 'invalid'],
      ['{"value":[]}}', 'trailing'],
    ])('says of %j, whose value should be the array: %s', (text, reason) => {
      const body = bytes(text);

      expect(split(body, [], property).failure?.reason).toBe(reason);
      expect(split(body, everyByte(body), property).failure?.reason).toBe(reason);
    });

    it('keeps the error of an error body', () => {
      const { failure, rest } = split(bytes('{"error":{"code":"x"}}'), [], property);

      expect(failure?.prefix).toBe('{"error":{"code":"x"}}');
      expect(rest).toEqual({ error: { code: 'x' } });
    });

    it('hands out the records before the fault, throws then, and goes on throwing', () => {
      const splitter = new RecordSplitter([]);

      const records = splitter.push(bytes('[{"a":1}]garbage'));

      expect(records.map(textOf)).toEqual(['{"a":1}']);
      expect(() => splitter.push(bytes('x'))).toThrow(MalformedContainer);
      expect(() => splitter.end()).toThrow('trailing');
    });

    it('throws as soon as the body cannot be an array, with no more than 200 bytes of it', () => {
      const splitter = new RecordSplitter([]);

      const failure = failureOf(() => splitter.push(bytes(`<html>${'x'.repeat(1000)}`)));

      expect(failure).toMatchObject({ reason: 'notAnArray', prefix: `<html>${'x'.repeat(194)}` });
    });

    it('leaves out other members beyond 64 KiB', () => {
      const body = bytes(`{"big":"${'x'.repeat(70_000)}","value":[{}]}`);

      expect(split(body, [], property)).toMatchObject({ failure: undefined, rest: {}, records: [{}] });
    });

    it('gives up on a record beyond 128 MiB', () => {
      const splitter = new RecordSplitter([]);
      const chunk = Buffer.alloc(1024 * 1024, 'x');
      splitter.push(bytes('[{"a":"'));

      const failure = failureOf(() => {
        for (let sent = 0; sent < 130; sent++) splitter.push(chunk);
      });

      expect(failure).toMatchObject({ reason: 'tooLarge' });
    });
  });
});
