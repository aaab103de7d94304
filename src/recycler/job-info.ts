import { create } from '@bufbuild/protobuf';
import type { Awaitable } from '../awaitable.ts';
import { keys } from '../keys/key-table.ts';
import type { Transaction } from '../kv/store.ts';
import { findInstance } from '../meta/instance/instance-record.ts';
import { MetaError } from '../meta/meta-error.ts';
import { readRecord } from '../records/message-record.ts';
import {
  type JobRecyclePB,
  JobRecyclePBSchema,
  JobRecyclePB_Status as JobStatus,
} from '../schema/gen/cloud/recycler_pb.ts';
import { MetaServiceCode } from '../schema/gen/cloud/status_pb.ts';
import type { CheckReportPB, RecycleReportPB } from '../schema/gen/nereus/recycling_pb.ts';
import { isPaused, readControl } from './control.ts';
import type { JobKind } from './jobs/job-record.ts';

/**
 * The record of what is done for an instance from time to time, as if it was idle where nothing was done yet.
 *
 * @throws {MetaError} KV_TXN_GET_ERR when there is no such instance.
 */
export async function readJob(txn: Transaction, kind: JobKind, instance_id: string): Promise<JobRecyclePB> {
  const job = await readRecord(txn, kind, { instance_id }, { snapshot: true });
  if (job !== undefined) return job;
  if ((await findInstance(txn, instance_id, { snapshot: true })) !== undefined) {
    const never = { instanceId: instance_id, status: JobStatus.IDLE, lastCtimeMs: 0n, lastFinishTimeMs: 0n };
    return create(JobRecyclePBSchema, never);
  }
  throw new MetaError(
    MetaServiceCode.KV_TXN_GET_ERR,
    `failed to get recycle job info, instance_id=${instance_id}, err=KeyNotFound`,
  );
}

/** How far the last round over an instance has come, if there was one, and whether no further one begins for now. */
export interface Recycling {
  readonly report: RecycleReportPB | undefined;
  readonly paused: boolean;
}

export async function readRecycling(txn: Transaction, instance_id: string): Promise<Recycling> {
  const report = await readRecord(txn, keys.systemRecycleReport, { instance_id }, { snapshot: true });
  return { report, paused: isPaused(await readControl(txn), instance_id) };
}

/** What the last check of an instance has found, if there was one. */
export function readCheckReport(txn: Transaction, instance_id: string): Awaitable<CheckReportPB | undefined> {
  return readRecord(txn, keys.systemCheckReport, { instance_id }, { snapshot: true });
}
