import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect } from 'vitest';
import type { Settings } from '../../src/config/settings.ts';
import { keys } from '../../src/keys/key-table.ts';
import { collectRange } from '../../src/kv/collect-range.ts';
import type { Store } from '../../src/kv/store.ts';
import { findTxn } from '../../src/meta/txn/txn-record.ts';
import { readRecord, writeRecord } from '../../src/records/message-record.ts';
import { mergeTabletStats, readTabletStats } from '../../src/records/tablet-stats.ts';
import { MetaServiceCode } from '../../src/schema/gen/cloud/status_pb.ts';
import { TabletIndexPBSchema } from '../../src/schema/gen/cloud/tablet_pb.ts';
import { TabletStatsPBSchema } from '../../src/schema/gen/cloud/tablet_stats_pb.ts';
import type { CommitTxnRequestSchema, TxnInfoPB } from '../../src/schema/gen/cloud/txn_pb.ts';
import { type RowsetMetaCloudPB, RowsetMetaCloudPBSchema } from '../../src/schema/gen/olap/rowset_meta_pb.ts';
import { type Domain, domainOn, rpc } from './fuzz/domain.ts';

/** The instance that the functions of this file load to, and its one database and index. */
export const INSTANCE = 'i';
export const DB = 1n;
const INDEX = 5n;

/** A caller of the instance. */
export const CALLER = '1:i:be';

export interface Tablet {
  readonly table: bigint;
  readonly partition: bigint;
  readonly tablet: bigint;
}

/** Tablets of a partition of table 3, whose ids go on from the first. */
export function tabletsIn(partition: bigint, first: bigint, count: number): Tablet[] {
  return Array.from({ length: count }, (_, i) => ({ table: 3n, partition, tablet: first + BigInt(i) }));
}

/** Tablets of two tables and three partitions. */
export const A: Tablet = { table: 1n, partition: 11n, tablet: 101n };
export const B: Tablet = { table: 1n, partition: 11n, tablet: 102n };
export const C: Tablet = { table: 1n, partition: 12n, tablet: 103n };
export const D: Tablet = { table: 2n, partition: 21n, tablet: 201n };

/** Stores tablets as if they had been created, each with its first, empty rowset. */
export function plantTablets(store: Store, tablets: readonly Tablet[], dbId: bigint | null = DB): Promise<void> {
  return store.transact(async (txn) => {
    for (const { table, partition, tablet } of tablets) {
      const index = { tableId: table, indexId: INDEX, partitionId: partition, tabletId: tablet };
      const message = create(TabletIndexPBSchema, { ...index, ...(dbId !== null && { dbId }) });
      writeRecord(txn, keys.metaTabletIndex, { instance_id: INSTANCE, tablet_id: tablet }, message);
      const stats = create(TabletStatsPBSchema, { idx: index, numRowsets: 1n });
      writeRecord(txn, keys.statsTablet, statsFields({ table, partition, tablet }), stats);
    }
  });
}

/** Stores rowsets as a load writes them before its commit, of 10 rows, 100 bytes of data and 30 of index, in one segment. */
export function plantRowsets(
  store: Store,
  txnId: bigint,
  tablets: readonly Pick<Tablet, 'tablet' | 'partition'>[],
  more: MessageInitShape<typeof RowsetMetaCloudPBSchema> = {},
): Promise<void> {
  return store.transact(async (txn) => {
    for (const { tablet, partition } of tablets) {
      const meta = create(RowsetMetaCloudPBSchema, {
        ...{
          rowsetId: 0n,
          rowsetIdV2: `rowset of ${txnId} on ${tablet}`,
          tabletId: tablet,
          partitionId: partition,
          txnId,
        },
        ...{ numRows: 10n, numSegments: 1n, dataDiskSize: 100n, totalDiskSize: 130n },
        ...more,
      });
      writeRecord(txn, keys.metaRowsetTmp, { instance_id: INSTANCE, txn_id: txnId, tablet_id: tablet }, meta);
    }
  });
}

/** The rowset of a tablet that ends at a version. */
export function rowsetAt(store: Store, tablet: bigint, version: bigint): Promise<RowsetMetaCloudPB | undefined> {
  return store.transact((txn) =>
    readRecord(txn, keys.metaRowset, { instance_id: INSTANCE, tablet_id: tablet, version }),
  );
}

