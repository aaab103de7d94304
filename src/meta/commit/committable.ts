import type { DecodedFields } from '../../keys/key-kind.ts';
import type { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { type CommitTxnRequest, type TxnInfoPB, TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import { MetaError } from '../meta-error.ts';
import { findDbOfTxn, findTxn } from '../txn/txn-record.ts';
import { alreadyThere, stateAfter } from '../txn/txn-state.ts';
import type { CommitWay } from './commit-way.ts';

/** Where a transaction stands. */
export type TxnPlace = DecodedFields<typeof keys.txnInfo.shape>;

/** The database of a transaction, 0 for a sub transaction. Throws KV_TXN_GET_ERR where there is none of this id, as commits do. */
export async function dbOfCommit(txn: Transaction, instanceId: string, txnId: bigint): Promise<bigint> {
  const dbId = await findDbOfTxn(txn, instanceId, txnId);
  if (dbId !== undefined) return dbId;
  throw new MetaError(MetaServiceCode.KV_TXN_GET_ERR, `failed to get db id, txn_id=${txnId} err=KeyNotFound`);
}

/**
 * A transaction that a commit finds, and the state that it takes it to: none where it is committed already, visible or not,
 * which a commit that is repeated need not mind. Throws a MetaError for one that can't be committed.
 */
export async function openCommit(
  txn: Transaction,
  fields: TxnPlace,
  request: CommitTxnRequest,
  way: CommitWay,
): Promise<{ readonly info: TxnInfoPB; readonly status: TxnStatus | undefined }> {
  const info = await findTxn(txn, fields);
  if (!info) throw new MetaError(MetaServiceCode.TXN_ID_NOT_FOUND, way.missing_text(fields));
  const { txn_id, db_id } = fields;
  const secondPhase = way.has_phases && request.is2pc;
  if (secondPhase && info.status === TxnStatus.TXN_STATUS_PREPARED) {
    const message = `transaction is prepare, not pre-committed: db_id=${db_id} txn_id${txn_id}`;
    throw new MetaError(MetaServiceCode.TXN_INVALID_STATUS, message);
  }
  const status = stateAfter(info.status, way.move);
  if (status !== undefined) return { info, status };
  switch (info.status) {
    case TxnStatus.TXN_STATUS_VISIBLE:
      if (!secondPhase) return { info, status };
      throw new MetaError(
        MetaServiceCode.TXN_ALREADY_VISIBLE,
        `transaction [${txn_id}] is already visible, not pre-committed.`,
        { txnInfo: info },
      );
    case TxnStatus.TXN_STATUS_COMMITTED:
      return { info, status };
    case TxnStatus.TXN_STATUS_ABORTED:
      throw new MetaError(MetaServiceCode.TXN_ALREADY_ABORTED, way.aborted_text(info));
    default:
      throw alreadyThere(info);
  }
}
