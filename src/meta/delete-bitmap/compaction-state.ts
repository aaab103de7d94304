import { keys } from '../../keys/key-table.ts';
import type { ReadOptions, Transaction } from '../../kv/store.ts';
import { readRecords } from '../../records/message-record.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { TabletIndexPB } from '../../schema/gen/cloud/tablet_pb.ts';
import type { TabletStatsPB } from '../../schema/gen/cloud/tablet_stats_pb.ts';
import { MetaError } from '../meta-error.ts';
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
  return stats.map((each, i) => {
    if (each) return each;
    const message = `tablet stats not found, tablet_id=${fields[i]?.tablet_id}`;
    throw new MetaError(MetaServiceCode.TABLET_NOT_FOUND, message);
  });
}
