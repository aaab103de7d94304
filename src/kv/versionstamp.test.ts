import { expect, test } from 'vitest';
import { decodeVersionstamp, encodeVersionstamp, versionstampBeside, withVersionstamp } from './versionstamp.ts';

test('has the version in eight bytes and the place in two, both big-endian', () => {
  const stamp = encodeVersionstamp(0x0102030405060708n, 0x0300);
  expect([...stamp]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 3, 0]);
  expect(decodeVersionstamp(stamp)).toEqual({ version: 0x0102030405060708n, place: 0x0300 });
});

test('one beside another has its version and changes nothing in the other', () => {
  const first = encodeVersionstamp(7n, 0);
  expect(decodeVersionstamp(versionstampBeside(first, 1023))).toEqual({ version: 7n, place: 1023 });
  expect(decodeVersionstamp(first)).toEqual({ version: 7n, place: 0 });
});

test('is put into a copy', () => {
  const template = new Uint8Array(12).fill(9);
  const stamped = withVersionstamp(template, 1, encodeVersionstamp(1n, 2));
  expect([...stamped]).toEqual([9, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 9]);
  expect([...template]).toEqual(new Array(12).fill(9));
});
