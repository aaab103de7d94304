import { RecycleInstanceRequestSchema } from '../../schema/gen/cloud/recycler_pb.ts';
import type { Operation, Parameter, Shown } from '../operation.ts';
import { pauseTool, resumeTool, statisticsTool } from './control-tools.ts';
import { checkInstanceTool, checkJobInfo, recycleJobInfo } from './job-info-tools.ts';
import { adjustRateLimiter, checkMeta, recycleCopyJobs, recycleInstance } from './recycle-tools.ts';
import type { RecyclerCall } from './recycler-call.ts';

const topic = 'recycler';
const TEXT: Shown = { kind: 'text' };
const OBJECT: Shown = { kind: 'bare object' };
const TEXT_OR_OBJECT: Shown = { kind: 'text', json: OBJECT };

const INSTANCE: Parameter = { name: 'instance_id', about: 'The instance.', required: true };
const INSTANCE_OR_ALL: Parameter = { name: 'instance_id', about: 'The instance; without it, everything.' };

/** Every operation of the recycler's API, as it stands in the path behind `/RecyclerService/http/`. */
export const recyclerOperations: Readonly<Record<string, Operation<RecyclerCall>>> = {
  recycle_instance: {
    topic,
    verb: 'POST',
    about: 'Has instances recycled soon, or says what would go and why, without touching anything.',
    parameters: [
      { name: 'dry_run', about: 'Whether it is only said what would go.', type: 'boolean' },
      { name: 'limit', about: 'How many things a dry run names.', type: 'integer' },
    ],
    body: { schema: RecycleInstanceRequestSchema, fields: 'instance_ids!' },
    shown: TEXT_OR_OBJECT,
    answer: recycleInstance,
  },
  recycle_copy_jobs: {
    topic,
    verb: 'POST',
    about: 'Recycles the finished copy jobs of an instance at once.',
    parameters: [INSTANCE],
    shown: TEXT,
    answer: recycleCopyJobs,
  },
  recycle_job_info: {
    topic,
    verb: 'GET',
    about: 'Tells who recycles an instance, when that was last done, and how far it is.',
    parameters: [INSTANCE],
    shown: TEXT_OR_OBJECT,
    answer: recycleJobInfo,
  },
  check_instance: {
    topic,
    verb: 'POST',
    about: 'Has the data of an instance compared with object storage soon, where enable_checker is set.',
    parameters: [INSTANCE],
    shown: TEXT,
    answer: checkInstanceTool,
  },
  check_job_info: {
    topic,
    verb: 'GET',
    about: 'Tells who checks an instance, when that was last done, and what was found.',
    parameters: [INSTANCE],
    shown: TEXT_OR_OBJECT,
    answer: checkJobInfo,
  },
  check_meta: {
    topic,
    verb: 'POST',
    about:
      'Is always refused: it compares the store with the catalog of a frontend, which only some builds of Doris do.',
    parameters: [
      INSTANCE,
      { name: 'host', about: 'Where the frontend is.', required: true },
      { name: 'port', about: 'Its port for MySQL.', type: 'integer', required: true },
      { name: 'user', about: 'Who logs in there.', required: true },
      { name: 'password', about: 'With what password.', required: true },
    ],
    shown: TEXT,
    answer: checkMeta,
  },
  adjust_rate_limiter: {
    topic,
    verb: 'POST',
    about: 'Sets how often each process may ask object storage; 0 stands for what the settings say.',
    parameters: [
      { name: 'type', about: 'Which requests.', type: ['get', 'put'], required: true },
      { name: 'speed', about: 'How many a second.', type: 'integer', required: true },
      { name: 'burst', about: 'How many at once.', type: 'integer', required: true },
      { name: 'limit', about: 'How many in all.', type: 'integer', required: true },
    ],
    shown: TEXT,
    answer: adjustRateLimiter,
  },
  statistics_recycle: {
    topic,
    verb: 'GET',
    about: 'Tells what the process that answers recycles and has recycled, and the last rounds by whichever process.',
    parameters: [
      { name: 'instance_id', about: 'The instance; without it, all of them.' },
      { name: 'after', about: 'The instance behind which the page begins: `next_after` of the page before.' },
    ],
    shown: OBJECT,
    answer: statisticsTool,
  },
  pause: {
    topic,
    verb: 'POST',
    about: 'Has an instance, or everything, recycled no more until it is resumed.',
    parameters: [INSTANCE_OR_ALL],
    shown: OBJECT,
    answer: pauseTool,
  },
  resume: {
    topic,
    verb: 'POST',
    about: 'Has an instance, or everything, recycled again.',
    parameters: [INSTANCE_OR_ALL],
    shown: OBJECT,
    answer: resumeTool,
  },
};
