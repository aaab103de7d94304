import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { type PartitionFields, pendingTxn } from '../../meta/version/partition-version.ts';
import { readRecords, recordFromValue, removeRecord } from '../../records/message-record.ts';
import { isSet } from '../../schema/presence.ts';
import { ContradictionError } from '../note-failure.ts';
import type { SweepContext } from '../sweep.ts';
import type { TabletPlace } from './tablet-records.ts';

export interface SealOptions {
  /** Throws unless what the tablets belong to is being recycled. */
  readonly check: (txn: Transaction) => Promise<void>;
  /** Whether their partitions go too, with their versions. */
  readonly with_partitions: boolean;
  /** The database of tablets that don't name theirs, where it is known. */
  readonly db_id: bigint | undefined;
}

/** How often loads that are on their way to a partition are waited for, one after the other. */
const MOST_WAITS = 8;

/**
 * Closes tablets to loads: from here on their commits don't find them, and are refused as a whole. A load that is committed
 * and on its way to one of their partitions is brought to its end first, since nothing could bring it there later.
 */
export async function sealTablets(
  context: SweepContext,
  tablets: readonly TabletPlace[],
  options: SealOptions,
): Promise<void> {
  for (let waits = 0; waits < MOST_WAITS; waits++) {
    const pending = await context.store.transact((txn) => sealIn(txn, context.instance_id, tablets, options));
    if (pending.size === 0) return;
    for (const txn_id of pending) await context.services.lazyCommits.finish(context.instance_id, txn_id);
  }
  throw new ContradictionError('its partitions wait for one load after the other');
}

/** Seals tablets unless loads are on their way to them, whose ids it returns. */
async function sealIn(
  txn: Transaction,
  instance_id: string,
  tablets: readonly TabletPlace[],
  { check, with_partitions, db_id }: SealOptions,
): Promise<ReadonlySet<bigint>> {
  await check(txn);
  const partitions = await partitionsOf(txn, instance_id, tablets, db_id);
  const versionKeys = partitions.map((fields) => keys.partitionVersion.encode(fields));
  const versions = await txn.getMany(versionKeys);
  const pending = pendingTxns(versionKeys, versions);
  if (pending.size > 0) return pending;
  for (const [i, key] of versionKeys.entries()) {
    const version = versions[i];
    // A lazy commit reads the versions of its partitions, but relies on no tablet: writing one anew makes it look again.
    if (with_partitions || version === undefined) txn.clear(key);
    else txn.set(key, version);
  }
  for (const { tablet_id } of tablets) removeRecord(txn, keys.metaTabletIndex, { instance_id, tablet_id });
  return pending;
}

/** The loads that are committed and on their way to partitions. Throws a MalformedValueError. */
export function pendingTxns(
  versionKeys: readonly Buffer[],
  versions: readonly (Uint8Array | undefined)[],
): ReadonlySet<bigint> {
  const pending = new Set<bigint>();
  for (const [i, key] of versionKeys.entries()) {
    const value = versions[i];
    const txn_id = value && pendingTxn(recordFromValue(keys.partitionVersion, key, value));
    if (txn_id !== undefined) pending.add(txn_id);
  }
  return pending;
}

/** The partitions of tablets, as far as their databases are known: that of a tablet which was never loaded to may be not. */
async function partitionsOf(
  txn: Transaction,
  instance_id: string,
  tablets: readonly TabletPlace[],
  known_db_id: bigint | undefined,
): Promise<readonly PartitionFields[]> {
  const indexes = await readRecords(
    txn,
    keys.metaTabletIndex,
    tablets.map(({ tablet_id }) => ({ instance_id, tablet_id })),
  );
  const partitions = new Map<string, PartitionFields>();
  for (const [i, { table_id, partition_id }] of tablets.entries()) {
    const index = indexes[i];
    const db_id = index && isSet(index, 'dbId') ? index.dbId : known_db_id;
    if (db_id === undefined) continue;
    partitions.set(`${db_id}/${table_id}/${partition_id}`, { instance_id, db_id, table_id, partition_id });
  }
  return [...partitions.values()];
}
