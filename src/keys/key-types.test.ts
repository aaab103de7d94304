import { describe, expect, test } from 'vitest';
import { bytesOfQuery, encodeKeyType, type KeyType, keyTypes, readNumber } from './key-types.ts';

function typeOf(name: string): KeyType {
  const type = keyTypes.get(name);
  if (type === undefined) throw new Error(`no key type ${name}`);
  return type;
}

describe('numbers of a query', () => {
  test.each([
    ['10086', 10086n],
    ['-5', -5n],
    ['+7', 7n],
    [' \t\n12abc', 12n],
    ['1.9', 1n],
    ['0x10', 0n],
    ['abc', 0n],
    ['- 5', 0n],
    ['--5', 0n],
    ['%31', 0n],
    ['000000000000000000000000000042', 42n],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['9223372036854775808', 2n ** 63n - 1n],
    ['-9223372036854775808', -(2n ** 63n)],
    ['-99999999999999999999', -(2n ** 63n)],
  ])('%j is %s', (text, value) => {
    expect(readNumber(text)).toBe(value);
  });
});

describe('key types', () => {
  test('are found by their own names only', () => {
    expect(keyTypes.size).toBe(30);
    for (const name of ['JobCheckKey', 'MetaSchemaPBDictionaryKey', 'VersionKey', 'constructor', '__proto__', '']) {
      expect(keyTypes.has(name), name).toBe(false);
    }
  });

  test('fill the fields of the key from their parameters', () => {
    const given: Record<string, string> = {
      instance_id: 'i',
      tablet_id: '1',
      rowest_id: 'r',
      version: '2',
      seg_id: '3',
    };
    const type = typeOf('MetaDeleteBitmap');
    expect(encodeKeyType(type, (name) => given[name])).toEqual({
      key: type.kind.encode({ instance_id: 'i', tablet_id: 1, rowset_id: 'r', version: 2, segment_id: 3 }),
    });
  });

  test('name the first parameter that is missing or empty', () => {
    const given: Record<string, string> = { instance_id: 'i', db_id: '' };
    expect(encodeKeyType(typeOf('TxnInfoKey'), (name) => given[name])).toEqual({ missing: 'db_id' });
    expect(encodeKeyType(typeOf('TxnInfoKey'), () => undefined)).toEqual({ missing: 'instance_id' });
  });

  test('take text as its bytes', () => {
    expect(bytesOfQuery('%E5')).toEqual(Buffer.from('%E5'));
    expect(bytesOfQuery('\xe5\x90\x8d'), 'one character for each byte, as Node reads a request').toEqual(
      Buffer.from('名'),
    );
    expect(bytesOfQuery('名')).toEqual(Buffer.from('名'));
  });
});
