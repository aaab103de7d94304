import type { CommitTxnRequest, TxnInfoPB } from '../../schema/gen/cloud/txn_pb.ts';
import { invalid } from '../meta-error.ts';
import type { TxnFields } from '../txn/txn-record.ts';
import { alreadyText, type TxnMove } from '../txn/txn-state.ts';
import type { SizeOfRowset } from './tablet-changes.ts';

/** What the ways of committing a transaction differ in. */
export interface CommitWay {
  readonly move: Extract<TxnMove, 'commit' | 'commit_lazily'>;
  /** The transactions and sub transactions whose rowsets become visible, in order. Each raises its partitions by a version. */
  readonly parts: (request: CommitTxnRequest) => readonly bigint[];
  readonly size_of: SizeOfRowset;
  /** Whether the second phase of two can be asked for, which needs the first. */
  readonly has_phases: boolean;
  /** Whether versions get the time of the commit, and the answer too. */
  readonly has_update_time: boolean;
  /** Whether the answer has that time also when the transaction has expired. */
  readonly expires_with_time: boolean;
  /** Whether tables that merge on write are looked at. */
  readonly releases_locks: boolean;
  /** Whether a task of a routine load counts for its job. */
  readonly keeps_progress: boolean;
  readonly missing_text: (fields: TxnFields) => string;
  readonly aborted_text: (info: TxnInfoPB) => string;
}

/** In one transaction of the store, with everything. */
export const AT_ONCE: CommitWay = {
  move: 'commit',
  parts: ({ txnId }) => [txnId],
  size_of: ({ total_disk_size }) => total_disk_size,
  has_phases: true,
  has_update_time: true,
  expires_with_time: true,
  releases_locks: true,
  keeps_progress: true,
  missing_text: ({ txn_id, db_id }) => `transaction [${txn_id}] not found, db_id=${db_id}`,
  aborted_text: ({ txnId, dbId }) => `transaction [${txnId}] is already aborted, db_id=${dbId}`,
};

/** As a large transaction: decided in one transaction of the store, and made visible by further ones. */
export const LAZILY: CommitWay = {
  ...AT_ONCE,
  move: 'commit_lazily',
  size_of: ({ data_disk_size }) => data_disk_size,
  expires_with_time: false,
  missing_text: ({ txn_id, db_id }) => `failed to get txn_info, db_id=${db_id} txn_id=${txn_id} err=KeyNotFound`,
  aborted_text: alreadyText,
};

/** With the rowsets of the sub transactions that the request names, and no others. */
export const SUB_TXNS: CommitWay = {
  ...LAZILY,
  move: 'commit',
  parts: subTxnIds,
  has_phases: false,
  has_update_time: false,
  releases_locks: false,
  keeps_progress: false,
};

/** Whether the rowsets of a commit follow it. */
export function isLazy(way: CommitWay): boolean {
  return way.move === 'commit_lazily';
}

function subTxnIds({ subTxnInfos }: CommitTxnRequest): bigint[] {
  const ids = subTxnInfos.map(({ subTxnId }) => subTxnId);
  // Its rows would be there twice.
  if (new Set(ids).size < ids.length) throw invalid(`a sub transaction is named twice, sub_txn_ids=${ids.join(',')}`);
  return ids;
}
