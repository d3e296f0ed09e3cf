import fc from 'fast-check';
import { entriesOf, parseCollectMessage, textOf } from '../../src/app/collectMessage';
import { personalAccountsTenantId } from '../../src/domain/tenant';

const entry = {
  tenantId: '11111111-1111-4111-8111-111111111111',
  sourceId: 'activity.exchange',
  ticket: 3,
  dueAt: '2026-11-22T12:00:00.000Z',
};
const message = { v: 1, entries: [entry] };
const json = JSON.stringify(message);
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const causeOf = (given: unknown): string | undefined => {
  const parsed = parseCollectMessage(given);
  return 'cause' in parsed ? parsed.cause : undefined;
};

describe('parseCollectMessage', () => {
  it.each<[string, unknown]>([
    ['as the host parsed it', message],
    ['as text', json],
    ['as text with a byte order mark', `\ufeff${json}`],
    ['as base64 of JSON, as other tools write it', base64(json)],
    ['as base64 in lines', base64(json).replace(/.{40}/g, '$&\n')],
    ['with the tenant in upper case', { v: 1, entries: [{ ...entry, tenantId: entry.tenantId.toUpperCase() }] }],
  ])('reads a message %s', (_, given) => {
    expect(parseCollectMessage(given)).toEqual({ message });
  });

  it.each<[string, unknown, string]>([
    ['text that is not JSON', 'hello', 'not JSON, nor base64 of JSON'],
    ['nothing', '', 'not JSON, nor base64 of JSON'],
    ['base64 of something else', base64('hello, world'), 'not JSON, nor base64 of JSON'],
    ['64 KB of nonsense', 'x'.repeat(65_536), 'not JSON, nor base64 of JSON'],
    ['64 KB of brackets', JSON.parse('['.repeat(32_000) + ']'.repeat(32_000)) as unknown, 'not a JSON object'],
    ['undefined', undefined, 'not JSON'],
    ['a number', 7, 'not a JSON object'],
    ['null', null, 'not a JSON object'],
    ['an array', [message], 'not a JSON object'],
    ['no version', { entries: [entry] }, 'names no version'],
    ['an unknown version', { v: 2, entries: [entry] }, 'knows version 1'],
    ['a version as text', { v: '1', entries: [entry] }, 'knows version 1'],
    ['no entries', { v: 1 }, 'no list of entries'],
    ['an empty list', { v: 1, entries: [] }, 'empty list of entries'],
    ['too many entries', { v: 1, entries: Array.from({ length: 101 }, () => entry) }, 'more than 100 entries'],
    ['a field too many', { ...message, contentUri: 'https://evil.example/blob' }, 'fields that do not belong there'],
    ['an entry that is none', { v: 1, entries: [entry, 'x'] }, 'Entry 2 of the message is not an object'],
    ['a URL inside', { v: 1, entries: [{ ...entry, contentUri: 'https://evil.example' }] }, 'Entry 1 of the message has fields'],
    ['no tenant', { v: 1, entries: [{ ...entry, tenantId: undefined }] }, 'Entry 1 of the message has no tenant id'],
    ['a domain for a tenant', { v: 1, entries: [{ ...entry, tenantId: 'contoso.com' }] }, 'no tenant id'],
    ['a path for a tenant', { v: 1, entries: [{ ...entry, tenantId: `${entry.tenantId}/../x` }] }, 'no tenant id'],
    ['a tenant of zeros', { v: 1, entries: [{ ...entry, tenantId: '00000000-0000-0000-0000-000000000000' }] }, 'no tenant id'],
    ['the tenant of personal accounts', { v: 1, entries: [{ ...entry, tenantId: personalAccountsTenantId }] }, 'no tenant id'],
    ['a source that cannot be one', { v: 1, entries: [{ ...entry, sourceId: 'a/b' }] }, 'no source id'],
    ['a ticket below 0', { v: 1, entries: [{ ...entry, ticket: -1 }] }, 'no ticket'],
    ['a time without zone', { v: 1, entries: [{ ...entry, dueAt: '2026-11-22T12:00:00' }] }, 'no due time'],
  ])('says what is wrong with %s', (_, given, cause) => {
    expect(causeOf(given)).toContain(cause);
  });

  it('never throws, and never repeats what a message says', () => {
    const word = 'canary';
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<unknown>(
          word,
          1,
          -1,
          1.5,
          null,
          true,
          entry.tenantId,
          entry.dueAt,
          'activity.exchange',
          `${word}/${word}`,
        ),
        fc.array(tie('any'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom('v', 'entries', 'tenantId', 'sourceId', 'ticket', 'dueAt', word, '__proto__'), tie('any')),
      ),
    })).any;
    const nearly = fc.record({ v: fc.constant(1), entries: fc.array(fc.oneof(value, fc.constant(entry)), { maxLength: 3 }) });

    fc.assert(
      fc.property(
        fc.oneof(
          value,
          nearly,
          fc.string(),
          value.map((given) => JSON.stringify(given)),
        ),
        (given) => {
          expect(causeOf(given) ?? '').not.toContain(word);
          expect(() => entriesOf(given)).not.toThrow();
        },
      ),
    );
  });
});

describe('entriesOf', () => {
  it('finds the entries that could be ours in a message that is wrong, and of each only its ids', () => {
    const given = {
      v: 9,
      entries: [{ ...entry, contentUri: 'https://evil.example' }, { ...entry, tenantId: 'x' }, 'x', { ...entry, ticket: 4 }],
    };

    expect(entriesOf(given)).toEqual([entry, { ...entry, ticket: 4 }]);
    expect(entriesOf(JSON.stringify(given))).toHaveLength(2);
    expect(entriesOf(base64(JSON.stringify(given)))).toHaveLength(2);
  });

  it.each([undefined, null, 'x', 7, [], {}, { entries: {} }])('finds none in %j', (given) => {
    expect(entriesOf(given)).toEqual([]);
  });

  it('looks at no more than a message may have', () => {
    expect(entriesOf({ v: 1, entries: Array.from({ length: 5_000 }, () => entry) })).toHaveLength(100);
  });
});

describe('textOf', () => {
  it('is the text that came, or the JSON of what the host made of it', () => {
    const deep = JSON.parse('['.repeat(32_000) + ']'.repeat(32_000)) as unknown;

    expect([textOf('as it is'), textOf(message), textOf(undefined)]).toEqual(['as it is', json, 'undefined']);
    expect(textOf(deep)).toBe('(nested too deeply to be shown)');
  });
});