/** What a tablet has in all. */
export async function statsOf(store: Store, tablet: Tablet) {
  const stats = await store.transact((txn) => readTabletStats(txn, statsFields(tablet)));
  const { dataSize, numRows, numRowsets, numSegments } = stats
    ? mergeTabletStats(stats)
    : create(TabletStatsPBSchema, {});
  return { dataSize, numRows, numRowsets, numSegments };
}

/** How many rowsets a transaction has that are not visible. */
export async function temporaryRowsets(store: Store, txnId: bigint): Promise<number> {
  const { begin: from, end } = keys.metaRowsetTmp.range({ instance_id: INSTANCE, txn_id: txnId });
  return (await store.transact((txn) => collectRange(txn, from, end))).length;
}

/** A transaction as it is stored. */
export function txnOf(store: Store, txnId: bigint): Promise<TxnInfoPB | undefined> {
  return store.transact((txn) => findTxn(txn, { instance_id: INSTANCE, db_id: DB, txn_id: txnId }));
}

/** Begins a transaction, of ten minutes unless told, and returns its id. */
export async function begin(domain: Domain, label: string, more: object = {}): Promise<bigint> {
  const txnInfo = { dbId: DB, tableIds: [1n], label, timeoutMs: 600_000n, ...more };
  const { txnId, status } = await domain.call(rpc.begin_txn, { cloudUniqueId: CALLER, txnInfo });
  if (txnId === 0n) throw new Error(status.msg);
  return txnId;
}

/** Begins a transaction and stores its rowsets, so that it can be committed. */
export async function load(
  domain: Domain,
  label: string,
  tablets: readonly Pick<Tablet, 'tablet' | 'partition'>[],
  more: object = {},
): Promise<bigint> {
  const txnId = await begin(domain, label, more);
  await plantRowsets(domain.store, txnId, tablets);
  return txnId;
}

/** Commits a transaction, as a backend of the instance asks for it. */
export function commit(domain: Domain, request: MessageInitShape<typeof CommitTxnRequestSchema>) {
  return domain.call(rpc.commit_txn, { cloudUniqueId: CALLER, ...request });
}

/** Commits a large load lazily, by a server that dies when that has been decided. */
export async function decideLazily(
  domain: Domain,
  txnId: bigint,
  settings: Partial<Settings>,
  more: MessageInitShape<typeof CommitTxnRequestSchema> = {},
): Promise<void> {
  const dying = await domainOn(domain.store, { settings });
  await dying.dispose();
  const { status } = await commit(dying, { txnId, is2pc: false, enableTxnLazyCommit: true, ...more });
  const expected = `transaction is committed, and not visible yet: db_id=${DB} txn_id=${txnId}`;
  if (status.code !== MetaServiceCode.OK || status.msg !== expected) throw new Error(status.msg);
}

/** That a commit is refused, and has written nothing. `expected` is its "CODE message". */
export async function commitRefused(domain: Domain, request: object, expected: string): Promise<void> {
  const before = await domain.version();
  expect(await domain.status(rpc.commit_txn, { cloudUniqueId: CALLER, ...request })).toBe(expected);
  expect(await domain.version()).toBe(before);
}

/** The versions of partitions of a table, as they are answered. */
export async function versionsOf(domain: Domain, table: bigint, partitions: readonly bigint[]): Promise<bigint[]> {
  const each = <T>(value: T) => partitions.map(() => value);
  const wanted = { dbIds: each(DB), tableIds: each(table), partitionIds: [...partitions] };
  return (await domain.call(rpc.get_version, { cloudUniqueId: CALLER, batchMode: true, ...wanted })).versions;
}

/** The version of a table, as it is answered. */
export async function tableVersionOf(domain: Domain, tableId: bigint): Promise<bigint> {
  const request = { cloudUniqueId: CALLER, dbId: DB, tableId, isTableVersion: true };
  return (await domain.call(rpc.get_version, request)).version;
}

function statsFields({ table, partition, tablet }: Tablet) {
  return { instance_id: INSTANCE, table_id: table, index_id: INDEX, partition_id: partition, tablet_id: tablet };
}
