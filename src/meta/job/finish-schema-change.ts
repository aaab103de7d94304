import {
  FinishTabletJobRequest_Action as Action,
  type TabletSchemaChangeJobPB,
  TabletSchemaChangeJobPBSchema,
} from '../../schema/gen/cloud/job_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { type Call, nowSeconds } from '../call.ts';
import { invalid, MetaError } from '../meta-error.ts';
import { quote } from '../quote.ts';
import { commitSchemaChange } from './commit-schema-change.ts';
import type { FinishedJob } from './job-answer.ts';
import { hasExpired } from './job-time.ts';
import { isSameChange, newTabletOf } from './new-tablet.ts';
import { endSchemaChange, type GivenSchemaChange, type RunningSchemaChange } from './running-schema-change.ts';

const ACTIONS: Readonly<Record<Action, ((call: Call, job: RunningSchemaChange) => Promise<FinishedJob>) | undefined>> =
  {
    [Action.COMMIT]: commitSchemaChange,
    [Action.ABORT]: abortSchemaChange,
    [Action.LEASE]: undefined,
    [Action.UNKONWN]: undefined,
  };

/**
 * Does what is asked with the schema change that runs. The state of the new tablet is looked at first, so that a commit
 * that is sent again is JOB_ALREADY_SUCCESS. Throws INVALID_ARGUMENT when this change on this node does not run and for
 * an unknown action, JOB_EXPIRED when it has expired, whatever is asked, and what `newTabletOf` and the actions throw.
 */
export async function finishSchemaChange(call: Call, action: Action, job: GivenSchemaChange): Promise<FinishedJob> {
  const { tablet, recorded, given } = job;
  const { tabletId } = tablet.index;
  const newTablet = await newTabletOf(call.txn, tablet, given);
  const running = recorded.schemaChange;
  if (!running) throw invalid(`there is no running schema_change, tablet_id=${tabletId}`);
  if (hasExpired(running, nowSeconds(call))) {
    const quoted = quote(TabletSchemaChangeJobPBSchema, running);
    const message = `expired schema_change job, tablet_id=${tabletId} job=${quoted}`;
    throw new MetaError(MetaServiceCode.JOB_EXPIRED, message);
  }
  if (!isSameChange(running, given)) throw unmatched(running, given);
  const act = ACTIONS[action];
  if (!act) throw invalid(`unsupported action, tablet_id=${tabletId} action=${action}`);
  return act(call, { ...job, running, newTablet });
}

function unmatched(running: TabletSchemaChangeJobPB, given: TabletSchemaChangeJobPB): MetaError {
  const ids = `recorded_id=${running.id} given_id=${given.id}`;
  const [recordedJob, givenJob] = [running, given].map((each) => quote(TabletSchemaChangeJobPBSchema, each));
  return invalid(`unmatched job id or initiator, ${ids} recorded_job=${recordedJob} given_job=${givenJob}`);
}

/** A request that names another new tablet than the change has is for a change that is over already, and does nothing. */
async function abortSchemaChange({ txn }: Call, job: RunningSchemaChange): Promise<FinishedJob> {
  const { index } = job.newTablet;
  const running = job.running.newTabletIdx;
  if (running?.indexId === index.indexId && running.tabletId === index.tabletId) await endSchemaChange(txn, job);
  return {};
}
