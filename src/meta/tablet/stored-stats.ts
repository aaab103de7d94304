import type { Int64 } from '../../keys/codec.ts';
import type { Transaction } from '../../kv/store.ts';
import {
  mergeTabletStats,
  readTabletStats,
  readTabletStatsToChange,
  type TabletStats,
} from '../../records/tablet-stats.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { TabletIndexPB } from '../../schema/gen/cloud/tablet_pb.ts';
import type { TabletStatsPB } from '../../schema/gen/cloud/tablet_stats_pb.ts';
import { MetaError } from '../meta-error.ts';
import { fieldsOfTablet } from './tablet-index.ts';

/**
 * A tablet's statistics with what loads have added, as of the transaction's snapshot: loads that add to them meanwhile are
 * no conflict. Throws TABLET_NOT_FOUND where there are none.
 */
export async function tabletStatsAt(
  txn: Transaction,
  instanceId: string,
  index: TabletIndexPB,
): Promise<TabletStatsPB> {
  const stats = await readTabletStats(txn, fieldsOfTablet(instanceId, index), { snapshot: true });
  if (stats) return mergeTabletStats(stats);
  throw statsNotFound(index.tabletId);
}

/**
 * A tablet's statistics in their two parts, to change the aggregated one: another change of that is a conflict, a load is
 * not. Throws TABLET_NOT_FOUND where there are none.
 */
export async function tabletStatsToChange(
  txn: Transaction,
  instanceId: string,
  index: TabletIndexPB,
): Promise<TabletStats> {
  const stats = await readTabletStatsToChange(txn, fieldsOfTablet(instanceId, index));
  if (stats) return stats;
  throw statsNotFound(index.tabletId);
}

/** A tablet has no statistics where they are looked for: it is not there, or its index is not this one. */
export function statsNotFound(tabletId: Int64): MetaError {
  return new MetaError(MetaServiceCode.TABLET_NOT_FOUND, `tablet stats not found, tablet_id=${tabletId}`);
}
