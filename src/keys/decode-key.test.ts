import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { chunkKey, isNumberedAfter, parseChunkSuffix, splitRange } from './chunk-key.ts';
import { decodeKey } from './decode-key.ts';
import { familyRange, keyFamilies } from './family.ts';
import type { KeyKind } from './key-kind.ts';
import { allKinds, keys } from './key-table.ts';

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const text = fc.string({ unit: 'binary', maxLength: 12 });

/** Any key: its kind and its fields. */
const anyKey = fc.constantFrom<KeyKind[]>(...(allKinds as readonly KeyKind[])).chain((kind) => {
  const fields = kind.fields.map(({ name, type }) => [name, type === 'int64' ? int64 : text] as const);
  return fc.record({
    kind: fc.constant(kind),
    fields: fc.record<Record<string, bigint | string>>(Object.fromEntries(fields)),
  });
});

describe('the table', () => {
  test('tells every key by its kind and fields', () => {
    fc.assert(
      fc.property(anyKey, ({ kind, fields }) => {
        expect(decodeKey(kind.encode(fields))).toEqual({ name: kind.name, kind, fields });
      }),
      { verbose: true, numRuns: 2000 },
    );
  });

  test('no two kinds share a key', () => {
    fc.assert(
      fc.property(anyKey, ({ kind, fields }) => {
        const key = kind.encode(fields);
        const others = allKinds.filter((each) => each.decode(key) !== undefined).map((each) => each.name);
        expect(others).toEqual([kind.name]);
      }),
      { verbose: true, numRuns: 500 },
    );
  });

  test("an instance's keys lie in the ranges of its families, and no other's do", () => {
    fc.assert(
      fc.property(anyKey, ({ kind, fields }) => {
        if (kind.shape.space !== 1) return;
        const key = kind.encode(fields);
        const within = (instance_id: string): boolean =>
          keyFamilies.some((family) => {
            const { begin, end } = familyRange(family, instance_id);
            return Buffer.compare(begin, key) <= 0 && Buffer.compare(key, end) < 0;
          });
        const { instance_id } = fields as { instance_id: string };
        expect(within(instance_id)).toBe(true);
        expect(within(`${instance_id}x`)).toBe(false);
      }),
      { verbose: true, numRuns: 500 },
    );
  });

  test('families are the first constants of the table', () => {
    expect(keyFamilies).toEqual([
      'instance',
      'txn',
      'version',
      'meta',
      'stats',
      'recycle',
      'job',
      'copy',
      'storage_vault',
    ]);
  });

  test('a decoded key narrows by its name', () => {
    const decoded = decodeKey(keys.metaRowset.encode({ instance_id: 'i', tablet_id: 1, version: 2 }));
    if ('problem' in decoded || decoded.name !== 'metaRowset') throw new Error('not a rowset');
    expectTypeOf(decoded.fields.version).toEqualTypeOf<bigint>();
    expect(decoded.fields.version).toBe(2n);
  });
});

describe('chunks', () => {
  const schema = keys.metaSchema.encode({ instance_id: 'i', index_id: 1, schema_version: 2 });

  test('are told by their version and number', () => {
    const decoded = decodeKey(chunkKey(schema, { version: 1 }, 300));
    expect(decoded).toMatchObject({ name: 'metaSchema', chunk: { version: 1, number: 300 } });
    expect(chunkKey(schema, { version: 1 }, 300).subarray(schema.length).toString('hex')).toBe('12010000000000012c');
  });

  test('exist only where values are split', () => {
    const index = keys.metaTabletIndex.encode({ instance_id: 'i', tablet_id: 1 });
    expect(decodeKey(chunkKey(index, { version: 0 }, 0))).toHaveProperty('problem');
  });

  test.each(['', '12', '110000000000000001', '12ff00000000000000', '120001000000000000', '12000000000000000000'])(
    '%s is no suffix of one',
    (suffix) => {
      expect(parseChunkSuffix(Buffer.from(suffix, 'hex'))).toBeUndefined();
    },
  );

  test('lie in the range of their value, which ends before the next value', () => {
    const { begin, end } = splitRange(schema);
    const next = keys.metaSchema.encode({ instance_id: 'i', index_id: 1, schema_version: 3 });
    expect(Buffer.compare(begin, schema)).toBe(0);
    expect(Buffer.compare(chunkKey(schema, { version: 127 }, 65535), end)).toBe(-1);
    expect(Buffer.compare(end, next)).toBe(-1);
  });

  test('are numbered after their value', () => {
    expect(isNumberedAfter(schema, schema)).toBe(true);
    expect(isNumberedAfter(schema, chunkKey(schema, { version: 0 }, 1))).toBe(true);
    expect(isNumberedAfter(schema, Buffer.concat([schema, Buffer.from('1061', 'hex')]))).toBe(false);
    expect(isNumberedAfter(schema, Buffer.concat([schema, Buffer.from('1200', 'hex')]))).toBe(false);
  });
});

describe('unknown keys', () => {
  test.each([
    ['', 'the key is empty'],
    ['01', 'no kind of key has the parts space 1'],
    ['0120', 'unknown tag 32 at 1'],
    ['0510696e7374616e6365000111' + '0000000000000005', 'no kind of key has the parts space 5, "instance", -5'],
  ])('%s is described', (key, problem) => {
    expect(decodeKey(Buffer.from(key, 'hex'))).toEqual({ problem });
  });

  test('never throw, and what is known is written the same again', () => {
    const changed = fc.tuple(anyKey, fc.nat(), fc.nat(255), fc.nat()).map(([{ kind, fields }, at, byte, length]) => {
      const key = Buffer.from(kind.encode(fields));
      key[at % key.length] = byte;
      return key.subarray(0, length % 4 === 0 ? length % (key.length + 1) : key.length);
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), changed), (key) => {
        const decoded = decodeKey(key);
        if ('problem' in decoded || decoded.chunk !== undefined) return;
        const kind: KeyKind = decoded.kind;
        expect(Buffer.compare(kind.encode(decoded.fields), key)).toBe(0);
      }),
      { verbose: true, numRuns: 3000 },
    );
  });
});
