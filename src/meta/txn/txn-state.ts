import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { type TxnInfoPB, TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import { MetaError } from '../meta-error.ts';

/** What can happen to a transaction after it has begun. */
export type TxnMove =
  /** One of its sub transactions begins or is given up. */
  | 'change_parts'
  | 'precommit'
  /** In one transaction of the store, rowsets, versions and all. */
  | 'commit'
  /** When there is too much for that: it is decided at once, and its rowsets follow. */
  | 'commit_lazily'
  /** The last rowset of a lazy commit has followed. */
  | 'publish'
  | 'abort';

/** Every state, with the moves that lead out of it and where each leads. Whatever is not here is refused. */
export const TXN_MOVES: Readonly<Record<TxnStatus, Readonly<Partial<Record<TxnMove, TxnStatus>>>>> = {
  [TxnStatus.TXN_STATUS_PREPARED]: {
    change_parts: TxnStatus.TXN_STATUS_PREPARED,
    precommit: TxnStatus.TXN_STATUS_PRECOMMITTED,
    commit: TxnStatus.TXN_STATUS_VISIBLE,
    commit_lazily: TxnStatus.TXN_STATUS_COMMITTED,
    abort: TxnStatus.TXN_STATUS_ABORTED,
  },
  [TxnStatus.TXN_STATUS_PRECOMMITTED]: {
    commit: TxnStatus.TXN_STATUS_VISIBLE,
    commit_lazily: TxnStatus.TXN_STATUS_COMMITTED,
    abort: TxnStatus.TXN_STATUS_ABORTED,
  },
  [TxnStatus.TXN_STATUS_COMMITTED]: { publish: TxnStatus.TXN_STATUS_VISIBLE },
  [TxnStatus.TXN_STATUS_VISIBLE]: {},
  [TxnStatus.TXN_STATUS_ABORTED]: {},
  [TxnStatus.TXN_STATUS_UNKNOWN]: {},
};

/** The state that a move leads to from `status`, or undefined when it can't be made there. */
export function stateAfter(status: TxnStatus, move: TxnMove): TxnStatus | undefined {
  return TXN_MOVES[status]?.[move];
}

/** Whether nothing more happens to a transaction, so that it may be forgotten in time. */
export function isFinished({ status }: Pick<TxnInfoPB, 'status'>): boolean {
  return status === TxnStatus.TXN_STATUS_VISIBLE || status === TxnStatus.TXN_STATUS_ABORTED;
}

/** The code for a call that a transaction's state refuses. */
export function codeOfState(status: TxnStatus): MetaServiceCode {
  switch (status) {
    case TxnStatus.TXN_STATUS_ABORTED:
      return MetaServiceCode.TXN_ALREADY_ABORTED;
    case TxnStatus.TXN_STATUS_VISIBLE:
      return MetaServiceCode.TXN_ALREADY_VISIBLE;
    case TxnStatus.TXN_STATUS_PRECOMMITTED:
      return MetaServiceCode.TXN_ALREADY_PRECOMMITED;
    default:
      return MetaServiceCode.TXN_INVALID_STATUS;
  }
}

/** The words of the reference for where a transaction is already, in a refusal to take it there or elsewhere. */
const WORDS: ReadonlyMap<TxnStatus, string> = new Map([
  [TxnStatus.TXN_STATUS_ABORTED, 'aborted'],
  [TxnStatus.TXN_STATUS_VISIBLE, 'visible'],
  [TxnStatus.TXN_STATUS_PRECOMMITTED, 'precommited'],
  [TxnStatus.TXN_STATUS_COMMITTED, 'committed'],
]);

/** "transaction is already visible: db_id=1 txn_id=2". */
export function alreadyText({ status, dbId, txnId }: Pick<TxnInfoPB, 'status' | 'dbId' | 'txnId'>): string {
  return `transaction is already ${WORDS.get(status) ?? TxnStatus[status]}: db_id=${dbId} txn_id=${txnId}`;
}

/** Refuses a precommit or a commit for the state that the transaction is in. */
export function alreadyThere(info: TxnInfoPB): MetaError {
  return new MetaError(codeOfState(info.status), alreadyText(info));
}
