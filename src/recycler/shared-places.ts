import { keys } from '../keys/key-table.ts';
import type { Transaction } from '../kv/store.ts';
import { emptyPlaces } from '../meta/vault/emptied-places.ts';
import { overlap, type Place, placeOfStore, placeOfVault } from '../meta/vault/place.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { MalformedValueError } from '../records/malformed-value.ts';
import { recordExists } from '../records/message-record.ts';
import { scanRecords } from '../records/scan-records.ts';
import { type InstanceInfoPB, InstanceInfoPB_Status as Status } from '../schema/gen/cloud/instance_pb.ts';
import { TABLETS_PREFIX } from './data-paths.ts';
import { ContradictionError } from './note-failure.ts';
import type { SweepContext } from './sweep.ts';

/**
 * Throws a ContradictionError when objects of another instance may lie in a place of this one too, and a MalformedValueError
 * where it can't be told. Otherwise, unless it is a dry run, nobody gets one of its places from here on: what looks for
 * others and what keeps them out is one transaction, so that no instance or vault can come in between.
 *
 * Resolves to what throws a ContradictionError once that is over: another process has come to the end of it, and whoever got
 * a place since keeps what lies there.
 */
export async function takePlaces({ store, instance, dry_run }: SweepContext): Promise<() => Promise<void>> {
  const { instanceId } = instance;
  await store.transact(async (txn) => {
    const own = await placesOf(txn, instance);
    const options = { snapshot: dry_run };
    for await (const { fields, message } of scanRecords(txn, keys.instance, {}, options)) {
      if (fields.instance_id === instanceId || message.status === Status.DELETED) continue;
      // Its record changes with its vaults, so those need not conflict on their own.
      const shared = sharedOf(own, await placesOf(txn, message));
      if (shared === undefined) continue;
      const where = `vault ${shared[0].resource_id} and vault ${shared[1].resource_id} of instance ${fields.instance_id}`;
      throw new ContradictionError(`objects of both may lie in one place: ${where}`);
    }
    if (!dry_run) emptyPlaces(txn, instanceId, own);
  });
  return async () => {
    if (await store.transact((txn) => recordExists(txn, keys.systemEmptiedPlaces, { instance_id: instanceId }))) return;
    throw new ContradictionError('its places are being emptied no more, somebody else may have got one');
  };
}

/**
 * The places of an instance in which another one may have tablets, whose ids may be the same. Where that can't be told, it
 * is all of them. Resolves to the same for as long as a sweep takes.
 */
export function placesWithOthers(context: SweepContext): () => Promise<ReadonlySet<ObjectStore>> {
  let found: Promise<ReadonlySet<ObjectStore>> | undefined;
  return () => {
    found ??= findPlacesWithOthers(context);
    return found;
  };
}

async function findPlacesWithOthers(context: SweepContext): Promise<ReadonlySet<ObjectStore>> {
  const { store, instance, vaults, logger } = context;
  const { instanceId } = instance;
  try {
    const shared = await store.transact(async (txn) => {
      const own = await placesOf(txn, instance);
      const ids = new Set<string>();
      for await (const { fields, message } of scanRecords(txn, keys.instance, {}, { snapshot: true })) {
        if (fields.instance_id === instanceId || message.status === Status.DELETED) continue;
        for (const other of await placesOf(txn, message)) {
          for (const one of own) if (mayShareTablets(one, other)) ids.add(one.resource_id);
        }
      }
      return ids;
    });
    // One that can't be opened has nothing deleted in it, shared or not.
    return new Set(vaults.all().filter((place) => [...shared].some((id) => isPlace(vaults, id, place))));
  } catch (error) {
    if (!(error instanceof MalformedValueError)) throw error;
    logger.warn('tablets are deleted by their rowsets, since others may be in the same place', {
      instance_id: instanceId,
      error,
    });
    return new Set(vaults.all());
  }
}

/**
 * The other instances that put the tablets of theirs right where this one has its own, by its places. Throws a
 * MalformedValueError where it can't be told.
 */
export async function neighboursAt({
  store,
  instance,
  vaults,
}: Pick<SweepContext, 'store' | 'instance' | 'vaults'>): Promise<ReadonlyMap<ObjectStore, readonly string[]>> {
  const byId = await store.transact(async (txn) => {
    const own = await placesOf(txn, instance);
    const found = new Map<string, Set<string>>();
    for await (const { fields, message } of scanRecords(txn, keys.instance, {}, { snapshot: true })) {
      if (fields.instance_id === instance.instanceId) continue;
      for (const other of await placesOf(txn, message)) {
        for (const { resource_id, ...one } of own) {
          if (!isSame(one, other)) continue;
          const ids = found.get(resource_id) ?? new Set();
          found.set(resource_id, ids.add(fields.instance_id));
        }
      }
    }
    return found;
  });
  return new Map(
    vaults.all().map((place) => {
      const ids = [...byId].filter(([resource_id]) => isPlace(vaults, resource_id, place));
      return [place, ids.flatMap(([, instance_ids]) => [...instance_ids])];
    }),
  );
}

function isSame(one: Pick<Place, 'bucket' | 'prefix'>, other: Pick<Place, 'bucket' | 'prefix'>): boolean {
  return one.bucket === other.bucket && one.prefix === other.prefix;
}

function isPlace(vaults: SweepContext['vaults'], resource_id: string, place: ObjectStore): boolean {
  try {
    return vaults.get(resource_id) === place;
  } catch {
    return false;
  }
}

/** Whether what two instances call the folder of a tablet may be one. */
function mayShareTablets(one: Place, other: Place): boolean {
  return overlap(tabletsOf(one), tabletsOf(other));
}

function tabletsOf(place: Place): Place {
  return { ...place, prefix: `${place.prefix}${TABLETS_PREFIX}` };
}

function sharedOf(own: readonly Place[], others: readonly Place[]): readonly [Place, Place] | undefined {
  for (const one of own) {
    for (const other of others) if (overlap(one, other)) return [one, other];
  }
  return undefined;
}

async function placesOf(txn: Transaction, instance: InstanceInfoPB): Promise<readonly Place[]> {
  const places = instance.objInfo.map(placeOfStore);
  const leading = { instance_id: instance.instanceId };
  for await (const { message } of scanRecords(txn, keys.storageVault, leading, { snapshot: true })) {
    const place = placeOfVault(message);
    if (place) places.push(place);
  }
  return places;
}
