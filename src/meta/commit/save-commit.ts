import { create } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { writeRecord, writeRecordValue } from '../../records/message-record.ts';
import type { TxnInfoPB } from '../../schema/gen/cloud/txn_pb.ts';
import { VersionPBSchema } from '../../schema/gen/cloud/version_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { saveFinished, saveTxn } from '../txn/txn-record.ts';
import type { PartitionFields } from '../version/partition-version.ts';
import { raiseTableVersion } from '../version/table-version.ts';
import { type CommitWay, isLazy } from './commit-way.ts';
import type { LoadedPartition, PlacedRowset, Placement } from './placed-rowsets.ts';
import { saveChanges, type TabletChanges } from './tablet-changes.ts';
import { rowsetAtVersion, temporaryRowsetRange } from './temporary-rowset.ts';

/** A commit that can be made. */
export interface Commit extends Placement {
  readonly instanceId: string;
  readonly way: CommitWay;
  /** The transaction as it is to be stored. */
  readonly info: TxnInfoPB;
  /** The transactions whose temporary rowsets are committed. */
  readonly parts: readonly bigint[];
  readonly changes: TabletChanges;
}

/** Writes a commit: all of it, or of a lazy one what decides it. */
export function saveCommit(txn: Transaction, commit: Commit): void {
  const { instanceId, way, info, parts, rowsets, partitions, changes } = commit;
  saveTxn(txn, instanceId, info);
  saveTableVersions(txn, partitions);
  for (const partition of partitions) {
    if (isLazy(way)) takeVersion(txn, partition, info);
    else saveVersion(txn, partition.fields, partition.after, way.has_update_time ? info.commitTime : undefined);
  }
  if (isLazy(way)) return;
  for (const rowset of rowsets) saveRowset(txn, instanceId, rowset);
  for (const part of parts) {
    const { begin, end } = temporaryRowsetRange(instanceId, part);
    txn.clearRange(begin, end);
  }
  saveChanges(txn, instanceId, changes);
  saveFinished(txn, instanceId, info, info.finishTime);
}

/** Stores a rowset of a transaction where readers of its version find it. */
export function saveRowset(txn: Transaction, instance_id: string, { rowset, version }: PlacedRowset): void {
  const fields = { instance_id, tablet_id: rowset.tablet_id, version };
  writeRecordValue(txn, keys.metaRowset, fields, rowsetAtVersion(rowset, version));
}

/** Makes the rowsets of a partition visible up to a version. */
export function saveVersion(
  txn: Transaction,
  fields: PartitionFields,
  version: bigint,
  updateTimeMs: bigint | undefined,
): void {
  const record = create(VersionPBSchema, { version, ...(updateTimeMs !== undefined && { updateTimeMs }) });
  writeRecord(txn, keys.partitionVersion, fields, record);
}

/** Takes the next version of a partition for a transaction whose rowsets follow. What was visible still is, and no more. */
function takeVersion(txn: Transaction, { fields, record, before }: LoadedPartition, info: TxnInfoPB): void {
  const taken = create(VersionPBSchema, {
    pendingTxnIds: [info.txnId],
    updateTimeMs: info.commitTime,
    ...(record && isSet(record, 'version') && { version: before }),
  });
  writeRecord(txn, keys.partitionVersion, fields, taken);
}

function saveTableVersions(txn: Transaction, partitions: readonly LoadedPartition[]): void {
  const tables = new Map(partitions.map(({ fields }) => [fields.table_id, fields]));
  for (const { instance_id, db_id, table_id } of tables.values()) {
    raiseTableVersion(txn, instance_id, db_id, table_id);
  }
}
