import { FinishTabletJobRequest_Action as Action, TabletCompactionJobPBSchema } from '../../schema/gen/cloud/job_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { type Call, nowSeconds } from '../call.ts';
import { invalid, MetaError } from '../meta-error.ts';
import { quote } from '../quote.ts';
import { releaseUpdateLockIfHeld } from './bitmap-lock.ts';
import { commitCompaction } from './commit-compaction.ts';
import type { FinishedJob } from './job-answer.ts';
import { hasExpired } from './job-time.ts';
import {
  findRunning,
  type GivenCompaction,
  lockOf,
  type RunningCompaction,
  withoutRunning,
} from './running-compaction.ts';
import { saveTabletJob } from './tablet-job.ts';

const ACTIONS: Readonly<Record<Action, ((call: Call, job: RunningCompaction) => Promise<FinishedJob>) | undefined>> = {
  [Action.COMMIT]: commitCompaction,
  [Action.ABORT]: abortCompaction,
  [Action.LEASE]: renewCompaction,
  [Action.UNKONWN]: undefined,
};

/**
 * Does what is asked with a compaction that runs. Throws INVALID_ARGUMENT for one that does not run and for an unknown
 * action, JOB_EXPIRED for one that has expired, whatever is asked, and what the actions themselves throw. That its lease
 * was not renewed does not matter as long as no start of another compaction has dropped it.
 */
export async function finishCompaction(call: Call, action: Action, given: GivenCompaction): Promise<FinishedJob> {
  const job = findRunning(given);
  const { tabletId } = job.tablet.index;
  if (hasExpired(job.running, nowSeconds(call))) {
    const quoted = quote(TabletCompactionJobPBSchema, job.running);
    const message = `expired compaction job, tablet_id=${tabletId} job=${quoted}`;
    throw new MetaError(MetaServiceCode.JOB_EXPIRED, message);
  }
  const act = ACTIONS[action];
  if (!act) throw invalid(`unsupported action, tablet_id=${tabletId} action=${action}`);
  return act(call, job);
}

async function abortCompaction({ txn }: Call, job: RunningCompaction): Promise<FinishedJob> {
  saveTabletJob(txn, job.tablet.fields, withoutRunning(job));
  const lock = lockOf(job.tablet, job.given);
  if (lock) await releaseUpdateLockIfHeld(txn, job.tablet.instanceId, lock);
  return {};
}

async function renewCompaction({ txn }: Call, job: RunningCompaction): Promise<FinishedJob> {
  const { tablet, recorded, running, given } = job;
  if (given.lease <= 0n || given.lease < running.lease) {
    throw invalid(`invalid lease. recoreded_lease=${running.lease} req_lease=${given.lease}`);
  }
  running.lease = given.lease;
  saveTabletJob(txn, tablet.fields, recorded);
  return {};
}
