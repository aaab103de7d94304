import { keys } from '../../src/keys/key-table.ts';
import { readRecord, writeRecord } from '../../src/records/message-record.ts';
import { methods } from '../../src/rpc/methods.ts';
import { median, result } from '../kv/measure.ts';
import type { BenchResult } from '../result.ts';
import { type BenchDomain, openDomain } from './domain.ts';
import {
  CLOUD_UNIQUE_ID,
  createTablets,
  DB_ID,
  INSTANCE_ID,
  partitionIdOf,
  rowsetOf,
  TABLE_ID,
  tabletIdOf,
} from './tablets.ts';

/** How many tablets a transaction has, and how many such transactions are committed one after the other in a round. */
const COMMITS = [
  [1, 20],
  [10, 20],
  [100, 10],
  [1_000, 2],
  [5_000, 1],
] as const;
const BASE_TABLETS = 100;

/** What commit_txn costs for each tablet, by how many a transaction has, against what it costs where it has a hundred. */
export async function benchCommitTxn(rounds: number): Promise<BenchResult[]> {
  const domain = await openDomain();
  try {
    await createTablets(domain, Math.max(...COMMITS.map(([tablets]) => tablets)));
    const costs_us = new Map<number, number[]>(COMMITS.map(([tablets]) => [tablets, []]));
    // The first round warms up and does not count.
    for (let round = -1; round < rounds; round++) {
      for (const [tablets, commits] of COMMITS) {
        const cost_us = await costOfATablet(domain, tablets, commits);
        if (round >= 0) costs_us.get(tablets)?.push(cost_us);
      }
    }
    const base_us = median(costs_us.get(BASE_TABLETS) ?? []);
    return COMMITS.map(([tablets]) =>
      result(`commit_txn of ${tablets} tablets`, 'us/tablet', median(costs_us.get(tablets) ?? []), base_us),
    );
  } finally {
    await domain.dispose();
  }
}

async function costOfATablet(domain: BenchDomain, tablets: number, commits: number): Promise<number> {
  let took_ms = 0;
  for (let i = 0; i < commits; i++) {
    const txnId = await prepareLoad(domain, tablets);
    const began_ms = performance.now();
    await domain.call(methods.commit_txn, { cloudUniqueId: CLOUD_UNIQUE_ID, dbId: DB_ID, txnId });
    took_ms += performance.now() - began_ms;
  }
  return (took_ms * 1_000) / (commits * tablets);
}

let labels = 0;

/** Begins a transaction and has it write a rowset to each tablet: the first as backends do, the others after its example. */
async function prepareLoad({ call, store }: BenchDomain, tablets: number): Promise<bigint> {
  const txnInfo = { dbId: DB_ID, tableIds: [TABLE_ID], label: `load-${labels++}`, timeoutMs: 600_000n };
  const { txnId } = await call(methods.begin_txn, { cloudUniqueId: CLOUD_UNIQUE_ID, txnInfo });
  const first = tabletIdOf(0n);
  const rowsetMeta = rowsetOf(first, partitionIdOf(first), txnId, `rowset-${txnId}`);
  await call(methods.commit_rowset, { cloudUniqueId: CLOUD_UNIQUE_ID, temporary: true, txnId, rowsetMeta });
  const fields = { instance_id: INSTANCE_ID, txn_id: txnId };
  await store.transact(async (txn) => {
    const written = await readRecord(txn, keys.metaRowsetTmp, { ...fields, tablet_id: first }, { editable: true });
    if (written === undefined) throw new Error('commit_rowset wrote no rowset');
    for (let i = 1n; i < BigInt(tablets); i++) {
      written.tabletId = tabletIdOf(i);
      written.partitionId = partitionIdOf(written.tabletId);
      written.rowsetIdV2 = `rowset-${txnId}-${i}`;
      writeRecord(txn, keys.metaRowsetTmp, { ...fields, tablet_id: written.tabletId }, written);
    }
  });
  return txnId;
}
