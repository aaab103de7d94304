import { toBinary } from '@bufbuild/protobuf';
import type { KeyKind } from '../keys/key-kind.ts';
import type { Transaction } from '../kv/store.ts';
import { type MessageAt, type MessageKeyShape, recordFromValue } from '../records/message-record.ts';
import { copyFields } from '../schema/copy-fields.ts';
import { RecycleIndexPB_State as State } from '../schema/gen/cloud/index_pb.ts';
import type { RecyclePartitionPB_State } from '../schema/gen/cloud/partition_pb.ts';
import { isKeptLongEnough, type Times, timesText } from './expiration.ts';
import { ContradictionError } from './note-failure.ts';
import { type FoundRecord, isUnchanged } from './record-of-pair.ts';
import type { SweepContext } from './sweep.ts';

/** What the recycle records of indexes and partitions have in common. Their states have the same numbers. */
interface DroppedFields extends Times {
  state: State | RecyclePartitionPB_State;
}

/** The shape of keys whose records say that something was dropped, or announced and never committed. */
export type DroppedShape = MessageKeyShape;

/** Why something is due to be recycled; undefined while it is not. Throws a ContradictionError for a state that nobody writes. */
export function whyDue(
  context: Pick<SweepContext, 'now_ms' | 'settings'>,
  record: DroppedFields,
  dropped_retention_seconds: number,
): string | undefined {
  const { retention_seconds } = context.settings;
  switch (record.state) {
    case State.RECYCLING:
      return 'its recycling has begun';
    case State.DROPPED: {
      const is_due = isKeptLongEnough(context, record, Math.min(dropped_retention_seconds, retention_seconds));
      return is_due ? `dropped, ${timesText(record)}` : undefined;
    }
    case State.PREPARED:
      return isKeptLongEnough(context, record, retention_seconds)
        ? `announced and never committed, ${timesText(record)}`
        : undefined;
    default:
      throw new ContradictionError(`its state is ${record.state}, which means nothing`);
  }
}

/**
 * Takes something from those who might still commit it: its record says RECYCLING from here on. False when it was
 * committed or recycled meanwhile, or dropped only then: that has its own time.
 */
export async function beginRecycling<Shape extends DroppedShape>(
  { store }: Pick<SweepContext, 'store'>,
  kind: KeyKind<string, Shape>,
  { pair }: FoundRecord<Shape>,
): Promise<boolean> {
  return store.transact(async (txn) => {
    const value = await txn.get(pair.key);
    if (value === undefined) return false;
    const record = recordFromValue(kind, Buffer.from(pair.key), value) as MessageAt<Shape> & DroppedFields;
    if (record.state === State.RECYCLING) return true;
    if (!isUnchanged(pair, value)) return false;
    const recycling = copyFields(record);
    recycling.state = State.RECYCLING;
    txn.set(pair.key, toBinary(kind.shape.value.schema, recycling));
    return true;
  });
}

/** Throws a ContradictionError unless something is being recycled still. That it stops being so meanwhile is a conflict. */
export async function checkRecycling<Shape extends DroppedShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  { pair }: FoundRecord<Shape>,
): Promise<void> {
  const value = await txn.get(pair.key);
  const record = value && (recordFromValue(kind, Buffer.from(pair.key), value) as MessageAt<Shape> & DroppedFields);
  if (record?.state !== State.RECYCLING) throw new ContradictionError('it is not being recycled any more');
}
