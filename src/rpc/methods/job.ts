import { finishTabletJob } from '../../meta/job/finish-tablet-job.ts';
import { startTabletJob } from '../../meta/job/start-tablet-job.ts';
import * as job from '../../schema/gen/cloud/job_pb.ts';
import { method } from '../method.ts';
import { unknownCaller } from './callers.ts';

export const jobMethods = {
  start_tablet_job: method({
    name: 'start_tablet_job',
    request: job.StartTabletJobRequestSchema,
    response: job.StartTabletJobResponseSchema,
    caller: { unknown: ({ cloudUniqueId }) => unknownCaller(cloudUniqueId) },
    run: startTabletJob,
  }),
  finish_tablet_job: method({
    name: 'finish_tablet_job',
    request: job.FinishTabletJobRequestSchema,
    response: job.FinishTabletJobResponseSchema,
    caller: { unknown: ({ cloudUniqueId }) => unknownCaller(cloudUniqueId) },
    run: finishTabletJob,
  }),
} as const;
