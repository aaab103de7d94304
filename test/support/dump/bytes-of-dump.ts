import { type DumpOptions, writeDump } from '../../../src/dump/write-dump.ts';
import type { HeldSnapshot } from '../../../src/kv/held-snapshot.ts';
import type { KeyValue } from '../../../src/kv/store.ts';
import type { Random } from '../random.ts';

const KEY_BYTES = 1_976;

/** A state that holds these pairs, which are in order, in pages of `page` of them. */
export function heldPairs(pairs: readonly KeyValue[], page = 100): HeldSnapshot {
  return {
    version: 5_000n,
    growth_bytes: () => 0,
    async *getRange(begin, end) {
      const within = pairs.filter(({ key }) => Buffer.compare(key, begin) >= 0 && Buffer.compare(key, end) < 0);
      for (let at = 0; at < within.length; at += page) yield within.slice(at, at + page);
    },
    release: () => undefined,
  };
}

/** All of a dump. */
export async function bytesOfDump(held: HeldSnapshot, options: Partial<DumpOptions> = {}): Promise<Buffer> {
  const frames: Buffer[] = [];
  const dump = writeDump(held, KEY_BYTES, { origin: 'a test', program: 'nereus test', ...options });
  for await (const frame of dump) frames.push(frame);
  return Buffer.concat(frames);
}

/** Bytes in pieces, each of a length up to `longest`. */
export async function* inPieces(bytes: Buffer, random: Random, longest: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + random.int(longest);
    yield bytes.subarray(at, end);
    at = end;
  }
}

/** Pairs with different keys, in order; some of them large, some empty. */
export function randomPairs(random: Random, count: number): KeyValue[] {
  const byKey = new Map<string, KeyValue>();
  for (let i = 0; i < count; i++) {
    const key = randomBytes(random, random.chance(0.1) ? 1_000 : 30);
    const longest = random.weighted([
      [20, 40],
      [2, 3_000],
      [1, 100_000],
    ]);
    byKey.set(key.toString('latin1'), { key, value: randomBytes(random, longest) });
  }
  return [...byKey.values()].sort((one, other) => Buffer.compare(one.key, other.key));
}

/** Up to `longest` of them. */
function randomBytes(random: Random, longest: number): Buffer {
  const bytes = Buffer.alloc(random.int(longest + 1));
  for (let i = 0; i < bytes.length; i++) bytes[i] = random.int(4) * 80;
  return bytes;
}
