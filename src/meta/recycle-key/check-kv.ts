import type { Awaitable } from '../../awaitable.ts';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecords } from '../../records/message-record.ts';
import {
  type CheckKeyInfos,
  type CheckKVRequest,
  CheckKVRequest_Operation as Operation,
} from '../../schema/gen/cloud/check_kv_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { failed, invalid } from '../meta-error.ts';

/**
 * Checks that the indexes or partitions which a frontend has made known were committed here too: none of them may have a
 * recycle key. Throws UNDEFINED_ERR when one has.
 */
export async function checkKv(
  { txn }: Call,
  request: CheckKVRequest,
  instanceId: string,
): Promise<Record<string, never>> {
  if (!isSet(request, 'op')) throw invalid('op not given');
  if (!request.checkKeys) throw invalid('empty check keys');
  const records = await RECYCLE_RECORDS[request.op](txn, instanceId, request.checkKeys);
  if (records.length === 0) throw invalid('empty keys');
  if (records.some((record) => record !== undefined)) {
    throw failed('prepare and commit rpc not match, recycle key remained');
  }
  return {};
}

/** The recycle records of what each operation asks about. Nothing is written, so there is nothing to conflict with. */
const RECYCLE_RECORDS: Readonly<
  Record<Operation, (txn: Transaction, instance_id: string, given: CheckKeyInfos) => Awaitable<readonly unknown[]>>
> = {
  [Operation.CREATE_INDEX_AFTER_FE_COMMIT]: (txn, instance_id, { indexIds }) => {
    const fields = indexIds.map((index_id) => ({ instance_id, index_id }));
    return readRecords(txn, keys.recycleIndex, fields, { snapshot: true });
  },
  [Operation.CREATE_PARTITION_AFTER_FE_COMMIT]: (txn, instance_id, { partitionIds }) => {
    const fields = partitionIds.map((partition_id) => ({ instance_id, partition_id }));
    return readRecords(txn, keys.recyclePartition, fields, { snapshot: true });
  },
};
