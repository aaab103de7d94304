import { create } from '@bufbuild/protobuf';
import { keys } from '../keys/key-table.ts';
import type { Transaction } from '../kv/store.ts';
import type { RateLimit, RequestKind } from '../objects/rate-limiters.ts';
import { readRecord, removeRecord, writeRecord } from '../records/message-record.ts';
import {
  RecyclerControlPBSchema,
  type RequestLimitPB,
  RequestLimitPBSchema,
} from '../schema/gen/nereus/recycling_pb.ts';

/** What operators have asked of all processes that recycle. It is in the store, so that all of them see it. */
export interface Control {
  /** Whether nothing is recycled. */
  readonly paused: boolean;
  /** The instances that are not recycled. */
  readonly paused_instance_ids: readonly string[];
  /** How often each process may ask object storage, where that was set after the settings; 0 is what the settings say. */
  readonly limits: Readonly<Partial<Record<RequestKind, RateLimit>>>;
}

export async function readControl(txn: Transaction): Promise<Control> {
  const control = await readRecord(txn, keys.systemRecyclerControl, {});
  return {
    paused: control?.paused ?? false,
    paused_instance_ids: control?.pausedInstanceIds ?? [],
    limits: {
      ...(control?.getLimit && { get: limitOf(control.getLimit) }),
      ...(control?.putLimit && { put: limitOf(control.putLimit) }),
    },
  };
}

/** Whether an instance is not to be recycled for now. */
export function isPaused({ paused, paused_instance_ids }: Control, instance_id: string): boolean {
  return paused || paused_instance_ids.includes(instance_id);
}

/** Pauses one instance, or all of them, and resolves to what holds then. */
export async function pause(txn: Transaction, instance_id: string | undefined): Promise<Control> {
  const control = await readControl(txn);
  if (instance_id === undefined) return save(txn, { ...control, paused: true });
  const paused_instance_ids = [...new Set([...control.paused_instance_ids, instance_id])];
  return save(txn, { ...control, paused_instance_ids });
}

/** Undoes `pause`: for one instance that it was paused, and without one that anything was. */
export async function resume(txn: Transaction, instance_id: string | undefined): Promise<Control> {
  const control = await readControl(txn);
  if (instance_id === undefined) return save(txn, { ...control, paused: false, paused_instance_ids: [] });
  const paused_instance_ids = control.paused_instance_ids.filter((one) => one !== instance_id);
  return save(txn, { ...control, paused_instance_ids });
}

/** Sets how often each process may ask object storage. */
export async function limitRequests(txn: Transaction, kind: RequestKind, limit: RateLimit): Promise<Control> {
  const control = await readControl(txn);
  return save(txn, { ...control, limits: { ...control.limits, [kind]: limit } });
}

function save(txn: Transaction, control: Control): Control {
  const { paused, paused_instance_ids, limits } = control;
  const { get, put } = limits;
  if (!paused && paused_instance_ids.length === 0 && !get && !put) {
    removeRecord(txn, keys.systemRecyclerControl, {});
  } else {
    const message = create(RecyclerControlPBSchema, {
      paused,
      pausedInstanceIds: [...paused_instance_ids],
      ...(get && { getLimit: storedLimit(get) }),
      ...(put && { putLimit: storedLimit(put) }),
    });
    writeRecord(txn, keys.systemRecyclerControl, {}, message);
  }
  return control;
}

function limitOf({ perSecond, bucketTokens, tokenLimit }: RequestLimitPB): RateLimit {
  return { per_second: Number(perSecond), bucket_tokens: Number(bucketTokens), token_limit: Number(tokenLimit) };
}

function storedLimit({ per_second, bucket_tokens, token_limit }: RateLimit): RequestLimitPB {
  return create(RequestLimitPBSchema, {
    perSecond: BigInt(per_second),
    bucketTokens: BigInt(bucket_tokens),
    tokenLimit: BigInt(token_limit),
  });
}
