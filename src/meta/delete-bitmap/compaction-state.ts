import { keys } from '../../keys/key-table.ts';
import type { ReadOptions, Transaction } from '../../kv/store.ts';
import { readRecords } from '../../records/message-record.ts';
import type { TabletIndexPB } from '../../schema/gen/cloud/tablet_pb.ts';
import type { TabletStatsPB } from '../../schema/gen/cloud/tablet_stats_pb.ts';
import { statsNotFound } from '../tablet/stored-stats.ts';
import { fieldsOfTablet } from '../tablet/tablet-index.ts';

/** How often a tablet was compacted, and up to where. */
export type CompactionState = Pick<TabletStatsPB, 'baseCompactionCnt' | 'cumulativeCompactionCnt' | 'cumulativePoint'>;

/**
 * The compaction states of tablets, whose indexes are trusted as they are given. What loads count is kept elsewhere and
 * not read, so loads don't conflict here. Throws TABLET_NOT_FOUND for the first tablet that has no statistics.
 */
export async function readCompactionStates(
  txn: Transaction,
  instanceId: string,
  indexes: readonly TabletIndexPB[],
  options?: ReadOptions,
): Promise<CompactionState[]> {
  const fields = indexes.map((index) => fieldsOfTablet(instanceId, index));
  const stats = await readRecords(txn, keys.statsTablet, fields, options);
  return indexes.map(({ tabletId }, i) => {
    const state = stats[i];
    if (!state) throw statsNotFound(tabletId);
    return state;
  });
}
