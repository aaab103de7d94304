import type { DeletedObjects } from '../../objects/object-store.ts';
import type { InstanceInfoPB } from '../../schema/gen/cloud/instance_pb.ts';
import type { StagePB } from '../../schema/gen/cloud/stage_pb.ts';
import { deleteListed } from '../delete-listed.ts';
import { noteFailure } from '../note-failure.ts';
import { internalStages, placeOfStage } from '../stage-place.ts';
import type { Sweep, SweepContext } from '../sweep.ts';

/** Deletes the objects that users put into their internal stages longer than `internal_stage_objects_expire_time_second` ago. */
export const recycleExpiredStageObjects: Sweep = {
  name: 'recycle_expired_stage_objects',
  async run(context) {
    const { store, instance_id, progress, signal } = context;
    const { instance, stages } = await internalStages(store, instance_id);
    progress.scanned(stages.length);
    for (const stage of stages) {
      signal.throwIfAborted();
      try {
        progress.deleted(0, await deleteExpired(context, instance, stage));
      } catch (error) {
        noteFailure(context, `stage ${stage.stageId}`, error);
      }
    }
  },
};

async function deleteExpired(context: SweepContext, instance: InstanceInfoPB, stage: StagePB): Promise<DeletedObjects> {
  const expired_ms = context.now_ms() - context.settings.internal_stage_objects_expire_time_second * 1000;
  return deleteListed(context, await placeOfStage(context, instance, stage), {
    goes: ({ modified_ms }) => modified_ms < expired_ms,
    why: 'it is older than internal_stage_objects_expire_time_second',
  });
}
