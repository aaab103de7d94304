import { createStage } from '../../meta/stage/create-stage.ts';
import { dropStage } from '../../meta/stage/drop-stage.ts';
import { getStage } from '../../meta/stage/get-stage.ts';
import * as stage from '../../schema/gen/cloud/stage_pb.ts';
import { method } from '../method.ts';
import { BY_UNIQUE_ID } from './callers.ts';

export const stageMethods = {
  create_stage: method({
    name: 'create_stage',
    request: stage.CreateStageRequestSchema,
    response: stage.CreateStageResponseSchema,
    caller: BY_UNIQUE_ID,
    run: createStage,
  }),
  get_stage: method({
    name: 'get_stage',
    request: stage.GetStageRequestSchema,
    response: stage.GetStageResponseSchema,
    caller: BY_UNIQUE_ID,
    run: getStage,
  }),
  drop_stage: method({
    name: 'drop_stage',
    request: stage.DropStageRequestSchema,
    response: stage.DropStageResponseSchema,
    caller: BY_UNIQUE_ID,
    run: dropStage,
  }),
} as const;
