import fc from 'fast-check';
import { hashedObject, namedObject, nameOf, packSent, removedState, stateOf, unpackSent } from '../../src/domain/sentKey';

// The same cases each time: a test that fails only sometimes helps nobody.
fc.configureGlobal({ seed: 20261122 });

const names = fc.oneof(fc.string(), fc.uuid(), fc.string({ unit: 'binary', maxLength: 300 }));

describe('what was sent', () => {
  it('is unpacked as it was packed, whatever the ids', () => {
    const entries = fc.record({ object: names.map(namedObject), state: names.map(stateOf) });
    fc.assert(
      fc.property(fc.array(entries), (list) => {
        const packed = packSent(list.map((entry) => ({ part: '2026-11-22T10', ...entry })));
        expect([...unpackSent(packed)]).toEqual(list);
      }),
    );
  });

  it('is read up to where it was cut off', () => {
    const entry = { part: 'p', object: namedObject('one'), state: stateOf('a') };
    const packed = packSent([entry, entry, entry]);
    for (let length = 0; length < packed.length; length += 1)
      expect([...unpackSent(packed.subarray(0, length))]).toHaveLength(Math.floor((length * 3) / packed.length));
  });

  it('names every object whose id is not absurdly long, and no two alike', () => {
    fc.assert(
      fc.property(names, (id) => {
        const known = nameOf(namedObject(id));
        expect(known === undefined ? Buffer.byteLength(id) > 99 : known === Buffer.from(id).toString()).toBe(true);
      }),
    );
    expect(namedObject('00000000-0000-4000-8000-000000000001')).toHaveLength(17);
    expect(nameOf(namedObject('00000000-0000-4000-8000-000000000001'))).toBe('00000000-0000-4000-8000-000000000001');
    expect(nameOf(namedObject('ABCDEF00-0000-4000-8000-000000000001'))).toBe('ABCDEF00-0000-4000-8000-000000000001');
  });

  it('is eight bytes a state and a hashed object, different for different ones', () => {
    expect(stateOf('a')).toHaveLength(8);
    expect(stateOf(Buffer.from('a'))).toBe(stateOf('a'));
    expect(stateOf('a')).not.toBe(stateOf('b'));
    expect(hashedObject('a')).toHaveLength(8);
    expect(removedState).toHaveLength(8);
  });
});
