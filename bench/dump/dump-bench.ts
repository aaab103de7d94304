import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeDumpFile } from '../../src/dump/dump-file.ts';
import { writeDump } from '../../src/dump/write-dump.ts';
import { compare } from '../kv/measure.ts';
import { fill, key, openPair, type Pair, VALUE } from '../kv/pair.ts';
import { peakHeap } from '../recycler/peak-heap.ts';
import type { BenchResult } from '../result.ts';

export interface DumpBenchOptions {
  readonly pairs: number;
  readonly rounds: number;
}

const BUFFER_BYTES = 1024 * 1024;
export const KEYS_IN_A_COMMIT = 50_000;

/** Dumping a store to a file, against reading the same pairs from a bare LMDB, hashing them and writing them to a file. */
export async function benchDump({ pairs, rounds }: DumpBenchOptions): Promise<BenchResult[]> {
  const pair = await openPair();
  const file = join(tmpdir(), `nereus-bench-dump-${process.pid}`);
  try {
    await fill(pair.store, pairs);
    await fillBare(pair, pairs);
    const rate = async (work: () => Promise<number>): Promise<number> => {
      const began_ms = performance.now();
      const done = await work();
      if (done !== pairs) throw new Error(`${done} of ${pairs} pairs were written`);
      return (pairs / (performance.now() - began_ms)) * 1000;
    };
    let heap_mib = 0;
    const ours = async () => {
      const heap = peakHeap();
      const figure = await rate(() => dumpTo(file, pair));
      heap_mib = Math.max(heap_mib, heap.stop());
      return figure;
    };
    const name = `dump ${pairs.toLocaleString('en-US')} pairs to a file`;
    const result = await compare(name, 'pairs/s', rounds, ours, () => rate(() => copyBare(file, pair)));
    return [{ ...result, heap_mib }];
  } finally {
    await rm(file, { force: true });
    await pair.dispose();
  }
}

async function dumpTo(file: string, { store }: Pair): Promise<number> {
  const held = await store.holdSnapshot();
  try {
    const dump = writeDump(held, store.limits.key_bytes, { origin: 'bench', program: 'bench' });
    return (await writeDumpFile(file, dump, { overwrite: true })).pairs;
  } finally {
    held.release();
  }
}

/** Fills the bare LMDB with the same keys as the store. */
export async function fillBare({ bare }: Pair, count: number): Promise<void> {
  for (let from = 0; from < count; from += KEYS_IN_A_COMMIT) {
    await bare.transaction(() => {
      for (let i = from; i < Math.min(count, from + KEYS_IN_A_COMMIT); i++) void bare.put(key(i), VALUE);
    });
  }
}

async function copyBare(path: string, { bare }: Pair): Promise<number> {
  const file = await open(path, 'w');
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  let at = 0;
  let count = 0;
  const write = async () => {
    const filled = buffer.subarray(0, at);
    hash.update(filled);
    await file.write(filled);
    at = 0;
  };
  for (const { key, value } of bare.getRange({})) {
    const bytes = key as Uint8Array;
    if (at + bytes.length + value.length > buffer.length) await write();
    buffer.set(bytes, at);
    buffer.set(value, at + bytes.length);
    at += bytes.length + value.length;
    count++;
  }
  await write();
  hash.digest();
  await file.sync();
  await file.close();
  return count;
}
