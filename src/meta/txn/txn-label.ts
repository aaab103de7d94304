import { keys } from '../../keys/key-table.ts';
import type { ReadOptions, Transaction } from '../../kv/store.ts';
import { readStampedRecord, type Stamped } from '../../records/stamped-record.ts';
import type { TxnLabelPB } from '../../schema/gen/cloud/txn_pb.ts';

/** The transactions that used a label in a database, oldest first, or undefined when none did. Throws a MalformedValueError. */
export function findLabel(
  txn: Transaction,
  instance_id: string,
  db_id: bigint,
  label: string,
  options?: ReadOptions,
): Promise<Stamped<TxnLabelPB> | undefined> {
  return readStampedRecord(txn, keys.txnLabel, { instance_id, db_id, label }, options);
}
