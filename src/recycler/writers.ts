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
  const indexes = await readRecords(
    txn,
    keys.txnIndex,
    ids.map((txn_id) => ({ instance_id, txn_id })),
  );
  const states = new Map<bigint, WriterState>();
  const found: { readonly id: bigint; readonly key: Buffer }[] = [];
  for (const [i, id] of ids.entries()) {
    const index = indexes[i];
    const place = index && placeOf(id, index);
    // The index of a sub transaction does not say whose part it is. It goes when that is forgotten.
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

function placeOf(id: bigint, index: TxnIndexPB): { readonly db_id: bigint; readonly txn_id: bigint } | undefined {
  const { tabletIndex } = index;
  if (!tabletIndex || !isSet(tabletIndex, 'dbId')) return undefined;
  return { db_id: tabletIndex.dbId, txn_id: isSet(index, 'parentTxnId') ? index.parentTxnId : id };
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
