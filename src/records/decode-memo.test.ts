import { expect, test } from 'vitest';
import { DecodeMemo } from './decode-memo.ts';

/** A memo whose decoder counts how often it runs. */
function counting(limits: { entries: number; value_bytes: number }): {
  get: (key: string, value: string) => string;
  decoded: () => number;
} {
  const memo = new DecodeMemo<string>(limits);
  let decoded = 0;
  const decode = (value: Uint8Array): string => {
    decoded++;
    return Buffer.from(value).toString();
  };
  return { get: (key, value) => memo.get(Buffer.from(key), Buffer.from(value), decode), decoded: () => decoded };
}

test('decodes the same bytes of a key once, and other bytes again', () => {
  const { get, decoded } = counting({ entries: 10, value_bytes: 1000 });
  expect([get('a', '1'), get('a', '1'), get('a', '2'), get('b', '1'), get('a', '2')]).toEqual([
    '1',
    '1',
    '2',
    '1',
    '2',
  ]);
  expect(decoded()).toBe(3);
});

test('keeps what is used when it is full', () => {
  const { get, decoded } = counting({ entries: 10, value_bytes: 1000 });
  for (let i = 0; i < 100; i++) {
    get('used', 'x');
    get(`once ${i}`, 'x');
  }
  expect(decoded()).toBe(101);
});

test('forgets what is not, by number and by bytes', () => {
  const few = counting({ entries: 4, value_bytes: 1000 });
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'a']) few.get(key, 'x');
  expect(few.decoded()).toBe(8);
  const small = counting({ entries: 1000, value_bytes: 40 });
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'a']) small.get(key, 'x'.repeat(10));
  expect(small.decoded()).toBe(7);
});

test('does not depend on the buffer that it was given', () => {
  const memo = new DecodeMemo<string>({ entries: 10, value_bytes: 1000 });
  const page = Buffer.from('first');
  memo.get(Buffer.from('k'), page, String);
  page.write('other');
  expect(memo.get(Buffer.from('k'), page, () => 'decoded again')).toBe('decoded again');
});
