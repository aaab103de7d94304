import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { fingerprintOf, sameFingerprint } from './fingerprint.ts';

const pair = (key: string, value: string | Buffer) => ({ key: Buffer.from(key), value: Buffer.from(value) });
async function* pages<T>(...all: readonly (readonly T[])[]) {
  yield* all;
}

test('is of the pairs, however they come, and tells where one ends and the next begins', async () => {
  const all = [pair('a', 'bc'), pair('ab', 'c'), pair('large', Buffer.alloc(3_000_000, 7)), pair('z', '')];
  const one = await fingerprintOf(pages(all));
  expect(one).toMatchObject({ pairs: 4, key_bytes: 9, value_bytes: 3_000_003 });
  expect(await fingerprintOf(pages(all.slice(0, 1), all.slice(1)))).toEqual(one);
  const other = await fingerprintOf(pages([pair('a', 'b'), pair('cab', 'c')], all.slice(2)));
  expect(sameFingerprint(one, other)).toBe(false);
});

test('is the SHA-256 of the pairs as a block of a dump has them', async () => {
  const { sha256 } = await fingerprintOf(pages([pair('k', 'vv')]));
  expect(sha256).toBe(createHash('sha256').update(Buffer.from('0001000000026b7676', 'hex')).digest('hex'));
});
