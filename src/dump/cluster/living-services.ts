import { keys } from '../../keys/key-table.ts';
import type { Store } from '../../kv/store.ts';
import { StoreError, StoreErrorCode } from '../../kv/store-error.ts';
import { readRecord } from '../../records/message-record.ts';

/** Rejects with an `in_use` StoreError while services, Doris' own or others, are entered in the registry of the cluster. */
export async function mustNotBeServed(store: Store, now_ms = Date.now()): Promise<void> {
  const registry = await store.transact((txn) => readRecord(txn, keys.systemRegistry, {}, { snapshot: true }));
  const living = registry?.items.filter(({ expirationTimeMs }) => expirationTimeMs >= BigInt(now_ms)) ?? [];
  if (living.length === 0) return;
  const names = living.map(({ id, expirationTimeMs }) => `${id} until ${timeOf(expirationTimeMs)}`).join(', ');
  throw new StoreError(
    StoreErrorCode.InUse,
    `The cluster is served: its registry has ${names}; stop these services, and wait for that time where one was killed.`,
  );
}

/** A time of a record, which may be any number. */
function timeOf(unix_ms: bigint): string {
  const time = new Date(Number(unix_ms));
  return Number.isNaN(time.getTime()) ? `${unix_ms} ms` : time.toISOString();
}
