import { methods } from '../../src/rpc/methods.ts';
import { compare, rate, result } from '../kv/measure.ts';
import { key, VALUE } from '../kv/pair.ts';
import type { BenchResult } from '../result.ts';
import { type BenchDomain, openDomain } from './domain.ts';
import { CLOUD_UNIQUE_ID, createTablets, DB_ID, partitionIdOf, rowsetOf, TABLE_ID, tabletIdOf } from './tablets.ts';

/** How many loaders there are, and how many loads they make together in a round. */
const LOADS = [
  [64, 1_500],
  [16, 500],
  [1, 60],
] as const;

/**
 * Whole loads a second, each from its begin to its commit, against as many durable commits of bare LMDB as a load makes,
 * one after the other; and the syncs that a load costs, against those that it would cost if it shared none.
 */
export async function benchLoads(rounds: number): Promise<BenchResult[]> {
  const domain = await openDomain();
  try {
    // Each loader has a partition of its own, as loads of different tables have.
    await createTablets(domain, Math.max(...LOADS.map(([loaders]) => loaders)), 1n);
    const commits = await commitsOfALoad(domain);
    const results: BenchResult[] = [];
    for (const [loaders, count] of LOADS) {
      const syncs = { loads: 0, batches: 0 };
      results.push(
        await compare(
          `loads, ${loaders} loaders`,
          'loads/s',
          rounds,
          async () => {
            const before = domain.store.stats().batches;
            const loads = await rate(count, loaders, (i) => load(domain, BigInt(i % loaders)));
            syncs.loads += count;
            syncs.batches += domain.store.stats().batches - before;
            return loads;
          },
          () => rate(count, loaders, (i) => putInTurn(domain, commits, i)),
        ),
      );
      results.push(result(`syncs of a load, ${loaders} loaders`, 'syncs', syncs.batches / syncs.loads, commits));
    }
    return results;
  } finally {
    await domain.dispose();
  }
}

async function commitsOfALoad(domain: BenchDomain): Promise<number> {
  const before = domain.store.stats().commits;
  await load(domain, 0n);
  return domain.store.stats().commits - before;
}

let labels = 0;

/** What frontend and backend do for a load into one tablet. */
async function load({ call }: BenchDomain, loader: bigint): Promise<void> {
  const txnInfo = { dbId: DB_ID, tableIds: [TABLE_ID], label: `load-${labels++}`, timeoutMs: 600_000n };
  const { txnId } = await call(methods.begin_txn, { cloudUniqueId: CLOUD_UNIQUE_ID, txnInfo });
  const tabletId = tabletIdOf(loader);
  const rowsetMeta = rowsetOf(tabletId, partitionIdOf(tabletId, 1n), txnId, `rowset-${txnId}`);
  const rowset = { cloudUniqueId: CLOUD_UNIQUE_ID, temporary: true, txnId, rowsetMeta };
  await call(methods.prepare_rowset, rowset);
  await call(methods.commit_rowset, rowset);
  await call(methods.commit_txn, { cloudUniqueId: CLOUD_UNIQUE_ID, dbId: DB_ID, txnId });
}

async function putInTurn({ bare }: BenchDomain, commits: number, i: number): Promise<void> {
  for (let commit = 0; commit < commits; commit++) await bare.put(key(i * commits + commit), VALUE);
}
