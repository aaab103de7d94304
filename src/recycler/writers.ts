import { keys } from '../keys/key-table.ts';
import type { Transaction } from '../kv/store.ts';
import { MalformedValueError } from '../records/malformed-value.ts';
import { readRecords } from '../records/message-record.ts';
import { TxnStatusPB as Status, type TxnIndexPB, TxnInfoPBSchema } from '../schema/gen/cloud/txn_pb.ts';
import { isSet } from '../schema/presence.ts';
import { fieldScan } from '../schema/scan-fields.ts';

/** How far the transaction is that a rowset was written under. */
export type WriterState =
  /** It may still become visible, or is just becoming it; or it can't be told. */
  | 'running'
  | 'aborted'
  | 'visible'
  /** There is none of this id: it was the job of a tablet, or has been forgotten, which only finished ones are. */
  | 'none';

const scanStatus = fieldScan(TxnInfoPBSchema, ['status']);

/** The states of transactions by their ids. What becomes of them meanwhile is a conflict. Throws a MalformedValueError. */
export async function writerStates(
  txn: Transaction,
  instance_id: string,
  txn_ids: Iterable<bigint>,
): Promise<ReadonlyMap<bigint, WriterState>> {
  const ids = [...new Set(txn_ids)];
  const indexes = await indexesOf(txn, instance_id, ids);
  const wholes = await indexesOf(txn, instance_id, parentsIn(indexes.values()));
  const states = new Map<bigint, WriterState>();
  const found: { readonly id: bigint; readonly key: Buffer }[] = [];
  for (const id of ids) {
    const index = indexes.get(id);
    const place = index && placeOf(id, index, wholes);
    // What does not say whose part it is goes when that is forgotten.
    states.set(id, index === undefined ? 'none' : 'running');
    if (place) found.push({ id, key: keys.txnInfo.encode({ instance_id, ...place }) });
  }
  const infos = await txn.getMany(found.map(({ key }) => key));
  for (const [i, { id, key }] of found.entries()) {
    const info = infos[i];
    if (info !== undefined) states.set(id, stateIn(key, info));
  }
  return states;
}

/** The indexes of those transactions that have one. */
async function indexesOf(
  txn: Transaction,
  instance_id: string,
  ids: readonly bigint[],
): Promise<ReadonlyMap<bigint, TxnIndexPB>> {
  const fields = ids.map((txn_id) => ({ instance_id, txn_id }));
  const records = await readRecords(txn, keys.txnIndex, fields);
  return new Map(ids.flatMap((id, i) => (records[i] ? [[id, records[i]] as const] : [])));
}

/** The transactions of which some are a part, where only their own indexes say in which database they are. */
function parentsIn(indexes: Iterable<TxnIndexPB>): readonly bigint[] {
  const parents = [...indexes].filter((index) => isSet(index, 'parentTxnId') && databaseOf(index) === undefined);
  return [...new Set(parents.map(({ parentTxnId }) => parentTxnId))];
}

function placeOf(
  id: bigint,
  index: TxnIndexPB,
  wholes: ReadonlyMap<bigint, TxnIndexPB>,
): { readonly db_id: bigint; readonly txn_id: bigint } | undefined {
  const txn_id = isSet(index, 'parentTxnId') ? index.parentTxnId : id;
  const whole = wholes.get(txn_id);
  const db_id = databaseOf(index) ?? (whole && databaseOf(whole));
  return db_id === undefined ? undefined : { db_id, txn_id };
}

function databaseOf({ tabletIndex }: TxnIndexPB): bigint | undefined {
  return tabletIndex && isSet(tabletIndex, 'dbId') ? tabletIndex.dbId : undefined;
}

function stateIn(key: Buffer, info: Uint8Array): WriterState {
  try {
    const { status } = scanStatus(info);
    if (status === Status.TXN_STATUS_ABORTED) return 'aborted';
    return status === Status.TXN_STATUS_VISIBLE ? 'visible' : 'running';
  } catch (cause) {
    throw new MalformedValueError(keys.txnInfo.name, key, { cause });
  }
}
