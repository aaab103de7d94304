import type { MessageInitShape } from '@bufbuild/protobuf';
import { firstTxnIdOfVersion } from '../../records/txn-id.ts';
import type { GetCurrentMaxTxnRequest, GetCurrentMaxTxnResponseSchema } from '../../schema/gen/cloud/txn_pb.ts';
import type { Call } from '../call.ts';

/** A number above the ids of all transactions that have begun so far. It stands still while nothing is written. */
export async function getCurrentMaxTxnId(
  { txn }: Call,
  _request: GetCurrentMaxTxnRequest,
): Promise<MessageInitShape<typeof GetCurrentMaxTxnResponseSchema>> {
  // A transaction is stored by a later commit than the one that its id stems from, hence by a higher version.
  return { currentMaxTxnId: firstTxnIdOfVersion(await txn.readVersion()) };
}
