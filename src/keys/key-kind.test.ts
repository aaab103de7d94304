import { describe, expect, expectTypeOf, test } from 'vitest';
import type { DecodedFields } from './key-kind.ts';
import { keys } from './key-table.ts';

const instance_id = 'cf_key_1';

function hex(key: Buffer): string {
  return key.toString('hex');
}

describe('encode', () => {
  test('puts constants and fields in their order', () => {
    expect(hex(keys.instance.encode({ instance_id }))).toBe('0110696e7374616e636500011063665f6b65795f310001');
    expect(hex(keys.txnLabel.encode({ instance_id, db_id: 10086n, label: 'test_label' }))).toBe(
      '011074786e00011063665f6b65795f3100011074786e5f6c6162656c000112000000000000276610746573745f6c6162656c0001',
    );
    expect(hex(keys.jobCheck.encode({ instance_id }))).toBe('01106a6f6200011063665f6b65795f31000110636865636b0001');
    expect(hex(keys.systemRegistry.encode({}))).toBe(
      '021073797374656d0001106d6574612d736572766963650001107265676973747279' + '0001',
    );
  });

  test('takes numbers of either type, and text as bytes', () => {
    const key = keys.txnIndex.encode({ instance_id, txn_id: 10086n });
    expect(keys.txnIndex.encode({ instance_id, txn_id: 10086 })).toEqual(key);
    expect(keys.txnIndex.encode({ instance_id: Buffer.from(instance_id), txn_id: 10086 })).toEqual(key);
  });

  test('throws when a field is missing, whatever the compiler was told', () => {
    // @ts-expect-error the transaction's id is missing.
    expect(() => keys.txnIndex.encode({ instance_id })).toThrow();
    // @ts-expect-error a number is no text.
    expect(() => keys.txnIndex.encode({ instance_id: 1n, txn_id: 1n })).toThrow();
  });
});

describe('prefixes and ranges', () => {
  const rowset = { instance_id, tablet_id: 7n, version: 3n };

  test('a prefix has the constants up to the next field', () => {
    const first = keys.metaRowset.prefix({});
    const instance = keys.metaRowset.prefix({ instance_id });
    const tablet = keys.metaRowset.prefix({ instance_id, tablet_id: 7n });
    const whole = keys.metaRowset.prefix(rowset);
    expect(hex(first)).toBe('01106d6574610001');
    expect(hex(instance)).toBe('01106d65746100011063665f6b65795f31000110726f777365740001');
    expect(hex(tablet)).toBe(`${hex(instance)}120000000000000007`);
    expect(whole).toEqual(keys.metaRowset.encode(rowset));
  });

  test('fields are given from the first on', () => {
    // @ts-expect-error the instance comes before the tablet.
    keys.metaRowset.prefix({ tablet_id: 7n });
    // @ts-expect-error the tablet comes between the two.
    keys.metaRowset.prefix({ instance_id, version: 3n });
  });

  test('a range has every key with its prefix and no other', () => {
    const { begin, end } = keys.metaRowset.range({ instance_id, tablet_id: 7n });
    const inside = (key: Buffer): boolean => Buffer.compare(begin, key) <= 0 && Buffer.compare(key, end) < 0;
    expect(inside(keys.metaRowset.encode({ ...rowset, version: 0n }))).toBe(true);
    expect(inside(keys.metaRowset.encode({ ...rowset, version: 2n ** 63n - 1n }))).toBe(true);
    expect(inside(keys.metaRowset.encode({ ...rowset, version: -1n }))).toBe(true);
    expect(inside(keys.metaRowset.encode({ ...rowset, tablet_id: 6n }))).toBe(false);
    expect(inside(keys.metaRowset.encode({ ...rowset, tablet_id: 8n }))).toBe(false);
    expect(inside(keys.metaRowsetTmp.encode({ instance_id, txn_id: 7n, tablet_id: 7n }))).toBe(false);
  });

  test("the range of a tablet's statistics has its counters", () => {
    const fields = { instance_id, table_id: 1n, index_id: 2n, partition_id: 3n, tablet_id: 4n };
    const { begin, end } = keys.statsTablet.range(fields);
    expect(begin).toEqual(keys.statsTablet.encode(fields));
    expect(Buffer.compare(keys.statsTabletNumSegments.encode(fields), end)).toBe(-1);
    expect(Buffer.compare(keys.statsTablet.encode({ ...fields, tablet_id: 5n }), end)).toBe(1);
  });

  test('a span goes from one key up to another', () => {
    const { begin, end } = keys.metaRowset.span(rowset, { ...rowset, version: 9n });
    expect(begin).toEqual(keys.metaRowset.encode(rowset));
    expect(end).toEqual(keys.metaRowset.encode({ ...rowset, version: 9n }));
  });
});

describe('decode', () => {
  test('gives the fields with their types', () => {
    const fields = keys.copyFile.decode(
      keys.copyFile.encode({ instance_id, stage_id: '', table_id: 7, object_key: 'dir/名', object_etag: 'e\0' }),
    );
    expect(fields).toEqual({ instance_id, stage_id: '', table_id: 7n, object_key: 'dir/名', object_etag: 'e\0' });
    expectTypeOf<DecodedFields<typeof keys.txnLabel.shape>>().toEqualTypeOf<{
      readonly instance_id: string;
      readonly db_id: bigint;
      readonly label: string;
    }>();
  });

  test('knows only keys that it would write itself', () => {
    const key = hex(keys.txnIndex.encode({ instance_id, txn_id: 5n }));
    const decode = (digits: string): unknown => keys.txnIndex.decode(Buffer.from(digits, 'hex'));
    expect(decode(key)).toEqual({ instance_id, txn_id: 5n });
    expect(decode(`${key}00`), 'a key that goes on').toBeUndefined();
    expect(decode(key.slice(0, -2)), 'a key that is cut short').toBeUndefined();
    expect(decode(key.replace('74786e5f696e', '74786e5f696f')), 'another constant').toBeUndefined();
    expect(decode(key.replace('6b6579', '6bff79')), 'text that is not UTF-8').toBeUndefined();
    expect(decode(key.replace(/12(0+5)$/, '10$1')), 'text for a number').toBeUndefined();
    expect(decode(key.replace(/120+5$/, '110000000000000000')), 'a negative zero').toBeUndefined();
    expect(decode(key.replace(/120+5$/, '128000000000000000')), 'beyond an int64').toBeUndefined();
    expect(decode('')).toBeUndefined();
  });
});
