import { create } from '@bufbuild/protobuf';
import type { Awaitable } from '../../awaitable.ts';
import { keys } from '../../keys/key-table.ts';
import type { Store, Transaction } from '../../kv/store.ts';
import { readRecord, writeRecord } from '../../records/message-record.ts';
import {
  type ServiceRegistryPB,
  type ServiceRegistryPB_Item,
  ServiceRegistryPB_ItemSchema,
  ServiceRegistryPBSchema,
} from '../../schema/gen/cloud/registry_pb.ts';

/** A service that says where it can be reached. */
export interface Entry {
  readonly ip: string;
  readonly port: number;
  /** Its name, where it is to be called by one. */
  readonly host: string;
}

/** What a service is known by in the registry. */
export function idOf({ ip, port }: Pick<Entry, 'ip' | 'port'>): string {
  return `${ip}:${port}`;
}

/** Enters a service in the registry of its cluster, for `lease_ms`, or renews it; those whose time is over are taken out. */
export function enter(store: Store, entry: Entry, now_ms: number, lease_ms: number): Promise<void> {
  const [id, now] = [idOf(entry), BigInt(now_ms)];
  return changeItems(store, (items) => {
    const before = items.find((item) => item.id === id);
    const item = create(ServiceRegistryPB_ItemSchema, {
      ...{ id, ip: entry.ip, port: entry.port },
      ctimeMs: before?.ctimeMs ?? now,
      mtimeMs: now,
      expirationTimeMs: now + BigInt(lease_ms),
      ...(entry.host !== '' && { host: entry.host }),
    });
    return [...items.filter((one) => one.id !== id && one.expirationTimeMs >= now), item];
  });
}

/** Takes a service out that has ended. */
export function leave(store: Store, entry: Entry): Promise<void> {
  const id = idOf(entry);
  return changeItems(store, (items) => items.filter((one) => one.id !== id));
}

/** The services whose time is not over, but for the one of that id. */
export async function othersThan(store: Store, id: string, now_ms: number): Promise<readonly ServiceRegistryPB_Item[]> {
  const registry = await store.transact((txn) => read(txn));
  return registry?.items.filter((item) => item.id !== id && item.expirationTimeMs >= BigInt(now_ms)) ?? [];
}

function changeItems(
  store: Store,
  change: (items: readonly ServiceRegistryPB_Item[]) => ServiceRegistryPB_Item[],
): Promise<void> {
  return store.transact(async (txn) => {
    const registry = (await read(txn)) ?? create(ServiceRegistryPBSchema);
    registry.items = change(registry.items);
    writeRecord(txn, keys.systemRegistry, {}, registry);
  });
}

function read(txn: Transaction): Awaitable<ServiceRegistryPB | undefined> {
  return readRecord(txn, keys.systemRegistry, {}, { editable: true });
}
