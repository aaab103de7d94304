import { keys } from '../keys/key-table.ts';
import type { Transaction } from '../kv/store.ts';
import { scanRecords } from '../records/scan-records.ts';
import type { InstanceInfoPB } from '../schema/gen/cloud/instance_pb.ts';

/** All instances, in the order of their ids, dropped ones included. What changes meanwhile is no conflict. */
export async function* readInstances(txn: Transaction): AsyncGenerator<InstanceInfoPB> {
  for await (const { message } of scanRecords(txn, keys.instance, {}, { snapshot: true })) yield message;
}
