import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecords } from '../../records/message-record.ts';
import type { TabletIndexPB } from '../../schema/gen/cloud/tablet_pb.ts';
import type { GetTabletStatsRequest, TabletStatsPB } from '../../schema/gen/cloud/tablet_stats_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { CallInSteps } from '../call.ts';
import { MetaError } from '../meta-error.ts';
import { tabletStatsAt } from './stored-stats.ts';
import { knownIndex } from './tablet-index.ts';

/** Reading the statistics of so many tablets takes a small part of the time that a transaction has. */
const TABLETS_PER_TRANSACTION = 1_000;

/**
 * The statistics of tablets, in the order asked. Those that stand before a tablet that nobody knows are answered beside the
 * error; for one that has no statistics where the request says that they are, nothing is.
 */
export async function getTabletStats(
  { transact }: CallInSteps,
  { tabletIdx: wanted }: GetTabletStatsRequest,
  instanceId: string,
): Promise<{ tabletStats: TabletStatsPB[] }> {
  const tabletStats: TabletStatsPB[] = [];
  for (let from = 0; from < wanted.length; from += TABLETS_PER_TRANSACTION) {
    const batch = wanted.slice(from, from + TABLETS_PER_TRANSACTION);
    const { found, refusal } = await transact(({ txn }) => readBatch(txn, instanceId, batch));
    tabletStats.push(...found);
    if (refusal) throw new MetaError(refusal.code, refusal.message, { tabletStats });
  }
  return { tabletStats };
}

/** The statistics of the tablets before the first one that nobody knows, and the error that it makes. */
interface Batch {
  readonly found: readonly TabletStatsPB[];
  readonly refusal?: MetaError;
}

async function readBatch(txn: Transaction, instanceId: string, wanted: readonly TabletIndexPB[]): Promise<Batch> {
  const found: TabletStatsPB[] = [];
  const indexes = await storedIndexes(txn, instanceId, wanted);
  for (const given of wanted) {
    const { tabletId } = given;
    const index = isComplete(given) ? given : knownIndex(instanceId, tabletId, indexes.get(tabletId));
    if (index instanceof MetaError) return { found, refusal: index };
    found.push(await readStats(txn, instanceId, index));
  }
  return { found };
}

/** Whether a request says where a tablet's statistics are. Then it is trusted. */
function isComplete(index: TabletIndexPB): boolean {
  return (['tableId', 'indexId', 'partitionId', 'tabletId'] as const).every((name) => isSet(index, name));
}

/** The indexes of the tablets of which the request names only the id, by this id. */
async function storedIndexes(
  txn: Transaction,
  instance_id: string,
  wanted: readonly TabletIndexPB[],
): Promise<ReadonlyMap<bigint, TabletIndexPB | undefined>> {
  const ids = wanted.filter((index) => !isComplete(index)).map(({ tabletId }) => tabletId);
  const fields = ids.map((tablet_id) => ({ instance_id, tablet_id }));
  const indexes = await readRecords(txn, keys.metaTabletIndex, fields, { snapshot: true });
  return new Map(ids.map((id, i) => [id, indexes[i]]));
}

async function readStats(txn: Transaction, instanceId: string, index: TabletIndexPB): Promise<TabletStatsPB> {
  const stats = await tabletStatsAt(txn, instanceId, index);
  // Nobody is told of a size below zero, which only a mistake in counting can have made.
  if (stats.dataSize < 0n) stats.dataSize = 0n;
  return stats;
}
