import { getTaskCommitAttachment } from '../../meta/routine-load/get-task-commit-attachment.ts';
import { resetProgress } from '../../meta/routine-load/reset-progress.ts';
import * as routineLoad from '../../schema/gen/cloud/routine_load_pb.ts';
import { method } from '../method.ts';

const caller = { unknown: 'empty instance_id' };

export const routineLoadMethods = {
  get_rl_task_commit_attach: method({
    name: 'get_rl_task_commit_attach',
    request: routineLoad.GetRLTaskCommitAttachRequestSchema,
    response: routineLoad.GetRLTaskCommitAttachResponseSchema,
    caller,
    run: getTaskCommitAttachment,
  }),
  reset_rl_progress: method({
    name: 'reset_rl_progress',
    request: routineLoad.ResetRLProgressRequestSchema,
    response: routineLoad.ResetRLProgressResponseSchema,
    caller,
    run: resetProgress,
  }),
} as const;
