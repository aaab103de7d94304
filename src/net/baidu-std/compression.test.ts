import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { snappyBlock, varint } from '../../../test/support/snappy-block.ts';
import { ByteBudget } from '../byte-budget.ts';
import { compressTypeName, DecompressError, decompress } from './compression.ts';

const SNAPPY = 1;
const GZIP = 2;
const ZLIB = 3;
const KINDS: readonly (readonly [number, (bytes: Buffer) => Buffer])[] = [
  [SNAPPY, snappyBlock],
  [GZIP, (bytes) => gzipSync(bytes)],
  [ZLIB, (bytes) => deflateSync(bytes)],
];

function limits(max_body_bytes = 100_000, room = 10_000_000) {
  return { max_body_bytes, budget: new ByteBudget(room) };
}

describe('what is compressed by each kind', () => {
  test.each(KINDS)('%s is what it was, and takes its bytes from the budget', async (kind, compress) => {
    for (const message of [Buffer.alloc(0), Buffer.from('a message'), Buffer.alloc(100_000, 'x')]) {
      const within = limits();
      expect((await decompress(kind, compress(message), within)).equals(message)).toBe(true);
      expect(within.budget.used).toBe(message.length);
    }
  });

  test.each(KINDS)('%s is refused when it becomes larger than a body may be', async (kind, compress) => {
    const within = limits();
    const bomb = compress(Buffer.alloc(20_000_000));
    await expect(decompress(kind, bomb, within)).rejects.toThrow(DecompressError);
    expect(within.budget.used).toBe(0);
  });

  test.each(KINDS)('%s is refused when there is no room for what it may become', async (kind, compress) => {
    const within = limits(100_000, 50_000);
    const refused = decompress(kind, compress(Buffer.alloc(60_000)), within);
    await expect(refused).rejects.toMatchObject({ kind: 'no_room' });
    expect(within.budget.used).toBe(0);
  });

  test.each(KINDS)('%s is refused when it is spoilt or cut off', async (kind, compress) => {
    const whole = compress(Buffer.from('a message, a message, a message'));
    const spoilt = Buffer.from(whole);
    spoilt[0] = 0xff;
    for (const bytes of [Buffer.alloc(0), spoilt, whole.subarray(0, -1), whole.subarray(0, 3)]) {
      const within = limits();
      await expect(decompress(kind, bytes, within)).rejects.toMatchObject({ kind: 'malformed' });
      expect(within.budget.used).toBe(0);
    }
  });
});

test('a block of Snappy that announces four gigabytes takes none of them', async () => {
  const within = limits(100_000);
  const lie = Buffer.concat([varint(0xffff_ffff), Buffer.of(0, 0)]);
  await expect(decompress(SNAPPY, lie, within)).rejects.toMatchObject({ kind: 'malformed' });
});

test('other kinds are refused, and have no name', async () => {
  for (const kind of [4, 99, -1]) {
    await expect(decompress(kind, Buffer.alloc(3), limits())).rejects.toThrow(`compress_type=${kind} is not served`);
    expect(compressTypeName(kind)).toBe('unknown');
  }
  expect([0, SNAPPY, GZIP, ZLIB].map(compressTypeName)).toEqual(['none', 'snappy', 'gzip', 'zlib']);
});
