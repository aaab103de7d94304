import { keys } from '../keys/key-table.ts';
import { trimPrefix } from '../meta/vault/trim-prefix.ts';
import type { DeletedObjects } from '../objects/object-store.ts';
import { type StagePB, StagePB_StageType as StageType } from '../schema/gen/cloud/stage_pb.ts';
import { sum } from './delete-objects.ts';
import { recordsOfPage } from './record-of-pair.ts';
import { scanInPages } from './scan-in-pages.ts';
import { placeOfStage } from './stage-place.ts';
import type { SweepContext } from './sweep.ts';

/**
 * Deletes the files of the internal stages that an instance has, and of those that it had and dropped, as far as their
 * object stores have no prefix: the paths of such files begin with a slash, and whoever empties the store passes them by.
 * `mayGo` is as for `deletePrefix`.
 */
export async function deleteStagesWithoutPrefix(
  context: SweepContext,
  mayGo: () => Promise<void>,
): Promise<DeletedObjects> {
  const { store, instance, instance_id, signal } = context;
  const deleted: DeletedObjects[] = [];
  const empty = async (stage: StagePB | undefined) => {
    signal.throwIfAborted();
    if (stage?.type !== StageType.INTERNAL || !liesInBucketItself(context, stage)) return;
    deleted.push(await (await placeOfStage(context, instance, stage)).deletePrefix('', mayGo));
  };
  for (const stage of instance.stages) await empty(stage);
  for await (const page of scanInPages(store, keys.recycleStage.range({ instance_id }))) {
    for (const { record } of recordsOfPage(context, keys.recycleStage, page)) await empty(record.stage);
  }
  return sum(deleted);
}

function liesInBucketItself({ instance }: SweepContext, { objInfo }: StagePB): boolean {
  const own = instance.objInfo[Number.parseInt(objInfo?.id ?? '', 10) - 1];
  return own !== undefined && trimPrefix(own.prefix) === '';
}
