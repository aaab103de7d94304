import type { FieldsToEncode, KeyKind } from '../../keys/key-kind.ts';
import type { Transaction } from '../../kv/store.ts';
import {
  type MessageAt,
  type MessageKeyShape,
  readRecords,
  removeRecord,
  writeRecord,
} from '../../records/message-record.ts';
import { movesOf, type RecycleCall, type RecycleState } from './moves.ts';

/** The states that a record can be in. */
export type RecordedState = Exclude<RecycleState, 'NONE'>;

/** The indexes or the partitions of a request. */
export interface Recyclables<Shape extends MessageKeyShape> {
  /** What they are called in errors. */
  readonly noun: 'index' | 'partition';
  readonly ids: readonly bigint[];
  readonly kind: KeyKind<string, Shape>;
  readonly fieldsOf: (id: bigint) => FieldsToEncode<Shape>;
  readonly stateOf: (record: MessageAt<Shape>) => RecordedState;
  /** What is stored of those that reach a state by this request. */
  readonly recordIn: (state: RecordedState) => MessageAt<Shape>;
}

/**
 * Does to the recycle keys of a request's indexes or partitions what a call does to them. Answers whether any key changed,
 * or undefined, with nothing changed, when one of them was committed before or has been recycled. Throws INVALID_ARGUMENT.
 */
export async function moveRecycleKeys<Shape extends MessageKeyShape>(
  txn: Transaction,
  call: RecycleCall,
  { noun, ids, kind, fieldsOf, stateOf, recordIn }: Recyclables<Shape>,
): Promise<boolean | undefined> {
  const records = await readRecords(txn, kind, ids.map(fieldsOf));
  const states = records.map((record) => (record ? stateOf(record) : 'NONE'));
  const moves = movesOf(call, noun, ids, states);
  for (const [id, state] of moves ?? []) {
    if (state === 'NONE') removeRecord(txn, kind, fieldsOf(id));
    else writeRecord(txn, kind, fieldsOf(id), recordIn(state));
  }
  return moves && moves.size > 0;
}
