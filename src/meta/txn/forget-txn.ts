import { create } from '@bufbuild/protobuf';
import type { FieldsToEncode } from '../../keys/key-kind.ts';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecords, removeRecord } from '../../records/message-record.ts';
import { readStampedRecords, type Stamped, writeRecordWithStamp } from '../../records/stamped-record.ts';
import { type TxnLabelPB, TxnLabelPBSchema } from '../../schema/gen/cloud/txn_pb.ts';
import type { TxnFields } from './txn-record.ts';

export type LabelFields = FieldsToEncode<typeof keys.txnLabel.shape>;

/** A transaction to forget, as far as it is known. */
export interface FinishedTxn {
  readonly fields: TxnFields;
  readonly label: string;
  readonly subTxnIds: readonly bigint[];
}

/**
 * Removes all that is known of finished transactions: their records, their ids and those of their sub transactions, what
 * they are recycled by, and their places in their labels, which go with the last of them. Throws a MalformedValueError for
 * a label that can't be read.
 */
export async function forgetTxns(txn: Transaction, instance_id: string, over: readonly FinishedTxn[]): Promise<void> {
  for (const { fields } of over) forgetTxn(txn, fields);
  await forgetSubTxns(
    txn,
    instance_id,
    over.flatMap(({ subTxnIds }) => subTxnIds),
  );
  const named = over.map(({ fields: { db_id }, label }) => ({ instance_id, db_id, label }));
  const labels = [...new Map(named.map((fields) => [`${fields.db_id} ${fields.label}`, fields])).values()];
  const found = await readStampedRecords(txn, keys.txnLabel, labels);
  const forgotten = new Set(over.map(({ fields }) => BigInt(fields.txn_id)));
  for (const [i, fields] of labels.entries()) leaveLabel(txn, fields, found[i], forgotten);
}

/** Removes the record of a transaction, its id and what it is recycled by. */
export function forgetTxn(txn: Transaction, fields: TxnFields): void {
  removeRecord(txn, keys.txnInfo, fields);
  removeRecord(txn, keys.txnIndex, fields);
  removeRecord(txn, keys.recycleTxn, fields);
}

/** Removes the ids of sub transactions. Clients may name any ids as such: those of other transactions have a database. */
export async function forgetSubTxns(
  txn: Transaction,
  instance_id: string,
  subTxnIds: readonly bigint[],
): Promise<void> {
  const fields = subTxnIds.map((txn_id) => ({ instance_id, txn_id }));
  const indexes = await readRecords(txn, keys.txnIndex, fields);
  const own = fields.filter((_, i) => indexes[i] !== undefined && indexes[i].tabletIndex === undefined);
  for (const each of own) removeRecord(txn, keys.txnIndex, each);
}

/** Takes transactions out of a label that was read, and removes it when no other used it. The others keep its stamp. */
export function leaveLabel(
  txn: Transaction,
  fields: LabelFields,
  label: Stamped<TxnLabelPB> | undefined,
  forgotten: ReadonlySet<bigint>,
): void {
  if (!label) return;
  const txnIds = label.message.txnIds.filter((id) => !forgotten.has(id));
  if (txnIds.length === 0) {
    removeRecord(txn, keys.txnLabel, fields);
  } else if (txnIds.length < label.message.txnIds.length) {
    const message = create(TxnLabelPBSchema, { txnIds });
    writeRecordWithStamp(txn, keys.txnLabel, fields, { message, stamp: label.stamp });
  }
}
