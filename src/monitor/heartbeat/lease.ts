import { create } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { MalformedValueError } from '../../records/malformed-value.ts';
import { readRecord, removeRecord, writeRecord } from '../../records/message-record.ts';
import { type HeartbeatLeasePB, HeartbeatLeasePBSchema as LeaseSchema } from '../../schema/gen/nereus/monitoring_pb.ts';

export interface LeaseHolder {
  /** The process, by a name that no other has. */
  readonly owner: string;
  readonly now_ms: number;
}

/** Takes or keeps the lease for `lease_ms`, and returns whether it is this owner's; it is not as long as another has it. */
export async function holdLease(
  txn: Transaction,
  { owner, now_ms, lease_ms }: LeaseHolder & { readonly lease_ms: number },
): Promise<boolean> {
  const found = await findLease(txn);
  if (found !== undefined && found.owner !== owner && now_ms < Number(found.expiresMs)) return false;
  const lease = create(LeaseSchema, { owner, expiresMs: BigInt(now_ms + lease_ms) });
  writeRecord(txn, keys.systemHeartbeatLease, {}, lease);
  return true;
}

/** Gives the lease back, if it is this owner's. */
export async function giveLeaseBack(txn: Transaction, { owner }: Pick<LeaseHolder, 'owner'>): Promise<void> {
  const found = await findLease(txn);
  if (found?.owner === owner) removeRecord(txn, keys.systemHeartbeatLease, {});
}

/** One that is no such message is nobody's. */
async function findLease(txn: Transaction): Promise<HeartbeatLeasePB | undefined> {
  try {
    return await readRecord(txn, keys.systemHeartbeatLease, {});
  } catch (error) {
    if (error instanceof MalformedValueError) return undefined;
    throw error;
  }
}
