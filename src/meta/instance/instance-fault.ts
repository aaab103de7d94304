import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { MalformedValueError } from '../../records/malformed-value.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { MetaError } from '../meta-error.ts';
import { findInstance } from './instance-record.ts';

/** What the recycler's service says of an instance that is not there, or whose record can't be read; undefined of any other. */
export async function instanceFault(txn: Transaction, instance_id: string): Promise<MetaError | undefined> {
  try {
    const instance = await findInstance(txn, instance_id, { snapshot: true });
    return instance === undefined ? unknownInstance(instance_id) : undefined;
  } catch (error) {
    if (!(error instanceof MalformedValueError)) throw error;
    const key = keys.instance.encode({ instance_id }).toString('hex');
    return new MetaError(MetaServiceCode.PROTOBUF_PARSE_ERR, `malformed instance info, key=${key}`);
  }
}

/** What the recycler's service says of an instance that is not there. */
export function unknownInstance(instance_id: string): MetaError {
  const message = `failed to get instance, instance_id=${instance_id}, err=KeyNotFound`;
  return new MetaError(MetaServiceCode.KV_TXN_GET_ERR, message);
}
