import type { BenchResult } from '../result.ts';
import { compare, rate } from './measure.ts';
import { key, openPair, type Pair, VALUE } from './pair.ts';

/** Durable commits a second against bare puts of the same bytes that are awaited to disk, by how many are in flight. */
export async function benchCommits(rounds: number): Promise<BenchResult[]> {
  const pair = await openPair();
  try {
    const results: BenchResult[] = [];
    for (const [in_flight, count] of [
      [512, 30_000],
      [64, 6_000],
      [1, 300],
    ] as const) {
      results.push(
        await compare(
          `durable commits, ${in_flight} in flight`,
          'commits/s',
          rounds,
          () => rate(count, in_flight, (i) => commitOne(pair, i)),
          () => rate(count, in_flight, (i) => pair.bare.put(key(i), VALUE)),
        ),
      );
    }
    return results;
  } finally {
    await pair.dispose();
  }
}

async function commitOne({ store }: Pair, i: number): Promise<void> {
  const txn = store.begin();
  txn.set(key(i), VALUE);
  await txn.commit();
}
