import { keys } from '../../keys/key-table.ts';
import { keyAfter, keyBytes, keyText } from '../../kv/bytes.ts';
import { collectRange } from '../../kv/collect-range.ts';
import type { Transaction } from '../../kv/store.ts';
import { collectEncodedRecords } from '../../records/encoded-record.ts';
import { writeRecord } from '../../records/message-record.ts';
import { addToTabletStats, readTabletStats } from '../../records/tablet-stats.ts';
import { copyFields } from '../../schema/copy-fields.ts';
import { RowsetMetaCloudPBSchema } from '../../schema/gen/olap/rowset_meta_pb.ts';
import { fieldScan } from '../../schema/scan-fields.ts';
import type { CallInSteps } from '../call.ts';
import type { TabletFields } from './tablet-index.ts';

/** The statistics of a tablet are five pairs at most, so these are those of twenty tablets or some more. */
const PAIRS_PER_TRANSACTION = 100;

/**
 * Sets the data size of each tablet of a table to that of its visible rowsets. It goes through the table in transactions
 * of some tablets each, so after an error the tablets before it are right already; nothing is lost by a second time.
 */
export async function fixTabletStats({ transact }: CallInSteps, instanceId: string, tableId: bigint): Promise<void> {
  const { begin, end } = keys.statsTablet.range({ instance_id: instanceId, table_id: tableId });
  let next: Uint8Array | undefined = begin;
  while (next !== undefined) {
    const from: Uint8Array = next;
    next = await transact(({ txn }) => fixSome(txn, from, end));
  }
}

/** Mends the tablets whose statistics stand first in a range of keys. Returns where to go on, or undefined at its end. */
async function fixSome(txn: Transaction, begin: Uint8Array, end: Uint8Array): Promise<Uint8Array | undefined> {
  const pairs = await collectRange(txn, begin, end, { snapshot: true, limit: PAIRS_PER_TRANSACTION });
  for (const { key } of pairs) {
    const tablet = keys.statsTablet.decode(key);
    // What is none are the counters of a tablet.
    if (tablet !== undefined) await fixTablet(txn, tablet);
  }
  const last = pairs.at(-1);
  return last === undefined || pairs.length < PAIRS_PER_TRANSACTION ? undefined : keyBytes(keyAfter(keyText(last.key)));
}

const scanSize = fieldScan(RowsetMetaCloudPBSchema, ['totalDiskSize']);

/** Keeps the whole size where jobs write theirs, and nothing of it in the counter for loads. */
async function fixTablet(txn: Transaction, fields: TabletFields): Promise<void> {
  const stats = await readTabletStats(txn, fields);
  if (!stats) return;
  const { instance_id, tablet_id } = fields;
  const range = keys.metaRowset.range({ instance_id, tablet_id });
  const rowsets = await collectEncodedRecords(txn, keys.metaRowset, range, scanSize);
  const aggregated = copyFields(stats.aggregated);
  const size = rowsets.reduce((sum, rowset) => sum + (rowset.fields.totalDiskSize ?? 0n), 0n);
  aggregated.dataSize = BigInt.asIntN(64, size);
  writeRecord(txn, keys.statsTablet, fields, aggregated);
  const counted = stats.detached.data_size;
  if (counted !== 0n) addToTabletStats(txn, fields, { data_size: BigInt.asIntN(64, -counted) });
}
