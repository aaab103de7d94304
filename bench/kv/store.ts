import type { BenchResult } from '../result.ts';
import { benchCommits } from './commits.ts';
import { benchReads } from './reads.ts';
import { benchSizes } from './sizes.ts';

export interface BenchStoreOptions {
  /** How often each side of a comparison is measured. */
  readonly rounds?: number;
  /** Keys of the large store; 0 leaves that part out. */
  readonly large_keys?: number;
}

/** Measures the embedded store against bare LMDB, and a large one against a small one. */
export async function benchStore(options: BenchStoreOptions = {}): Promise<BenchResult[]> {
  const { rounds = 7, large_keys = 10_000_000 } = options;
  const results = [...(await benchCommits(rounds)), ...(await benchReads(rounds))];
  if (large_keys > 0) {
    results.push(...(await benchSizes(rounds, large_keys)));
  }
  return results;
}
