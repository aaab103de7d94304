import type { MessageInitShape } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import { readRecords } from '../../records/message-record.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { GetTxnIdRequest, GetTxnIdResponseSchema } from '../../schema/gen/cloud/txn_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { invalid, MetaError } from '../meta-error.ts';
import { findLabel } from './txn-label.ts';

export function checkGetTxnId(request: GetTxnIdRequest): void {
  if (!isSet(request, 'dbId')) throw invalid('missing db id');
}

/** The newest transaction of a label, or, when states are given, the oldest that is in one of them. */
export async function getTxnId(
  { txn }: Call,
  { dbId: db_id, label, txnStatus: states }: GetTxnIdRequest,
  instance_id: string,
): Promise<MessageInitShape<typeof GetTxnIdResponseSchema>> {
  const ids = (await findLabel(txn, instance_id, db_id, label))?.message.txnIds ?? [];
  const newest = ids.at(-1);
  // The reference says nothing of a label that was not used.
  if (newest === undefined) throw new MetaError(MetaServiceCode.TXN_ID_NOT_FOUND, '');
  if (states.length === 0) return { txnId: newest };
  const infos = await readRecords(
    txn,
    keys.txnInfo,
    ids.map((txn_id) => ({ instance_id, db_id, txn_id })),
  );
  for (const [i, info] of infos.entries()) {
    if (!info) {
      const message = `txn->get() failed, cur_txn_id=${ids[i]} label=${label} err=KeyNotFound`;
      throw new MetaError(MetaServiceCode.TXN_ID_NOT_FOUND, message);
    }
    if (states.includes(info.status)) return { txnId: ids[i] as bigint };
  }
  throw new MetaError(MetaServiceCode.TXN_ID_NOT_FOUND, `transaction not found, label=${label}`);
}
