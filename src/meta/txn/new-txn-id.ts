import { keys } from '../../keys/key-table.ts';
import { removeRecord } from '../../records/message-record.ts';
import { txnIdFromVersionstamp } from '../../records/txn-id.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { Call, CallInSteps } from '../call.ts';
import { MetaError } from '../meta-error.ts';

/** A new transaction id, and the ten bytes that it is made of. */
export interface NewTxnId {
  readonly txnId: bigint;
  readonly stamp: Uint8Array;
}

/** No transaction has this id. */
const NO_TXN = 0n;

/**
 * A transaction id above all that were given out before this call. `check` may refuse the call first, by throwing a
 * MetaError; it reads only, and what it rests on is checked once more where the id is used.
 *
 * Ids are made of versionstamps, which only commits have. So this commits the removal of what is not there: it leaves
 * nothing behind, whatever comes of the call that wants the id.
 */
export async function newTxnId(
  call: CallInSteps,
  instance_id: string,
  check: (step: Call) => Promise<void>,
): Promise<NewTxnId> {
  const committed = await call.transact(async (step) => {
    await check(step);
    removeRecord(step.txn, keys.txnIndex, { instance_id, txn_id: NO_TXN });
    return step.txn;
  });
  const stamp = committed.versionstamp();
  const txnId = txnIdFromVersionstamp(stamp);
  if (txnId === undefined) {
    const message = `no transaction id can be made of the versionstamp ${Buffer.from(stamp).toString('hex')}`;
    throw new MetaError(MetaServiceCode.TXN_GEN_ID_ERR, message);
  }
  return { txnId, stamp };
}
