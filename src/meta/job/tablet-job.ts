import type { Awaitable } from '../../awaitable.ts';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecord, writeRecord } from '../../records/message-record.ts';
import type { TabletCompactionJobPB, TabletJobInfoPB, TabletSchemaChangeJobPB } from '../../schema/gen/cloud/job_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { TabletIndexPB } from '../../schema/gen/cloud/tablet_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { invalid, MetaError } from '../meta-error.ts';
import { isDroppedTablet } from '../tablet/dropped-tablet.ts';
import { fieldsOfTablet, readTabletIndex, type TabletFields } from '../tablet/tablet-index.ts';

/** The one job that a request is about. */
export type GivenJob =
  | { readonly compaction: TabletCompactionJobPB }
  | { readonly schemaChange: TabletSchemaChangeJobPB };

/** A tablet that a request has a job for. */
export interface JobTablet {
  readonly instanceId: string;
  readonly job: GivenJob;
  /** Complete. */
  readonly index: TabletIndexPB;
  readonly fields: TabletFields;
}

/**
 * The tablet of a request's job. Throws INVALID_ARGUMENT for a request without a job or a tablet, and TABLET_NOT_FOUND for
 * a tablet that is unknown or was dropped.
 */
export async function tabletOfJob(
  txn: Transaction,
  instanceId: string,
  job: TabletJobInfoPB | undefined,
): Promise<JobTablet> {
  const given = givenJob(job);
  const idx = job?.idx;
  if (!idx || idx.tabletId <= 0n) throw invalid('no valid tablet_id given');
  const index = await completeIndex(txn, instanceId, idx);
  if (await isDroppedTablet(txn, instanceId, index)) {
    throw new MetaError(MetaServiceCode.TABLET_NOT_FOUND, `tablet ${idx.tabletId} has been dropped`);
  }
  return { instanceId, job: given, index, fields: fieldsOfTablet(instanceId, index) };
}

/** Of several compactions the first counts; a schema change beside them does not. */
function givenJob(job: TabletJobInfoPB | undefined): GivenJob {
  const compaction = job?.compaction[0];
  if (compaction) return { compaction };
  if (job?.schemaChange) return { schemaChange: job.schemaChange };
  throw invalid('no valid job specified');
}

/** The index of a tablet as a request gives it, or as it is stored where something is missing there. Throws TABLET_NOT_FOUND. */
export async function completeIndex(
  txn: Transaction,
  instanceId: string,
  given: TabletIndexPB,
): Promise<TabletIndexPB> {
  const complete = isSet(given, 'tableId') && isSet(given, 'indexId') && isSet(given, 'partitionId');
  return complete ? given : readTabletIndex(txn, instanceId, given.tabletId);
}

/** What is recorded of a tablet's jobs, to be changed; undefined for a tablet that never had one. */
export function readTabletJob(txn: Transaction, tablet: TabletFields): Awaitable<TabletJobInfoPB | undefined> {
  return readRecord(txn, keys.jobTablet, tablet, { editable: true });
}

export function saveTabletJob(txn: Transaction, tablet: TabletFields, job: TabletJobInfoPB): void {
  writeRecord(txn, keys.jobTablet, tablet, job);
}
