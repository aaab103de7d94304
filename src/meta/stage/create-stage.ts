import { clone, create } from '@bufbuild/protobuf';
import type { InstanceInfoPB } from '../../schema/gen/cloud/instance_pb.ts';
import {
  type CreateStageRequest,
  type StagePB,
  StagePBSchema,
  StagePB_StageType as StageType,
} from '../../schema/gen/cloud/stage_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { readInstance, saveInstance } from '../instance/instance-record.ts';
import { invalid, MetaError } from '../meta-error.ts';
import { setKeys } from '../vault/object-store.ts';

/** Creates a stage: an internal one for a user, below the instance's own data, or an external one by name. */
export async function createStage(
  call: Call,
  request: CreateStageRequest,
  instanceId: string,
): Promise<Record<string, never>> {
  const stage = givenStage(request);
  const instance = await readInstance(call.txn, instanceId, { editable: true });
  if (instance.stages.length >= call.settings.max_num_stages) {
    throw new MetaError(MetaServiceCode.UNDEFINED_ERR, 'this instance has greater than config num stages');
  }
  for (const other of instance.stages) refuseTaken(stage, other);
  instance.stages.push(
    stage.type === StageType.INTERNAL ? internalStage(instance, stage) : await externalStage(call, stage),
  );
  saveInstance(call.txn, instance);
  return {};
}

function givenStage({ stage }: CreateStageRequest): StagePB {
  if (!stage) throw invalid('stage not set');
  if (!isSet(stage, 'type')) throw invalid('stage type not set');
  if (stage.type === StageType.EXTERNAL && stage.name === '') throw invalid('stage name not set');
  if (stage.stageId === '') throw invalid('stage id not set');
  const { mysqlUserName: names, mysqlUserId: ids } = stage;
  if (stage.type === StageType.INTERNAL && (names.length === 0 || ids.length === 0)) {
    const sizes = `name size=${names.length} id size=${ids.length}`;
    throw invalid(`internal stage must have a mysql user name and id must be given, ${sizes}`);
  }
  return stage;
}

function refuseTaken(stage: StagePB, other: StagePB): void {
  const sameUser =
    other.type === StageType.INTERNAL &&
    (other.mysqlUserId[0] === stage.mysqlUserId[0] || other.mysqlUserName[0] === stage.mysqlUserName[0]);
  const taken = stage.type === StageType.INTERNAL ? sameUser : other.name === stage.name;
  if (taken) throw new MetaError(MetaServiceCode.ALREADY_EXISTED, 'stage already exist');
  if (other.stageId === stage.stageId) throw invalid('stage id is duplicated');
}

function internalStage(instance: InstanceInfoPB, stage: StagePB): StagePB {
  const newest = instance.objInfo.at(-1);
  if (!newest) throw noObjectStore();
  const [user = ''] = stage.mysqlUserName;
  const [userId = ''] = stage.mysqlUserId;
  return create(StagePBSchema, {
    objInfo: { id: newest.id, prefix: `${newest.prefix}/stage/${user}/${userId}` },
    mysqlUserName: [user],
    mysqlUserId: [userId],
    stageId: stage.stageId,
  });
}

async function externalStage(call: Call, given: StagePB): Promise<StagePB> {
  const stage = clone(StagePBSchema, given);
  if (stage.objInfo) await setKeys(call, stage.objInfo, stage.objInfo.ak, stage.objInfo.sk);
  return stage;
}

/** Internal stages lie in a legacy object store, which an instance with vaults does not have. */
export function noObjectStore(): MetaError {
  return new MetaError(MetaServiceCode.UNDEFINED_ERR, 'impossible, instance must have at least one obj_info.');
}
