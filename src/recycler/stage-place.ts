import type { Store } from '../kv/store.ts';
import { findInstance } from '../meta/instance/instance-record.ts';
import { trimPrefix } from '../meta/vault/trim-prefix.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { InstanceInfoPB } from '../schema/gen/cloud/instance_pb.ts';
import { type StagePB, StagePB_StageType as StageType } from '../schema/gen/cloud/stage_pb.ts';
import { ContradictionError } from './note-failure.ts';
import type { SweepContext } from './sweep.ts';

export interface InternalStages {
  readonly instance: InstanceInfoPB;
  readonly stages: readonly StagePB[];
}

/** The internal stages of an instance, as they are now. */
export async function internalStages(store: Store, instance_id: string): Promise<InternalStages> {
  const instance = await store.transact((txn) => findInstance(txn, instance_id));
  if (!instance) throw new ContradictionError(`there is no instance ${instance_id}`);
  return { instance, stages: instance.stages.filter(({ type }) => type === StageType.INTERNAL) };
}

/**
 * The place of an internal stage, which may have been dropped. Rejects with a ContradictionError for one that does not lie
 * where stages do, so that no other data is ever taken for its own, and with an ObjectStoreError where the place can't be
 * opened.
 */
export async function placeOfStage(
  { vaults }: Pick<SweepContext, 'vaults'>,
  instance: InstanceInfoPB,
  stage: StagePB,
): Promise<ObjectStore> {
  const position = Number.parseInt(stage.objInfo?.id ?? '', 10);
  const before = trimPrefix(instance.objInfo[position - 1]?.prefix ?? '');
  const stages = before === '' ? STAGES : `${before}/${STAGES}`;
  const own = trimPrefix(stage.objInfo?.prefix ?? '');
  if (stage.type !== StageType.INTERNAL || !own.startsWith(stages) || own === stages || leadsElsewhere(own)) {
    throw new ContradictionError(`stage ${stage.stageId} lies at '${own}', which is no place of a stage`);
  }
  return vaults.stage(stage);
}

/** What keys of stages begin with below the prefix of their object store. */
const STAGES = 'stage/';

/** Whether a path may lead to another place than the one it begins at. */
export function leadsElsewhere(path: string): boolean {
  return path.split('/').some((part, i) => part === '.' || part === '..' || (i === 0 && part === ''));
}
