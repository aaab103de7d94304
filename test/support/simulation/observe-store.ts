import { keys } from '../../../src/keys/key-table.ts';
import type { Store, Transaction } from '../../../src/kv/store.ts';
import { scanBytes } from '../../../src/records/bytes-record.ts';
import { readCounter } from '../../../src/records/counter.ts';
import { readRecord } from '../../../src/records/message-record.ts';
import { scanRecords } from '../../../src/records/scan-records.ts';
import { stampedFromValue } from '../../../src/records/stamped-record.ts';
import { mergeTabletStats, readTabletStats } from '../../../src/records/tablet-stats.ts';
import type { RecycleRowsetPB_Type } from '../../../src/schema/gen/cloud/rowset_pb.ts';
import { INSTANCE_ID as instance_id } from './cluster.ts';
import { type DeleteBitmap, decodeRows } from './delete-bitmap.ts';
import { DB_ID as db_id, type Model } from './model.ts';
import {
  type ObservedRowset,
  type ObservedStore,
  type ObservedTable,
  type ObservedTxn,
  observedRowset,
} from './observed.ts';
import type { Sizes } from './sizes.ts';

/** Reads what a service has stored, without asking it. */
export function observeStore(store: Store, model: Model): Promise<ObservedStore> {
  return store.transact(async (txn) => ({
    ...(await readVersions(txn)),
    ...(await readRowsets(txn)),
    ...(await readTxns(txn)),
    stats: await readStats(txn, model),
    tables: await readTables(txn, model),
    labels: await readLabels(txn),
    bitmaps: await readBitmaps(txn),
    locks: await readLocks(txn),
  }));
}

async function readVersions(txn: Transaction) {
  const versions = new Map<bigint, bigint>();
  const pending = new Set<bigint>();
  for await (const { fields, message } of scanRecords(txn, keys.partitionVersion, { instance_id })) {
    versions.set(fields.partition_id, message.version);
    if (message.pendingTxnIds.length > 0) pending.add(fields.partition_id);
  }
  return { versions, pending };
}

async function readRowsets(txn: Transaction) {
  const rowsets = new Map<bigint, ObservedRowset[]>();
  for await (const { fields, message } of scanRecords(txn, keys.metaRowset, { instance_id })) {
    append(rowsets, fields.tablet_id, observedRowset(message));
  }
  const temporary = new Map<bigint, string[]>();
  for await (const { fields, message } of scanRecords(txn, keys.metaRowsetTmp, { instance_id })) {
    append(temporary, fields.txn_id, message.rowsetIdV2);
  }
  const recycled = new Map<string, RecycleRowsetPB_Type>();
  for await (const { fields, message } of scanRecords(txn, keys.recycleRowset, { instance_id })) {
    recycled.set(fields.rowset_id, message.type);
  }
  return { rowsets, temporary, recycled };
}

async function readTxns(txn: Transaction) {
  const txns = new Map<bigint, ObservedTxn>();
  for await (const { fields, message } of scanRecords(txn, keys.txnInfo, { instance_id, db_id })) {
    const { label, status } = message;
    txns.set(fields.txn_id, { id: fields.txn_id, label, status });
  }
  const running = new Set<bigint>();
  for await (const { fields } of scanRecords(txn, keys.txnRunning, { instance_id, db_id })) running.add(fields.txn_id);
  const finished = new Set<bigint>();
  for await (const { fields } of scanRecords(txn, keys.recycleTxn, { instance_id, db_id })) finished.add(fields.txn_id);
  return { txns, running, finished };
}

async function readStats(txn: Transaction, model: Model): Promise<Map<bigint, Sizes>> {
  const stats = new Map<bigint, Sizes>();
  for (const { id, index, partition } of model.tablets()) {
    const fields = { instance_id, table_id: partition.table.id, index_id: index.id, partition_id: partition.id };
    const found = await readTabletStats(txn, { ...fields, tablet_id: id });
    if (found !== undefined) stats.set(id, mergeTabletStats(found));
  }
  return stats;
}

async function readTables(txn: Transaction, model: Model): Promise<Map<bigint, ObservedTable>> {
  const tables = new Map<bigint, ObservedTable>();
  for (const { id } of model.tables) {
    const version = (await readCounter(txn, keys.tableVersion, { instance_id, db_id, table_id: id })) ?? 0n;
    const progress = await readRecord(txn, keys.jobRoutineLoadProgress, { instance_id, db_id, job_id: id });
    tables.set(id, { version, routine_rows: progress?.stat?.loadedRows ?? 0n });
  }
  return tables;
}

async function readLabels(txn: Transaction): Promise<Map<string, bigint[]>> {
  const labels = new Map<string, bigint[]>();
  const { begin, end } = keys.txnLabel.range({ instance_id, db_id });
  for await (const page of txn.getRange(begin, end)) {
    for (const { key, value } of page) {
      const label = keys.txnLabel.decode(key)?.label;
      if (label !== undefined) labels.set(label, stampedFromValue(keys.txnLabel, key, value).message.txnIds);
    }
  }
  return labels;
}

async function readBitmaps(txn: Transaction): Promise<Map<bigint, DeleteBitmap[]>> {
  const bitmaps = new Map<bigint, DeleteBitmap[]>();
  const all = keys.metaDeleteBitmap.range({ instance_id });
  for await (const { fields, value } of scanBytes(txn, keys.metaDeleteBitmap, all)) {
    const { rowset_id, version, segment_id } = fields;
    append(bitmaps, fields.tablet_id, { rowset_id, version, segment: Number(segment_id), rows: decodeRows(value) });
  }
  return bitmaps;
}

async function readLocks(txn: Transaction): Promise<Map<bigint, bigint>> {
  const locks = new Map<bigint, bigint>();
  for await (const { fields, message } of scanRecords(txn, keys.metaDeleteBitmapUpdateLock, { instance_id })) {
    locks.set(fields.table_id, message.lockId);
  }
  return locks;
}

function append<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
