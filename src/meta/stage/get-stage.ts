import { clone, create, type MessageInitShape } from '@bufbuild/protobuf';
import type { InstanceInfoPB } from '../../schema/gen/cloud/instance_pb.ts';
import { type ObjectStoreInfoPB, ObjectStoreInfoPBSchema } from '../../schema/gen/cloud/object_store_pb.ts';
import {
  StagePB_StageAccessType as AccessType,
  type GetStageRequest,
  GetStageRequestSchema,
  type GetStageResponseSchema,
  type StagePB,
  StagePBSchema,
  StagePB_StageType as StageType,
} from '../../schema/gen/cloud/stage_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { openIamUser, openRamUser } from '../iam/ram-user.ts';
import { readInstance } from '../instance/instance-record.ts';
import { invalid, MetaError } from '../meta-error.ts';
import { quote } from '../quote.ts';
import { openObjectStore } from '../vault/object-store.ts';
import { noObjectStore } from './create-stage.ts';

/** The internal stage of a user, an external stage by name with the keys to read it, or a list of external stages. */
export async function getStage(
  call: Call,
  request: GetStageRequest,
  instanceId: string,
): Promise<MessageInitShape<typeof GetStageResponseSchema>> {
  if (!isSet(request, 'type')) throw invalid('stage type not set');
  const instance = await readInstance(call.txn, instanceId);
  if (request.type === StageType.INTERNAL) return { stage: [await internalStage(call, instance, request)] };
  const external = instance.stages.filter((stage) => stage.type === StageType.EXTERNAL);
  // The list is for display: its secret keys stay encrypted.
  if (!isSet(request, 'stageName')) return { stage: external };
  const named = external.find((stage) => stage.name === request.stageName);
  if (!named) {
    const message = `stage not found with ${quote(GetStageRequestSchema, request)}`;
    throw new MetaError(MetaServiceCode.STAGE_NOT_FOUND, message);
  }
  return { stage: [await stageWithKeys(call, instance, instanceId, named)] };
}

async function internalStage(call: Call, instance: InstanceInfoPB, request: GetStageRequest): Promise<StagePB> {
  const { mysqlUserName, mysqlUserId } = request;
  if (mysqlUserName === '') throw invalid('mysql user name not set');
  if (mysqlUserId === '') throw invalid('mysql user id not set');
  if (instance.objInfo.length === 0) throw noObjectStore();
  const stage = instance.stages.find((candidate) => isInternalOf(candidate, mysqlUserName));
  if (!stage) throw new MetaError(MetaServiceCode.STAGE_NOT_FOUND, 'stage not found, create a new one');
  if (stage.mysqlUserId[0] !== mysqlUserId) {
    // The user was dropped and created again: the frontend drops this stage and creates another.
    const message = 'aba user, drop stage and create a new one';
    throw new MetaError(MetaServiceCode.STATE_ALREADY_EXISTED_FOR_USER, message, { stage: [stage] });
  }
  const store = instance.objInfo[Number.parseInt(stage.objInfo?.id ?? '', 10) - 1];
  if (!store) throw new MetaError(MetaServiceCode.UNDEFINED_ERR, 'impossible, id invalid');
  const objInfo = placeOf(await openObjectStore(call, store), stage.objInfo?.prefix ?? '');
  return create(StagePBSchema, { objInfo, stageId: stage.stageId, type: stage.type });
}

function isInternalOf(stage: StagePB, user: string): boolean {
  return stage.type === StageType.INTERNAL && stage.mysqlUserId.length > 0 && stage.mysqlUserName[0] === user;
}

function placeOf(store: ObjectStoreInfoPB, prefix: string): ObjectStoreInfoPB {
  const { ak, sk, bucket, endpoint, externalEndpoint, region, provider } = store;
  return create(ObjectStoreInfoPBSchema, {
    ak,
    sk,
    bucket,
    endpoint,
    externalEndpoint,
    region,
    provider,
    prefix,
  });
}

async function stageWithKeys(
  call: Call,
  instance: InstanceInfoPB,
  instanceId: string,
  stored: StagePB,
): Promise<StagePB> {
  const stage = clone(StagePBSchema, stored);
  switch (stage.accessType) {
    case AccessType.AKSK:
      stage.accessType = AccessType.AKSK;
      stage.objInfo = await openObjectStore(call, stage.objInfo ?? create(ObjectStoreInfoPBSchema));
      break;
    case AccessType.BUCKET_ACL: {
      if (!instance.ramUser) throw invalid('instance does not have ram user');
      stage.objInfo = withKeys(stage, await openRamUser(call, instance.ramUser));
      break;
    }
    case AccessType.IAM:
      stage.objInfo = withKeys(stage, await openIamUser(call, instanceId));
      stage.externalId = instanceId;
      break;
  }
  return stage;
}

function withKeys(stage: StagePB, { ak, sk }: { readonly ak: string; readonly sk: string }): ObjectStoreInfoPB {
  const store = stage.objInfo ?? create(ObjectStoreInfoPBSchema);
  store.ak = ak;
  store.sk = sk;
  return store;
}
