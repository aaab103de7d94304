import { create } from '@bufbuild/protobuf';
import type { KeyField, KeyKind, KeyShape } from '../../keys/key-kind.ts';
import type { Transaction } from '../../kv/store.ts';
import { MalformedValueError } from '../../records/malformed-value.ts';
import { readRecord, removeRecord, writeRecord } from '../../records/message-record.ts';
import {
  type JobRecyclePB,
  JobRecyclePBSchema,
  JobRecyclePB_Status as JobStatus,
} from '../../schema/gen/cloud/recycler_pb.ts';

/** What is done for an instance by one process at a time, and the record of who does it. */
export type JobKind = KeyKind<string, JobShape>;

type JobShape = KeyShape & {
  readonly parts: readonly ['job', KeyField<'instance_id', 'text'>, string];
  readonly value: { readonly type: 'message'; readonly schema: typeof JobRecyclePBSchema };
};

/** Whose job it is. */
export interface JobOwner {
  readonly kind: JobKind;
  readonly instance_id: string;
  /** The process, by a name that no other has; it stands in `ip_port`. */
  readonly owner: string;
}

export interface TakeJob extends JobOwner {
  readonly now_ms: number;
  readonly lease_ms: number;
  /** It is due if it was last begun before this. */
  readonly since_ms: number;
}

/** What came of trying to take a job. */
export type TakenJob =
  | { readonly state: 'taken' }
  /** Another process has it, until then at least. */
  | { readonly state: 'busy'; readonly owner: string; readonly until_ms: number }
  /** It was begun not long ago. */
  | { readonly state: 'early'; readonly last_ctime_ms: number };

/**
 * What is said to come later than this was written by a machine whose clock was wrong: no lease is so long, and no job was
 * begun so far ahead. It would keep everybody out until then.
 */
const MOST_AHEAD_MS = 24 * 3_600_000;

/**
 * Takes a job for `lease_ms` unless another has it, or it is not due. Nobody else gets it before then, whether it is one of
 * our processes or one of Doris.
 */
export async function takeJob(txn: Transaction, job: TakeJob): Promise<TakenJob> {
  const found = await findJob(txn, job);
  const until_ms = Number(found?.expirationTimeMs ?? 0n);
  const longest_ms = Math.max(job.lease_ms, MOST_AHEAD_MS);
  if (found?.status === JobStatus.BUSY && job.now_ms < until_ms && until_ms <= job.now_ms + longest_ms) {
    return { state: 'busy', owner: found.ipPort, until_ms };
  }
  const last_ctime_ms = Number(found?.lastCtimeMs ?? 0n);
  const is_possible = last_ctime_ms <= job.now_ms + MOST_AHEAD_MS;
  if (is_possible && last_ctime_ms >= job.since_ms) return { state: 'early', last_ctime_ms };
  hold(txn, job, found);
  return { state: 'taken' };
}

/**
 * Keeps a job for another `lease_ms`, and returns whether it is still this owner's. A job whose record went with what a
 * dropped instance had is nobody's, and stays with its owner as long as there is the instance.
 */
export async function renewJob(txn: Transaction, job: Omit<TakeJob, 'since_ms'>, exists: boolean): Promise<boolean> {
  const found = await findJob(txn, job);
  if (found === undefined && !exists) return true;
  if (found !== undefined && !isHeldBy(found, job)) return false;
  hold(txn, job, found);
  return true;
}

export interface EndedJob extends JobOwner {
  readonly now_ms: number;
  /** Of a job that has come to its end: when it was begun, and whether all went well. Otherwise it is only given back. */
  readonly done?: { readonly began_ms: number; readonly succeeded: boolean };
}

/** Gives a job back, if it is still this owner's; returns whether it was. Of an instance that is gone, its record goes, too. */
export async function endJob(txn: Transaction, { done, ...job }: EndedJob, exists: boolean): Promise<boolean> {
  const found = await findJob(txn, job);
  if (found === undefined || !isHeldBy(found, job)) return false;
  if (!exists) {
    removeRecord(txn, job.kind, { instance_id: job.instance_id });
    return true;
  }
  const now = BigInt(job.now_ms);
  writeJob(txn, job, {
    ...found,
    status: JobStatus.IDLE,
    ...(done && { lastFinishTimeMs: now, lastCtimeMs: BigInt(done.began_ms) }),
    ...(done?.succeeded && { lastSuccessTimeMs: now }),
  });
  return true;
}

/** The record of a job. One that is no such message says nothing, as if there were none. */
export async function findJob(
  txn: Transaction,
  { kind, instance_id }: Pick<JobOwner, 'kind' | 'instance_id'>,
): Promise<JobRecyclePB | undefined> {
  try {
    return await readRecord(txn, kind, { instance_id });
  } catch (error) {
    if (error instanceof MalformedValueError) return undefined;
    throw error;
  }
}

function isHeldBy({ status, ipPort }: JobRecyclePB, { owner }: JobOwner): boolean {
  return status === JobStatus.BUSY && ipPort === owner;
}

function hold(txn: Transaction, job: Omit<TakeJob, 'since_ms'>, found: JobRecyclePB | undefined): void {
  writeJob(txn, job, {
    ...(found ?? create(JobRecyclePBSchema)),
    instanceId: job.instance_id,
    ipPort: job.owner,
    status: JobStatus.BUSY,
    expirationTimeMs: BigInt(job.now_ms + job.lease_ms),
  });
}

function writeJob(txn: Transaction, { kind, instance_id }: JobOwner, job: JobRecyclePB): void {
  writeRecord(txn, kind, { instance_id }, job);
}
