import { keys } from '../../keys/key-table.ts';
import { instanceFault } from '../../meta/instance/instance-fault.ts';
import { shownCheck } from '../../recycler/check-run.ts';
import { readCheckReport, readJob, readRecycling } from '../../recycler/job-info.ts';
import { shownReport } from '../../recycler/round-report.ts';
import { JobRecyclePBSchema } from '../../schema/gen/cloud/recycler_pb.ts';
import { writeProtobufJson } from '../../schema/json/write-protobuf-json.ts';
import type { HttpAnswer } from '../http-types.ts';
import { instanceOf, json, line, type RecyclerCall } from './recycler-call.ts';

/**
 * `recycle_job_info`: who recycles an instance and when it was last done, as Doris answers it. Callers who accept JSON are
 * told beside it how far each sweep is.
 */
export async function recycleJobInfo(call: RecyclerCall): Promise<HttpAnswer> {
  const { runner, recycler, acceptsJson, now_ms } = call;
  const instance_id = instanceOf(call);
  const { job, recycling } = await runner.read('recycle_job_info', async ({ txn }) => ({
    job: await readJob(txn, keys.jobRecycle, instance_id),
    recycling: await readRecycling(txn, instance_id),
  }));
  const shown = writeProtobufJson(JobRecyclePBSchema, job);
  if (!acceptsJson) return line(200, shown);
  const report = recycling.report ?? recycler.dryReport(instance_id);
  const round = report && shownReport(report, now_ms());
  return json({ ...JSON.parse(shown), paused: recycling.paused, ...(round && { round }) });
}

/** `check_instance`: has an instance checked soon. */
export async function checkInstanceTool(call: RecyclerCall): Promise<HttpAnswer> {
  const instance_id = instanceOf(call);
  if (call.checker === undefined) return line(400, 'checker not enabled');
  const fault = await call.runner.read('check_instance', ({ txn }) => instanceFault(txn, instance_id));
  if (fault !== undefined) throw fault;
  call.checker.check(instance_id);
  return line(200, 'OK');
}

/** `check_job_info`: who checks an instance and when. Callers who accept JSON are told what the last check has found. */
export async function checkJobInfo(call: RecyclerCall): Promise<HttpAnswer> {
  const instance_id = instanceOf(call);
  const { job, report } = await call.runner.read('check_job_info', async ({ txn }) => ({
    job: await readJob(txn, keys.jobCheck, instance_id),
    report: await readCheckReport(txn, instance_id),
  }));
  const shown = writeProtobufJson(JobRecyclePBSchema, job);
  if (!call.acceptsJson) return line(200, shown);
  return json({ ...JSON.parse(shown), ...(report && { check: shownCheck(report) }) });
}
