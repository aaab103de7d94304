import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedStore, openEmbeddedStore } from '../../src/kv/embedded/store.ts';
import type { BenchResult } from '../result.ts';
import { compare, median, rate, result } from './measure.ts';
import { fill, key, VALUE } from './pair.ts';

const SMALL_KEYS = 10_000;
const READS = 50_000;
const COMMITS = 150;
const OPENINGS = 5;

/** A store of many keys against a small one: how long it takes to open, reads and commits a second, and the heap. */
export async function benchSizes(rounds: number, large_keys: number): Promise<BenchResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'nereus-bench-'));
  const large = { dir: join(folder, 'large'), keys: large_keys };
  const small = { dir: join(folder, 'small'), keys: SMALL_KEYS };
  const label = `${large_keys / 1_000_000} million keys against ${SMALL_KEYS}`;
  try {
    for (const { dir, keys } of [large, small]) {
      const store = await openEmbeddedStore({ dir, exclusive: true });
      await fill(store, keys);
      await store.close();
    }
    const opened = result(`time to open, ${label}`, 'ms', await openingTime(large.dir), await openingTime(small.dir));
    const stores = {
      large: await openEmbeddedStore({ dir: large.dir, exclusive: true }),
      small: await openEmbeddedStore({ dir: small.dir, exclusive: true }),
    };
    const reads = await compare(
      `point reads, ${label}`,
      'reads/s',
      rounds,
      () => readRate(stores.large, large.keys),
      () => readRate(stores.small, small.keys),
    );
    const commits = await compare(
      `commits one by one, ${label}`,
      'commits/s',
      rounds,
      () => commitRate(stores.large, large.keys),
      () => commitRate(stores.small, small.keys),
    );
    const HEAP_BUDGET_MB = 300;
    const heap = result(`heap with ${large_keys / 1_000_000} million keys`, 'MB', heapUsedMb(), HEAP_BUDGET_MB);
    await stores.large.close();
    await stores.small.close();
    return [opened, reads, commits, heap];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function openingTime(dir: string): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < OPENINGS; i++) {
    const began = performance.now();
    const store = await openEmbeddedStore({ dir, exclusive: true });
    await store.transact((txn) => txn.get(key(i)));
    times.push(performance.now() - began);
    await store.close();
  }
  return median(times);
}

function readRate(store: EmbeddedStore, keys: number): Promise<number> {
  return rate(READS, 1, (i) => store.transact((txn) => txn.get(key(scattered(i, keys)))));
}

function commitRate(store: EmbeddedStore, keys: number): Promise<number> {
  return rate(COMMITS, 1, async (i) => {
    const txn = store.begin();
    txn.set(key(scattered(i, keys)), VALUE);
    await txn.commit();
  });
}

/** The keys that are worked on lie all over the store, few enough to stay in memory as those in use do. */
function scattered(i: number, keys: number): number {
  const STEPS = 10_000;
  return Math.floor((((i * 7_919) % STEPS) * keys) / STEPS);
}

function heapUsedMb(): number {
  return process.memoryUsage().heapUsed / 1_000_000;
}
