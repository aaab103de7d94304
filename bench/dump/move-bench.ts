import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { heldSource } from '../../src/dump/move/move-source.ts';
import { moveStore } from '../../src/dump/move/move-store.ts';
import { openEmbeddedStore } from '../../src/kv/embedded/store.ts';
import { compare } from '../kv/measure.ts';
import { fill, openPair, type Pair } from '../kv/pair.ts';
import { peakHeap } from '../recycler/peak-heap.ts';
import type { BenchResult } from '../result.ts';
import { type DumpBenchOptions, fillBare, KEYS_IN_A_COMMIT } from './dump-bench.ts';

/** Moving a store to another directory, which is read again and compared, against copying the same pairs between two bare LMDBs. */
export async function benchMove({ pairs, rounds }: DumpBenchOptions): Promise<BenchResult[]> {
  const pair = await openPair();
  try {
    await fill(pair.store, pairs);
    await fillBare(pair, pairs);
    let heap_mib = 0;
    const rate = async (work: (dir: string) => Promise<number>): Promise<number> => {
      const dir = await mkdtemp(join(tmpdir(), 'nereus-bench-move-'));
      try {
        const began_ms = performance.now();
        const done = await work(dir);
        if (done !== pairs) throw new Error(`${done} of ${pairs} pairs were copied`);
        return (pairs / (performance.now() - began_ms)) * 1000;
      } finally {
        await rm(dir, { recursive: true });
      }
    };
    const ours = async () => {
      const heap = peakHeap();
      const figure = await rate((dir) => moveTo(dir, pair));
      heap_mib = Math.max(heap_mib, heap.stop());
      return figure;
    };
    const name = `move ${pairs.toLocaleString('en-US')} pairs, embedded to embedded`;
    const result = await compare(name, 'pairs/s', rounds, ours, () => rate((dir) => copyBare(dir, pair)));
    return [{ ...result, heap_mib }];
  } finally {
    await pair.dispose();
  }
}

async function moveTo(dir: string, { store }: Pair): Promise<number> {
  const target = await openEmbeddedStore({ dir, exclusive: true, to_fill: true });
  const source = await heldSource(store, 'bench', false);
  try {
    return (await moveStore(source, target)).pairs;
  } finally {
    source.release();
    await target.close();
  }
}

async function copyBare(path: string, { bare }: Pair): Promise<number> {
  const target = open<Uint8Array, Uint8Array>({
    ...{ path, encoding: 'binary', keyEncoding: 'binary', overlappingSync: false },
  });
  let count = 0;
  try {
    let last: Promise<unknown> = Promise.resolve();
    for (const { key, value } of bare.getRange({})) {
      last = target.put(key as Uint8Array, value);
      if (++count % KEYS_IN_A_COMMIT === 0) await last;
    }
    await last;
    return count;
  } finally {
    await target.close();
  }
}
