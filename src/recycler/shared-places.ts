import { keys } from '../keys/key-table.ts';
import type { Transaction } from '../kv/store.ts';
import { emptyPlaces } from '../meta/vault/emptied-places.ts';
import { overlap, type Place, placeOfStore, placeOfVault } from '../meta/vault/place.ts';
import { scanRecords } from '../records/scan-records.ts';
import { type InstanceInfoPB, InstanceInfoPB_Status as Status } from '../schema/gen/cloud/instance_pb.ts';
import { ContradictionError } from './note-failure.ts';
import type { SweepContext } from './sweep.ts';

/**
 * Throws a ContradictionError when objects of another instance may lie in a place of this one too, and a MalformedValueError
 * where it can't be told. Otherwise, unless it is a dry run, nobody gets one of its places from here on: what looks for
 * others and what keeps them out is one transaction, so that no instance or vault can come in between.
 */
export async function takePlaces({ store, instance, dry_run }: SweepContext): Promise<void> {
  const { instanceId } = instance;
  await store.transact(async (txn) => {
    const own = await placesOf(txn, instance);
    if (own.length === 0) return;
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
