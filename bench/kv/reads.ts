import type { BenchResult } from '../result.ts';
import { compare, rate } from './measure.ts';
import { fill, key, openPair, VALUE } from './pair.ts';

const KEYS = 100_000;
const READS = 50_000;
const SCANS = 1_000;
const SCANNED = 100;

/** Point reads and range reads against those of bare LMDB. */
export async function benchReads(rounds: number): Promise<BenchResult[]> {
  const { store, bare, dispose } = await openPair();
  try {
    await fill(store, KEYS);
    await bare.transaction(() => {
      for (let i = 0; i < KEYS; i++) {
        void bare.put(key(i), VALUE);
      }
    });
    const bareGets = () => rate(READS, 1, async (i) => bare.get(key(scattered(i))));
    const gets = await compare(
      'point reads, many in a transaction',
      'reads/s',
      rounds,
      async () => {
        const txn = store.begin();
        const reads = await rate(READS, 1, async (i) => txn.get(key(scattered(i)), { snapshot: true }));
        txn.cancel();
        return reads;
      },
      bareGets,
    );
    const single = await compare(
      'point reads, each in its own transaction',
      'reads/s',
      rounds,
      () => rate(READS, 1, (i) => store.transact((txn) => txn.get(key(scattered(i))))),
      bareGets,
    );
    const scans = await compare(
      `range reads of ${SCANNED} pairs`,
      'ranges/s',
      rounds,
      () =>
        rate(SCANS, 1, async (i) => {
          const from = scattered(i);
          return store.transact(async (txn) => {
            let pairs = 0;
            for await (const page of txn.getRange(key(from), key(from + SCANNED))) {
              pairs += page.length;
            }
            return pairs;
          });
        }),
      () =>
        rate(SCANS, 1, async (i) => {
          const from = scattered(i);
          return [...bare.getRange({ start: key(from), end: key(from + SCANNED) })].length;
        }),
    );
    return [gets, single, scans];
  } finally {
    await dispose();
  }
}

/** Goes through the keys in an order without neighbours. */
function scattered(i: number): number {
  return (i * 7_919) % (KEYS - SCANNED);
}
