import { clone, create } from '@bufbuild/protobuf';
import {
  TabletJobInfoPBSchema,
  type TabletSchemaChangeJobPB,
  TabletSchemaChangeJobPBSchema,
} from '../../schema/gen/cloud/job_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { invalid } from '../meta-error.ts';
import type { StartedJob } from './job-answer.ts';
import { isSameChange, newTabletOf } from './new-tablet.ts';
import { type JobTablet, readTabletJob, saveTabletJob } from './tablet-job.ts';

/**
 * Records a schema change at its base tablet and at the tablet that it makes, in place of whatever change was recorded:
 * the frontend has one at a time, so a second one means that the first is given up. The same one, once it said up to
 * which version it converts, goes on with that version. Both tablets get one and the same record, that of the base
 * tablet with its compactions; at the new one these lapse with their leases. Throws as `newTabletOf`.
 */
export async function startSchemaChange(
  call: Call,
  tablet: JobTablet,
  given: TabletSchemaChangeJobPB,
): Promise<StartedJob> {
  if (given.id === '') throw invalid('no job id specified');
  if (!isSet(given, 'initiator')) throw invalid('no initiator specified');
  const { txn } = call;
  const newTablet = await newTabletOf(txn, tablet, given);
  const recorded = (await readTabletJob(txn, tablet.fields)) ?? create(TabletJobInfoPBSchema);
  const { schemaChange: running } = recorded;
  if (running && isSet(running, 'alterVersion') && isSameChange(running, given)) {
    return { alterVersion: running.alterVersion };
  }
  const started = clone(TabletSchemaChangeJobPBSchema, given);
  started.newTabletIdx = newTablet.index;
  recorded.idx = tablet.index;
  recorded.schemaChange = started;
  saveTabletJob(txn, tablet.fields, recorded);
  saveTabletJob(txn, newTablet.fields, recorded);
  return { alterVersion: started.alterVersion };
}
