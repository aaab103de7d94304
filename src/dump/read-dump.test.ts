import { beforeAll, describe, expect, test } from 'vitest';
import { bytesOfDump, heldPairs, inPieces, randomPairs } from '../../test/support/dump/bytes-of-dump.ts';
import { newSeed, Random } from '../../test/support/random.ts';
import type { KeyValue } from '../kv/store.ts';
import { DumpError } from './dump-error.ts';
import { HEAD_BYTES, MAGIC, PREAMBLE_BYTES, readHead } from './frame.ts';
import { readDump } from './read-dump.ts';
import { verifyDump } from './verify-dump.ts';

async function* whole(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

const plain = (pairs: readonly KeyValue[]) =>
  pairs.map(({ key, value }) => [Buffer.from(key).toString('hex'), Buffer.from(value).toString('hex')]);

/** Where each frame of a dump begins, and where the last one ends. */
function frameOffsets(dump: Buffer): number[] {
  const offsets = [PREAMBLE_BYTES];
  for (let at = PREAMBLE_BYTES; at < dump.length; offsets.push(at)) {
    const head = readHead(dump.subarray(at, at + HEAD_BYTES));
    if (typeof head === 'string') throw new Error(head);
    at += HEAD_BYTES + head.stored_bytes;
  }
  return offsets;
}

/** What is wrong with a dump; undefined when nothing is. */
async function faultOf(bytes: Buffer): Promise<DumpError | undefined> {
  try {
    await verifyDump(whole(bytes));
    return undefined;
  } catch (error) {
    if (error instanceof DumpError) return error;
    throw error;
  }
}

describe.each([false, true])('a dump (compressed: %s)', (compress) => {
  const random = new Random(newSeed());
  const pairs = randomPairs(random, 800);
  let dump: Buffer;
  let offsets: number[];

  beforeAll(async () => {
    dump = await bytesOfDump(heldPairs(pairs), { compress });
    offsets = frameOffsets(dump);
  });

  test.each([
    [50, 1],
    [800, 50],
    [800, 100_000],
    [800, 10_000_000],
  ])('of %i pairs is read as it was written, in pieces of up to %i bytes', async (count, longest) => {
    const expected = pairs.slice(0, count);
    const written = await bytesOfDump(heldPairs(expected), { compress });
    const reader = await readDump(inPieces(written, random, longest));
    expect(reader.header).toMatchObject({ version: 5_000n, origin: 'a test', program: 'nereus test' });
    expect(reader.header.instance_id).toBeUndefined();
    const found: KeyValue[] = [];
    const blocks = reader.blocks();
    let next = await blocks.next();
    for (; !next.done; next = await blocks.next()) found.push(...next.value.pairs);
    expect(next.value).toMatchObject({ pairs: expected.length });
    expect(plain(found)).toEqual(plain(expected));
  });

  test('is told to be damaged wherever a bit of it is changed, and in which frame', async () => {
    for (let i = 0; i < 150; i++) {
      const at = i < 70 ? random.int(dump.length) : random.pick(offsets.slice(0, -1)) + random.int(HEAD_BYTES + 4);
      const damaged = Buffer.from(dump);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << random.int(8));
      const fault = await faultOf(damaged);
      expect(fault, `byte ${at}`).toBeDefined();
      const frame = at < PREAMBLE_BYTES ? 0 : offsets.findLastIndex((offset) => offset <= at);
      expect(fault?.place, `byte ${at}`).toEqual({ frame, offset: at < PREAMBLE_BYTES ? 0 : offsets[frame] });
    }
  });

  test('is told to be cut wherever it ends too early, and where that is', async () => {
    const ends = [...offsets.slice(0, -1), ...Array.from({ length: 80 }, () => random.int(dump.length))];
    for (const end of ends) {
      const fault = await faultOf(dump.subarray(0, end));
      expect(fault, `byte ${end}`).toBeDefined();
      expect(fault?.place.offset).toBeLessThanOrEqual(end);
      if (end < PREAMBLE_BYTES) continue;
      const frame = offsets.findLastIndex((offset) => offset <= end);
      expect(fault?.place).toEqual({ frame, offset: offsets[frame] });
      expect(fault?.message).toContain(frame === 0 ? 'the header at byte 20: ' : `block ${frame} at byte `);
    }
  });

  test('is refused with bytes put in, taken out or said twice, or with frames in another order', async () => {
    const frames = offsets.slice(0, -1).map((offset, i) => dump.subarray(offset, offsets[i + 1]));
    const head = dump.subarray(0, PREAMBLE_BYTES);
    for (let i = 0; i < 30; i++) {
      const [from, to] = [random.int(dump.length), random.int(dump.length)].sort((a, b) => a - b) as [number, number];
      if (from === to) continue;
      const shorter = Buffer.concat([dump.subarray(0, from), dump.subarray(to)]);
      const longer = Buffer.concat([dump.subarray(0, to), dump.subarray(from)]);
      expect([await faultOf(shorter), await faultOf(longer)]).toEqual([expect.any(DumpError), expect.any(DumpError)]);
      const [one, other] = [random.int(frames.length), random.int(frames.length)];
      if (one === other) continue;
      const swapped = frames.map((frame, n) => frames[n === one ? other : n === other ? one : n] ?? frame);
      expect(await faultOf(Buffer.concat([head, ...swapped]))).toBeInstanceOf(DumpError);
    }
    expect((await faultOf(Buffer.concat([dump, Buffer.of(0)])))?.problem).toBe('something stands behind the trailer');
    expect(await faultOf(dump)).toBeUndefined();
  });
});

test('a dump of nothing is a dump', async () => {
  const dump = await bytesOfDump(heldPairs([]));
  expect(await verifyDump(whole(dump))).toMatchObject({ pairs: 0, blocks: 0 });
});

test('a dump has no more than one block in memory', async () => {
  const pairs = Array.from({ length: 60 }, (_, i) => ({ key: Buffer.of(i), value: Buffer.alloc(100_000, i) }));
  const sizes: number[] = [];
  const dump = await bytesOfDump(heldPairs(pairs));
  const reader = await readDump(whole(dump));
  for await (const { pairs: block } of reader.blocks()) sizes.push(block.length);
  expect(Math.max(...sizes)).toBe(10);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(60);
});

describe('what is no dump', () => {
  test.each([
    ['nothing', Buffer.alloc(0), 'this is no dump'],
    ['text', Buffer.from('[["00","01"]]'), 'this is no dump'],
    [
      'a dump whose line ends were changed',
      Buffer.from(MAGIC.toString('latin1').replace('\r\n', '\n'), 'latin1'),
      'this is no dump',
    ],
    [
      'a dump of a later version',
      Buffer.concat([MAGIC, Buffer.from([0, 0, 0, 2])]),
      'its format is 2, and this version reads 1',
    ],
    ['only its first bytes', MAGIC, 'it ends before its header'],
  ])('%s', async (_, bytes, problem) => {
    expect((await faultOf(bytes))?.message).toContain(`the header at byte 0: ${problem}`);
  });
});

test('writing is given up when it is aborted', async () => {
  const abort = new AbortController();
  const pairs = Array.from({ length: 500 }, (_, i) => ({
    key: Buffer.from(`${1000 + i}`),
    value: Buffer.alloc(50_000),
  }));
  const onProgress = ({ pairs }: { pairs: number }) => pairs > 100 && abort.abort(new Error('enough'));
  await expect(bytesOfDump(heldPairs(pairs), { signal: abort.signal, onProgress })).rejects.toThrow('enough');
});
