import { keys } from '../../keys/key-table.ts';
import { collectRange } from '../../kv/collect-range.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecords, removeRecord } from '../../records/message-record.ts';
import { groupBy } from '../group-by.ts';
import { ContradictionError, noteFailure } from '../note-failure.ts';
import { type FoundRecord, hexOf, recordsOfPage } from '../record-of-pair.ts';
import { scanInPages } from '../scan-in-pages.ts';
import type { Sweep, SweepContext } from '../sweep.ts';
import { removeUpdateLocks } from '../tablets/dropped-table.ts';

type FoundVersion = FoundRecord<typeof keys.partitionVersion.shape>;

/**
 * Forgets the versions of tables that are gone, and of their partitions. A table is gone when there is a version of a
 * partition which was not dropped by itself, and no tablet: as long as the partition is in use, it has some.
 */
export const recycleVersions: Sweep = {
  name: 'recycle_versions',
  async run(context) {
    const { store, instance_id, progress, signal } = context;
    for await (const page of scanInPages(store, keys.partitionVersion.range({ instance_id }))) {
      progress.scanned(page.length);
      const versions = recordsOfPage(context, keys.partitionVersion, page);
      const byTable = groupBy(versions, ({ fields }) => `${fields.db_id}/${fields.table_id}`);
      for (const ofTable of byTable.values()) {
        signal.throwIfAborted();
        try {
          await recycleVersionsOf(context, ofTable);
        } catch (error) {
          if (ofTable[0]) noteFailure(context, hexOf(ofTable[0].pair), error);
        }
      }
    }
  },
};

async function recycleVersionsOf(context: SweepContext, versions: readonly FoundVersion[]): Promise<void> {
  const { store, progress, dry_run } = context;
  const due = await store.transact(async (txn) => {
    const gone = await goneAmong(txn, context, versions);
    if (dry_run) return gone;
    for (const { pair } of gone) txn.clear(pair.key);
    const [first] = gone;
    if (first) {
      removeRecord(txn, keys.tableVersion, first.fields);
      removeUpdateLocks(txn, first.fields);
    }
    return gone;
  });
  progress.found(due.length);
  if (!dry_run) progress.deleted(due.length);
  else for (const { pair } of due) progress.planned({ what: hexOf(pair), why: 'its table has no tablets any more' });
}

/** The versions of a table's partitions, if the table is gone. Throws a ContradictionError where a load waits for one. */
async function goneAmong(
  txn: Transaction,
  { instance_id }: SweepContext,
  versions: readonly FoundVersion[],
): Promise<readonly FoundVersion[]> {
  const [first] = versions;
  if (first === undefined || (await hasTablets(txn, first.fields))) return [];
  const dropped = await readRecords(
    txn,
    keys.recyclePartition,
    versions.map(({ fields }) => ({ instance_id, partition_id: fields.partition_id })),
  );
  // The version of a partition that was dropped by itself says nothing of its table. It goes with the partition.
  const alone = versions.filter((_, i) => dropped[i] === undefined);
  const now = await readRecords(
    txn,
    keys.partitionVersion,
    alone.map(({ fields }) => fields),
  );
  if (now.some((version) => (version?.pendingTxnIds.length ?? 0) > 0)) {
    throw new ContradictionError('a load is on its way to a table without tablets');
  }
  return alone.filter((_, i) => now[i] !== undefined);
}

async function hasTablets(
  txn: Transaction,
  { instance_id, table_id }: { readonly instance_id: string; readonly table_id: bigint },
): Promise<boolean> {
  for (const { begin, end } of [
    keys.metaTablet.range({ instance_id, table_id }),
    keys.statsTablet.range({ instance_id, table_id }),
  ]) {
    if ((await collectRange(txn, begin, end, { limit: 1 })).length > 0) return true;
  }
  return false;
}
