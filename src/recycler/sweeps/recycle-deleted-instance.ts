import type { KeyRange } from '../../keys/key-kind.ts';
import { keys } from '../../keys/key-table.ts';
import { collectRange } from '../../kv/collect-range.ts';
import type { Transaction } from '../../kv/store.ts';
import { findInstance } from '../../meta/instance/instance-record.ts';
import { freePlaces } from '../../meta/vault/emptied-places.ts';
import type { DeletedObjects, ObjectStore } from '../../objects/object-store.ts';
import { ObjectStoreError } from '../../objects/object-store-error.ts';
import { removeRecord } from '../../records/message-record.ts';
import { type InstanceInfoPB, InstanceInfoPB_Status as Status } from '../../schema/gen/cloud/instance_pb.ts';
import { TABLETS_PREFIX } from '../data-paths.ts';
import { sum } from '../delete-objects.ts';
import { deleteStagesWithoutPrefix } from '../delete-stages.ts';
import { rangesOfInstance, singleKeysOfInstance, vaultsOfInstance } from '../instance-keys.ts';
import { ContradictionError, noteFailure } from '../note-failure.ts';
import { hexOf } from '../record-of-pair.ts';
import { scanInPages } from '../scan-in-pages.ts';
import { takePlaces } from '../shared-places.ts';
import type { Sweep, SweepContext } from '../sweep.ts';

const WHY = 'its instance was dropped';

/**
 * Reclaims an instance that was dropped: all objects in all its places, then everything that is stored of it, and its own
 * record at last, with those of its vaults. As long as one place fails, the instance stays as it is, to be tried again. Who is
 * at work on it is recorded until the end, and must not be recorded again when the instance is gone.
 */
export const recycleDeletedInstance: Sweep = {
  name: 'recycle_deleted_instance',
  async run(context) {
    const { store, instance_id, progress } = context;
    const instance = await store.transact((txn) => findInstance(txn, instance_id));
    if (instance?.status !== Status.DELETED) return;
    progress.scanned(1);
    progress.found(1);
    try {
      const mayGo = await takePlaces(context);
      if (context.dry_run) return await plan(context);
      if (!(await deleteAllObjects(context, mayGo))) return;
      for (const range of rangesOfInstance(instance_id)) await clearInPages(context, range);
      await removeInstance(context);
      progress.deleted(1);
    } catch (error) {
      noteFailure(context, `instance ${instance_id}`, error);
    }
  },
};

async function plan(context: SweepContext): Promise<void> {
  const { store, instance_id, vaults, progress } = context;
  for (const place of vaults.all()) progress.planned({ what: `${place.name}: all objects`, why: WHY });
  for (const range of [...rangesOfInstance(instance_id), vaultsOfInstance(instance_id)]) {
    for await (const page of scanInPages(store, range)) {
      context.signal.throwIfAborted();
      progress.scanned(page.length);
      for (const pair of page) progress.planned({ what: hexOf(pair), why: WHY });
    }
  }
  progress.planned({ what: hexOf({ key: keys.instance.encode({ instance_id }) }), why: WHY });
}

/** Deletes the objects of all places, whichever of them fail. False when one did. */
async function deleteAllObjects(context: SweepContext, mayGo: () => Promise<void>): Promise<boolean> {
  const { vaults } = context;
  const works = [
    ...vaults.all().map((place) => () => deleteObjectsIn(place, mayGo)),
    () => deleteStagesWithoutPrefix(context, mayGo),
  ];
  const done = await Promise.all(
    works.map(async (work) => {
      try {
        await untilNothingIsLeft(context, work);
        return true;
      } catch (error) {
        noteFailure(context, `instance ${context.instance_id}`, error);
        return false;
      }
    }),
  );
  return done.every((one) => one);
}

/** How often a place is looked through until nothing is found there; what comes in still is for the next round. */
const LISTINGS = 3;

/**
 * Nobody looks for objects of an instance once it is gone, so one listing is not believed: it may lag behind what was written
 * last, and what is on its way comes to lie where it has been already.
 */
async function untilNothingIsLeft({ progress }: SweepContext, work: () => Promise<DeletedObjects>): Promise<void> {
  for (let listing = 0; listing < LISTINGS; listing++) {
    const deleted = await work();
    if (deleted.objects === 0) return;
    progress.deleted(0, deleted);
  }
  throw new ContradictionError('objects come into its places still');
}

/** What Doris puts into a place: the data of tables, and the files of internal stages. */
const FOLDERS = [TABLETS_PREFIX, 'stage/'];

/** Deletes all objects of a place. One without a prefix of its own refuses that, and only loses what Doris puts there. */
async function deleteObjectsIn(place: ObjectStore, mayGo: () => Promise<void>): Promise<DeletedObjects> {
  try {
    return await place.deletePrefix('', mayGo);
  } catch (error) {
    if (!(error instanceof ObjectStoreError) || error.fault !== 'misconfigured') throw error;
    return sum(await Promise.all(FOLDERS.map((folder) => place.deletePrefix(folder, mayGo))));
  }
}

/** Removes what is stored in a range, but for the keys that go last. */
async function clearInPages(context: SweepContext, range: KeyRange): Promise<void> {
  const { store, instance_id, signal } = context;
  const last = singleKeysOfInstance(instance_id);
  for await (const page of scanInPages(store, range)) {
    signal.throwIfAborted();
    await store.transact(async (txn) => {
      await readDeleted(txn, instance_id);
      for (const { key } of page) {
        if (!last.some((each) => each.equals(key))) txn.clear(key);
      }
    });
  }
}

/** Removes the record of an instance, of which nothing else is stored any more but its vaults, and who was at work on it. */
async function removeInstance({ store, instance_id, services }: SweepContext): Promise<void> {
  const last = singleKeysOfInstance(instance_id);
  await store.transact(async (txn) => {
    const { clusters } = await readDeleted(txn, instance_id);
    for (const { begin, end } of rangesOfInstance(instance_id)) {
      const left = await collectRange(txn, begin, end, { limit: last.length + 1 });
      if (left.some(({ key }) => !last.some((each) => each.equals(key)))) {
        throw new ContradictionError('something was stored of it while it was recycled');
      }
    }
    for (const key of last) txn.clear(key);
    const { begin, end } = vaultsOfInstance(instance_id);
    txn.clearRange(begin, end);
    freePlaces(txn, instance_id);
    // Whoever is at work on it writes no more of them once it is gone, and may not live to remove them.
    removeRecord(txn, keys.systemRecycleReport, { instance_id });
    removeRecord(txn, keys.systemCheckReport, { instance_id });
    if (clusters.length > 0) await services.nodes.change(txn, instance_id);
  });
}

/** The record of a dropped instance. That it becomes another one is a conflict. Throws a ContradictionError where there is none. */
async function readDeleted(txn: Transaction, instance_id: string): Promise<InstanceInfoPB> {
  const instance = await findInstance(txn, instance_id);
  if (instance?.status === Status.DELETED) return instance;
  throw new ContradictionError('it is not a dropped instance any more');
}
