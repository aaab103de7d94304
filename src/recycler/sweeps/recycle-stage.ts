import { keys } from '../../keys/key-table.ts';
import { findInstance } from '../../meta/instance/instance-record.ts';
import { placeOfStore } from '../../meta/vault/place.ts';
import type { DeletedObjects, ObjectStore } from '../../objects/object-store.ts';
import type { InstanceInfoPB } from '../../schema/gen/cloud/instance_pb.ts';
import { type StagePB, StagePB_StageType as StageType } from '../../schema/gen/cloud/stage_pb.ts';
import { deleteListed } from '../delete-listed.ts';
import { ContradictionError, noteFailure } from '../note-failure.ts';
import { type FoundRecord, hexOf, isUnchanged, recordsOfPage } from '../record-of-pair.ts';
import { scanInPages } from '../scan-in-pages.ts';
import { placeOfStage } from '../stage-place.ts';
import type { Sweep, SweepContext } from '../sweep.ts';

type DroppedStage = FoundRecord<typeof keys.recycleStage.shape>;

/** How often a stage is listed until nothing is found there; what comes in still is for the next round. */
const LISTINGS = 3;

const WHY = 'its stage was dropped';

/** Reclaims what dropped internal stages have left: their objects, then the records that lead to them. */
export const recycleStage: Sweep = {
  name: 'recycle_stage',
  async run(context) {
    const { store, instance_id, progress, signal } = context;
    for await (const page of scanInPages(store, keys.recycleStage.range({ instance_id }))) {
      progress.scanned(page.length);
      for (const dropped of recordsOfPage(context, keys.recycleStage, page)) {
        signal.throwIfAborted();
        progress.found(1);
        try {
          await recycle(context, dropped);
        } catch (error) {
          noteFailure(context, `stage ${dropped.fields.stage_id}`, error);
        }
      }
    }
  },
};

async function recycle(context: SweepContext, dropped: DroppedStage): Promise<void> {
  const { progress, dry_run } = context;
  const state = await stateOf(context, dropped);
  if (state.now === 'gone') return;
  if (dry_run) progress.planned({ what: hexOf(dropped.pair), why: WHY });
  const { objects, bytes } =
    state.now === 'taken over'
      ? { objects: 0, bytes: 0 }
      : await empty(context, dropped, await placeOf(context, state, dropped));
  if (dry_run) return;
  const removed = await removeRecord(context, dropped);
  progress.deleted(removed ? 1 : 0, { objects, bytes });
}

/** Deletes the objects of a stage until a listing of them is empty. */
async function empty(context: SweepContext, dropped: DroppedStage, place: ObjectStore): Promise<DeletedObjects> {
  const stillDue = async () => (await stateOf(context, dropped)).now === 'due';
  let objects = 0;
  let bytes = 0;
  for (let listing = 0; listing < LISTINGS; listing++) {
    const gone = await deleteListed(context, place, { goes: () => true, why: WHY, stillDue });
    if (gone.objects === 0) return { objects, bytes };
    objects += gone.objects;
    bytes += gone.bytes;
  }
  context.progress.deleted(0, { objects, bytes });
  throw new ContradictionError('objects come into it still');
}

interface State {
  /**
   * `due`: to be reclaimed. `gone`: by another. `taken over`: a stage that is in use lies there, such as that of a user who
   * was created again, and its objects are that one's now.
   */
  readonly now: 'due' | 'gone' | 'taken over';
  readonly instance: InstanceInfoPB;
}

/** What a dropped stage is now. Throws a ContradictionError when a stage that is in use lies within it. */
async function stateOf({ store, instance_id }: SweepContext, dropped: DroppedStage): Promise<State> {
  const [value, instance] = await store.transact(async (txn) => [
    await txn.get(dropped.pair.key),
    await findInstance(txn, instance_id),
  ]);
  if (!instance) throw new ContradictionError(`there is no instance ${instance_id}`);
  if (!isUnchanged(dropped.pair, value)) return { now: 'gone', instance };
  const { stage } = dropped.record;
  const own = `${stage?.objInfo?.prefix ?? ''}/`;
  const inUse = instance.stages
    .filter((other) => other.type === StageType.INTERNAL && bucketOf(instance, other) === bucketOf(instance, stage))
    .map(({ objInfo }) => `${objInfo?.prefix ?? ''}/`);
  if (inUse.some((other) => own.startsWith(other))) return { now: 'taken over', instance };
  if (inUse.some((other) => other.startsWith(own)))
    throw new ContradictionError('a stage that is in use lies within it');
  return { now: 'due', instance };
}

/** The bucket in which a stage of an instance lies; undefined where nothing says it, and no objects are touched. */
function bucketOf({ objInfo }: InstanceInfoPB, stage: StagePB | undefined): string | undefined {
  const store = objInfo[Number.parseInt(stage?.objInfo?.id ?? '', 10) - 1];
  return store && placeOfStore(store).bucket;
}

async function placeOf(
  context: SweepContext,
  { instance }: State,
  { record, fields }: DroppedStage,
): Promise<ObjectStore> {
  if (!record.stage)
    throw new ContradictionError(`what is left of stage ${fields.stage_id} does not say where it lies`);
  return placeOfStage(context, instance, record.stage);
}

function removeRecord({ store }: SweepContext, { pair }: DroppedStage): Promise<boolean> {
  return store.transact(async (txn) => {
    if (!isUnchanged(pair, await txn.get(pair.key))) return false;
    txn.clear(pair.key);
    return true;
  });
}
