import { keys } from '../keys/key-table.ts';
import { trimPrefix } from '../meta/vault/object-store.ts';
import { recordFromValue } from '../records/message-record.ts';
import { type InstanceInfoPB, InstanceInfoPB_Status as Status } from '../schema/gen/cloud/instance_pb.ts';
import type { ObjectStoreInfoPB } from '../schema/gen/cloud/object_store_pb.ts';
import type { StorageVaultPB } from '../schema/gen/cloud/vault_pb.ts';
import { scanInPages } from './scan-in-pages.ts';
import type { SweepContext } from './sweep.ts';

/** Where objects lie, as far as it tells places apart that have nothing in common. */
interface Place {
  readonly resource_id: string;
  /** The bucket, container or file system. */
  readonly bucket: string;
  /** Ends with a slash, unless it is empty. */
  readonly prefix: string;
}

/**
 * Finds a place of an instance in which objects of another instance may lie too, and says whose. Endpoints are not looked
 * at, since one bucket may be reached by several. Throws a MalformedValueError where it can't be told.
 */
export async function findSharedPlace(context: SweepContext): Promise<string | undefined> {
  const { store, instance } = context;
  const own = await placesOf(context, instance);
  for await (const page of scanInPages(store, keys.instance.range({}))) {
    for (const { key, value } of page) {
      const other = recordFromValue(keys.instance, Buffer.from(key), value);
      const instance_id = keys.instance.decode(key)?.instance_id;
      if (instance_id === context.instance_id || other.status === Status.DELETED) continue;
      const shared = overlapOf(own, await placesOf(context, other));
      if (shared) return `vault ${shared[0].resource_id} and vault ${shared[1].resource_id} of instance ${instance_id}`;
    }
  }
  return undefined;
}

function overlapOf(own: readonly Place[], others: readonly Place[]): readonly [Place, Place] | undefined {
  for (const one of own) {
    for (const other of others) {
      if (one.bucket !== other.bucket) continue;
      if (one.prefix.startsWith(other.prefix) || other.prefix.startsWith(one.prefix)) return [one, other];
    }
  }
  return undefined;
}

async function placesOf({ store }: SweepContext, instance: InstanceInfoPB): Promise<readonly Place[]> {
  const places = instance.objInfo.map((info) => placeOfStore(info.id, info));
  for await (const page of scanInPages(store, keys.storageVault.range({ instance_id: instance.instanceId }))) {
    for (const { key, value } of page) {
      const place = placeOfVault(recordFromValue(keys.storageVault, Buffer.from(key), value));
      if (place) places.push(place);
    }
  }
  return places;
}

function placeOfVault({ id, objInfo, hdfsInfo }: StorageVaultPB): Place | undefined {
  if (objInfo) return placeOfStore(id, objInfo);
  if (!hdfsInfo) return undefined;
  return { resource_id: id, bucket: hdfsInfo.buildConf?.fsName ?? '', prefix: folder(hdfsInfo.prefix) };
}

function placeOfStore(resource_id: string, { provider, bucket, prefix }: ObjectStoreInfoPB): Place {
  return { resource_id, bucket: `${provider} ${bucket}`, prefix: folder(prefix) };
}

function folder(prefix: string): string {
  const trimmed = trimPrefix(prefix);
  return trimmed === '' ? '' : `${trimmed}/`;
}
