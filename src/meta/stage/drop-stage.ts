import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import { writeRecord } from '../../records/message-record.ts';
import {
  type DropStageRequest,
  DropStageRequestSchema,
  type DropStageResponseSchema,
  RecycleStagePBSchema,
  type StagePB,
  StagePB_StageType as StageType,
} from '../../schema/gen/cloud/stage_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { readInstance, saveInstance } from '../instance/instance-record.ts';
import { invalid, MetaError } from '../meta-error.ts';
import { quote } from '../quote.ts';

/** Drops a stage. An internal one leaves a record behind, from which its files are reclaimed. */
export async function dropStage(
  call: Call,
  request: DropStageRequest,
  instanceId: string,
): Promise<MessageInitShape<typeof DropStageResponseSchema>> {
  checkRequest(request);
  const instance = await readInstance(call.txn, instanceId, { editable: true });
  const position = instance.stages.findIndex((stage) => isMeant(stage, request));
  const [stage] = position < 0 ? [] : instance.stages.splice(position, 1);
  if (!stage) {
    const message = `stage not found with ${quote(DropStageRequestSchema, request)}`;
    throw new MetaError(MetaServiceCode.STAGE_NOT_FOUND, message);
  }
  saveInstance(call.txn, instance);
  if (stage.type === StageType.INTERNAL) {
    const left = create(RecycleStagePBSchema, { instanceId, reason: request.reason, stage });
    writeRecord(call.txn, keys.recycleStage, { instance_id: instanceId, stage_id: stage.stageId }, left);
  }
  // Alone among the methods, this one says so when all went well.
  return { status: { msg: 'OK' } };
}

function checkRequest(request: DropStageRequest): void {
  if (!isSet(request, 'type')) throw invalid('stage type not set');
  if (request.type === StageType.EXTERNAL && request.stageName === '') {
    throw invalid('external stage but not set stage name');
  }
  if (request.type === StageType.INTERNAL && request.mysqlUserId === '') {
    throw invalid('internal stage but not set user id');
  }
}

function isMeant(stage: StagePB, request: DropStageRequest): boolean {
  if (stage.type !== request.type) return false;
  return stage.type === StageType.INTERNAL
    ? stage.mysqlUserId[0] === request.mysqlUserId
    : stage.name === request.stageName;
}
