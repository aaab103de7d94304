import { create } from '@bufbuild/protobuf';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { RLTaskTxnCommitAttachmentPBSchema } from '../../schema/gen/cloud/txn_attachment_pb.ts';
import {
  type CommitTxnRequest,
  LoadJobSourceTypePB as LoadJobSource,
  type TableStatsPB,
  type TxnInfoPB,
} from '../../schema/gen/cloud/txn_pb.ts';
import { type Call, nowMillis } from '../call.ts';
import { invalid, MetaError } from '../meta-error.ts';
import { addTask } from '../routine-load/progress.ts';
import { alreadyText } from '../txn/txn-state.ts';
import { type CommitWay, isLazy } from './commit-way.ts';
import { dbOfCommit, openCommit } from './committable.ts';
import { heldLocks } from './delete-bitmap-locks.ts';
import { mustBeNamed } from './named-tablets.ts';
import type { ClaimPartitions } from './partition-turns.ts';
import { placeRowsets } from './placed-rowsets.ts';
import { saveCommit } from './save-commit.ts';
import { mustBeSettled } from './settled.ts';
import { changesOf, tableStatsOf } from './tablet-changes.ts';
import { collectTemporaryRowsets, type TemporaryRowset, temporaryRowsetRange } from './temporary-rowset.ts';
import { TooLargeAtOnceError } from './too-large.ts';

/** What a commit answers. Of a transaction that was committed before, only that it was. */
export interface CommitAnswer {
  readonly status: { readonly msg: string };
  readonly txnInfo: TxnInfoPB;
  readonly tableIds?: bigint[];
  readonly partitionIds?: bigint[];
  readonly versions?: bigint[];
  readonly tableStats?: TableStatsPB[];
  readonly versionUpdateTimeMs?: bigint;
}

export interface CommitOptions {
  readonly way: CommitWay;
  /** With more rowsets it is refused, by a TooLargeAtOnceError. */
  readonly most_rowsets: number;
  /** Is called when the partitions are known, and before anything is written. */
  readonly claim: ClaimPartitions;
}

/** What a store takes in one transaction, in bytes: with more in its rowsets no commit is possible at once. */
const MOST_BYTES_AT_ONCE = 10_000_000;

/** So many partitions can become visible in one transaction of the store, with much to spare. */
const MOST_LAZY_PARTITIONS = 20_000;

/**
 * Commits a transaction in one transaction of the store. A lazy commit decides here that it is committed, and at which
 * versions; its rowsets follow. It reads all that it needs before it writes, in a number of reads that does not grow with
 * the number of tablets.
 */
export async function commitStep(
  step: Call,
  request: CommitTxnRequest,
  instanceId: string,
  { way, most_rowsets, claim }: CommitOptions,
): Promise<CommitAnswer> {
  const { txn } = step;
  const { txnId, mowTableIds, baseTabletIds } = request;
  const dbId = await dbOfCommit(txn, instanceId, txnId);
  const parts = way.parts(request);
  const groups = await rowsetsOf(step, parts, instanceId, way, most_rowsets);
  const { info, status } = await openCommit(txn, { instance_id: instanceId, db_id: dbId, txn_id: txnId }, request, way);
  if (status === undefined) return { status: { msg: alreadyText(info) }, txnInfo: info };
  mustBePartsOf(info, parts);
  const { rowsets, partitions } = await placeRowsets(txn, instanceId, dbId, groups, { snapshot: isLazy(way) });
  claim(partitions.map(({ fields }) => fields));
  if (isLazy(way) && partitions.length > MOST_LAZY_PARTITIONS) throw new TooLargeAtOnceError();
  mustBeSettled(
    instanceId,
    partitions.map(({ record }) => record),
  );
  const releaseLocks = await heldLocks(txn, instanceId, txnId, way.releases_locks ? mowTableIds : []);
  const now_ms = nowMillis(step);
  mustNotBeExpired(info, now_ms, way);
  const msg = way.keeps_progress ? await keepProgress(step, instanceId, info, request) : '';

  if (isLazy(way)) mustBeNamed(rowsets);
  const changes = changesOf(rowsets, way.size_of);
  info.status = status;
  info.commitTime = now_ms;
  info.finishTime = now_ms;
  if (request.commitAttachment) info.commitAttachment = request.commitAttachment;
  saveCommit(txn, { instanceId, way, info, parts, rowsets, partitions, changes });
  releaseLocks(changes);
  return {
    status: { msg },
    txnInfo: info,
    tableIds: partitions.map(({ fields }) => fields.table_id),
    partitionIds: partitions.map(({ fields }) => fields.partition_id),
    versions: partitions.map(({ after }) => after),
    tableStats: tableStatsOf(changes, baseTabletIds),
    ...(way.has_update_time && { versionUpdateTimeMs: now_ms }),
  };
}

/** The rowsets of each part of the transaction that is committed. */
async function rowsetsOf(
  { txn }: Call,
  parts: readonly bigint[],
  instanceId: string,
  way: CommitWay,
  most_rowsets: number,
): Promise<(readonly TemporaryRowset[])[]> {
  const with_values = !isLazy(way);
  const most_bytes = with_values ? MOST_BYTES_AT_ONCE : Number.POSITIVE_INFINITY;
  const groups: (readonly TemporaryRowset[])[] = [];
  for (const txnId of parts) {
    const { begin, end } = temporaryRowsetRange(instanceId, txnId);
    const { rowsets, next } = await collectTemporaryRowsets(txn, begin, end, { most_rowsets, most_bytes, with_values });
    if (next !== undefined) throw new TooLargeAtOnceError();
    groups.push(rowsets);
  }
  return groups;
}

/** The rowsets of another load must not become visible, nor be taken from it, for a wrong id in a request. */
function mustBePartsOf({ txnId, subTxnIds }: TxnInfoPB, parts: readonly bigint[]): void {
  const known = new Set([txnId, ...subTxnIds]);
  const foreign = parts.find((part) => !known.has(part));
  if (foreign === undefined) return;
  throw invalid(
    `sub transaction ${foreign} is none of the transaction's, txn_id=${txnId} sub_txn_ids=${subTxnIds.join(',')}`,
  );
}

function mustNotBeExpired({ txnId, prepareTime, timeoutMs }: TxnInfoPB, now_ms: bigint, way: CommitWay): void {
  if (prepareTime + timeoutMs >= now_ms) return;
  const message = `txn is expired, not allow to commit txn_id=${txnId}`;
  const answered = way.expires_with_time ? { versionUpdateTimeMs: now_ms } : {};
  throw new MetaError(MetaServiceCode.UNDEFINED_ERR, message, answered);
}

/** Counts a task of a routine load for its job. Answers what is said beside OK where it can't be counted. */
async function keepProgress(
  { txn }: Call,
  instance_id: string,
  { loadJobSourceType, dbId, txnId }: TxnInfoPB,
  { commitAttachment }: CommitTxnRequest,
): Promise<string> {
  if (loadJobSourceType !== LoadJobSource.LOAD_JOB_SRC_TYPE_ROUTINE_LOAD_TASK) return '';
  if (!commitAttachment) return `failed to get commit attachment from req, db_id=${dbId} txn_id=${txnId}`;
  // An attachment of another kind counts as a task of job 0 that has loaded nothing.
  const task = commitAttachment.rlTaskTxnCommitAttachment ?? create(RLTaskTxnCommitAttachmentPBSchema);
  await addTask(txn, { instance_id, db_id: dbId, job_id: task.jobId }, task);
  return '';
}
