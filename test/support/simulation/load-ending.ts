import { setTimeout as sleep } from 'node:timers/promises';
import { TxnCommitAttachmentPB_Type as Attachment } from '../../../src/schema/gen/cloud/txn_attachment_pb.ts';
import { TxnStatusPB } from '../../../src/schema/gen/cloud/txn_pb.ts';
import type { Random } from '../random.ts';
import { CLOUD_UNIQUE_ID, type Cluster, expectCode } from './cluster.ts';
import { keysOf } from './delete-bitmap.ts';
import { lockOfLoad, mergeLoad } from './merge-load.ts';
import { DB_ID, isLive, type Load, type Outcome } from './model.ts';
import { type AnswerOf, codeName } from './rpc-client.ts';
import type { Answered } from './service-process.ts';
import { giveLockBack, OVER_AT_ONCE_S, WHOLE_RUN_S } from './update-lock.ts';

/** How a load ends: in one phase, in two, by an abort, by a commit and an abort at the same time, or not by itself. */
export type Ending = 'commit' | 'precommit' | 'abort' | 'race' | 'abandon';

const LONGEST_DELAY_MS = 300;

type Commit = Answered<'commit_txn'>;
type Abort = Answered<'abort_txn'>;

/** Ends a load, and notes what became of it. */
export async function endLoad(
  cluster: Cluster,
  random: Random,
  load: Load,
  ending: Exclude<Ending, 'abandon'>,
  inParts: boolean,
): Promise<void> {
  const about = `transaction ${load.id}`;
  const commit = (twoPhases = false, times = 1) =>
    commitMerged(cluster, random, load, () =>
      Promise.all(Array.from({ length: times }, () => commitLoad(cluster, random, load, inParts, twoPhases))),
    );
  switch (ending) {
    case 'commit': {
      // The second is what a frontend sends when the answer to the first does not come.
      const commits = await commit(false, random.chance(0.15) ? 2 : 1);
      if (commits === undefined) return settleAborted(cluster, load, await abort(cluster, random, load));
      if (cameTooLate(cluster, load, commits)) return giveUp(cluster, random, load);
      for (const { answer } of commits) expectCode(cluster, `commit_txn of ${about}`, answer, 'OK');
      return settle(cluster, load, 'visible', commits);
    }
    case 'precommit': {
      await precommit(cluster, load);
      // Whoever decides about the second phase takes his time, and others have to wait for it.
      if (random.chance(0.3)) await sleep(random.int(LONGEST_DELAY_MS));
      if (random.chance(0.2)) return settleAborted(cluster, load, await abort(cluster, random, load));
      const commits = await commit(random.chance(0.7));
      if (commits === undefined) return settleAborted(cluster, load, await abort(cluster, random, load));
      if (cameTooLate(cluster, load, commits)) return giveUp(cluster, random, load);
      for (const { answer, resent } of commits) {
        const codes = resent ? ['OK', 'TXN_ALREADY_VISIBLE'] : ['OK'];
        expectCode(cluster, `commit_txn of precommitted ${about}`, answer, ...codes);
      }
      return settle(cluster, load, 'visible', commits);
    }
    case 'abort':
      await mergeInVain(cluster, random, load);
      return settleAborted(cluster, load, await abort(cluster, random, load));
    case 'race': {
      const lock = lockOfLoad(load, WHOLE_RUN_S);
      const merges = load.table.merges_on_write;
      if (merges && (await mergeLoad(cluster, random, load, lock)) === undefined) {
        return settleAborted(cluster, load, await abort(cluster, random, load));
      }
      const [committed, aborted] = await Promise.all([
        commitLoad(cluster, random, load, inParts, false),
        abort(cluster, random, load),
      ]);
      await settleRace(cluster, load, committed, aborted);
      if (merges && load.outcome !== 'visible') await giveLockBack(cluster, lock, about);
    }
  }
}

/** Asks what became of a load, and notes it. It must be what was expected, where something was. */
export async function settle(
  cluster: Cluster,
  load: Load,
  expected?: Outcome,
  commits: readonly Commit[] = [],
): Promise<void> {
  const { answer } = await cluster.service.insist('get_txn', {
    cloudUniqueId: CLOUD_UNIQUE_ID,
    dbId: DB_ID,
    txnId: load.id,
  });
  if (!expectCode(cluster, `get_txn of transaction ${load.id}`, answer, 'OK')) return;
  load.outcome = outcomeOf(answer);
  if (expected !== undefined && load.outcome !== expected) {
    const said = TxnStatusPB[answer.txnInfo?.status ?? 0];
    cluster.findings.add(`transaction ${load.id} is ${said}, though the answers say that it is ${expected}`);
  }
  if (load.outcome !== 'visible') return;
  noteVersions(cluster, load, commits);
  for (const { rowset_id, tablet } of load.parts.flatMap(({ rowsets }) => rowsets)) {
    for (const key of keysOf(cluster.model.rows.get(rowset_id) ?? [])) tablet.keys.add(key);
  }
}

function outcomeOf({ txnInfo }: AnswerOf<'get_txn'>): Outcome {
  switch (txnInfo?.status) {
    case TxnStatusPB.TXN_STATUS_VISIBLE:
    // Decided, while its rowsets are being made visible.
    case TxnStatusPB.TXN_STATUS_COMMITTED:
      return 'visible';
    case TxnStatusPB.TXN_STATUS_ABORTED:
      return 'aborted';
    default:
      return 'open';
  }
}

/** Who takes the lock for the whole run loses it no more, unless the service is broken, which has been noted then. */
const MOST_ROUNDS = 5;

/**
 * Commits a load, where its table merges on write with the delete bitmaps for that, and again when it has lost the lock
 * meanwhile. Undefined when it did not get the lock.
 */
async function commitMerged(
  cluster: Cluster,
  random: Random,
  load: Load,
  commit: () => Promise<Commit[]>,
): Promise<Commit[] | undefined> {
  if (!load.table.merges_on_write) return commit();
  let expiration = random.chance(0.3) ? OVER_AT_ONCE_S : WHOLE_RUN_S;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const lock = lockOfLoad(load, expiration);
    const merged = await mergeLoad(cluster, random, load, lock);
    if (merged === undefined) return undefined;
    const commits = merged ? await commit() : [];
    const lost = commits.filter(({ answer }) => codeName(answer) === 'LOCK_EXPIRED').length;
    if (merged && (lost < commits.length || expiration === WHOLE_RUN_S)) return commits;
    cluster.tally.count('lock lost');
    expiration = WHOLE_RUN_S;
  }
  return undefined;
}

/** What a load leaves behind that dies before its commit, or gives up: delete bitmaps of a version that another will get. */
export async function mergeInVain(cluster: Cluster, random: Random, load: Load): Promise<void> {
  if (!load.table.merges_on_write || random.chance(0.5)) return;
  const lock = lockOfLoad(load, random.chance(0.5) ? OVER_AT_ONCE_S : WHOLE_RUN_S);
  const merged = await mergeLoad(cluster, random, load, lock);
  cluster.tally.count('merged in vain');
  if (merged !== undefined && lock.expiration === WHOLE_RUN_S) {
    await giveLockBack(cluster, lock, `transaction ${load.id}`);
  }
}

/** Aborts a load that may hold the lock of its table. */
async function giveUp(cluster: Cluster, random: Random, load: Load): Promise<void> {
  await settleAborted(cluster, load, await abort(cluster, random, load));
  if (!load.table.merges_on_write) return;
  await giveLockBack(cluster, lockOfLoad(load, OVER_AT_ONCE_S), `transaction ${load.id}`);
}

/** Whether a load was refused since something that it wrote to is gone: on a slow machine it may take longer than that stays. */
function cameTooLate({ model, tally }: Cluster, { parts }: Load, commits: readonly Commit[]): boolean {
  const hasDropped = parts.some(({ rowsets }) => rowsets.some(({ tablet }) => !isLive(tablet)));
  const refused = commits.every(({ answer }) => codeName(answer) === 'KV_TXN_GET_ERR');
  if (!model.recycled || !hasDropped || !refused) return false;
  tally.count('load too late');
  return true;
}

function commitLoad({ service }: Cluster, random: Random, load: Load, inParts: boolean, is2pc: boolean) {
  const { id, table, parts, routine_rows } = load;
  const rlTaskTxnCommitAttachment = { jobId: table.id, loadedRows: routine_rows };
  const commitAttachment = { type: Attachment.RT_TASK_TXN_COMMIT_ATTACHMENT, rlTaskTxnCommitAttachment };
  const routine = routine_rows > 0n && { commitAttachment };
  const mowTableIds = table.merges_on_write ? [table.id] : [];
  const whole = { cloudUniqueId: CLOUD_UNIQUE_ID, dbId: DB_ID, txnId: id, is2pc, mowTableIds, ...routine };
  if (!inParts) return service.insist('commit_txn', { ...whole, enableTxnLazyCommit: random.chance(0.5) });
  const subTxnInfos = parts.map(({ txn_id, rowsets }) => ({
    subTxnId: txn_id,
    tableId: table.id,
    baseTabletIds: rowsets.map(({ tablet }) => tablet.id),
  }));
  return service.insist('commit_txn', { ...whole, isTxnLoad: true, subTxnInfos });
}

async function precommit(cluster: Cluster, load: Load): Promise<void> {
  const { answer, resent } = await cluster.service.insist('precommit_txn', {
    cloudUniqueId: CLOUD_UNIQUE_ID,
    dbId: DB_ID,
    txnId: load.id,
    precommitTimeoutMs: 3_600_000n,
  });
  const codes = resent ? ['OK', 'TXN_ALREADY_PRECOMMITED'] : ['OK'];
  expectCode(cluster, `precommit_txn of transaction ${load.id}`, answer, ...codes);
}

function abort({ service }: Cluster, random: Random, load: Load): Promise<Abort> {
  const which = random.chance(0.7) ? { txnId: load.id } : { label: load.label };
  return service.insist('abort_txn', { cloudUniqueId: CLOUD_UNIQUE_ID, dbId: DB_ID, reason: 'simulated', ...which });
}

async function settleAborted(cluster: Cluster, load: Load, { answer, resent }: Abort): Promise<void> {
  // By its label, one that is aborted already is not found as running.
  const codes = resent ? ['OK', 'TXN_ALREADY_ABORTED', 'TXN_INVALID_STATUS'] : ['OK'];
  expectCode(cluster, `abort_txn of transaction ${load.id}`, answer, ...codes);
  await settle(cluster, load, 'aborted');
}

/** One of the two must have won, and the other must have been told. */
async function settleRace(cluster: Cluster, load: Load, committed: Commit, aborted: Abort): Promise<void> {
  const about = `transaction ${load.id}, committed and aborted at the same time`;
  const late = cameTooLate(cluster, load, [committed]) ? [codeName(committed.answer)] : [];
  expectCode(cluster, `commit_txn of ${about}`, committed.answer, 'OK', 'TXN_ALREADY_ABORTED', ...late);
  const lost = ['TXN_ALREADY_VISIBLE', 'TXN_INVALID_STATUS', ...(aborted.resent ? ['TXN_ALREADY_ABORTED'] : [])];
  expectCode(cluster, `abort_txn of ${about}`, aborted.answer, 'OK', ...lost);
  const winners = [codeName(committed.answer), codeName(aborted.answer)].filter((code) => code === 'OK').length;
  if (winners !== 1 && !committed.resent && !aborted.resent) {
    cluster.findings.add(`${about}: ${winners} of the two were answered with OK`);
  }
  const expected = winners !== 1 ? undefined : codeName(committed.answer) === 'OK' ? 'visible' : 'aborted';
  await settle(cluster, load, expected, [committed]);
}

/** Notes the versions that a commit's answer tells of. No two commits may be told of one version. */
function noteVersions({ findings }: Cluster, load: Load, commits: readonly Commit[]): void {
  const told = commits.filter(({ answer }) => answer.versions.length > 0);
  for (const { answer } of told) {
    for (const [i, version] of answer.versions.entries()) noteVersion(findings, load, answer.partitionIds[i], version);
  }
  const touched = load.parts.some(({ partitions }) => partitions.length > 0);
  const asked = commits.length > 0 && commits.every(({ resent }) => !resent);
  if (asked && told.length !== (touched ? 1 : 0)) {
    findings.add(`transaction ${load.id}: ${told.length} answers of its commit tell of versions`);
  }
}

function noteVersion(findings: Cluster['findings'], load: Load, partitionId: bigint | undefined, version: bigint) {
  const partition = load.table.partitions.find(({ id }) => id === partitionId);
  const raises = load.parts.filter(
    ({ partitions }) => partition !== undefined && partitions.includes(partition),
  ).length;
  if (partition === undefined || raises === 0) {
    findings.add(
      `transaction ${load.id} is told of version ${version} of partition ${partitionId}, which it did not touch`,
    );
    return;
  }
  for (const { versions } of load.parts) {
    const merged = versions.get(partition);
    if (merged !== undefined && merged !== version) {
      findings.add(
        `transaction ${load.id} got version ${version} of partition ${partition.id}, and merged for ${merged}`,
      );
    }
  }
  for (let made = version - BigInt(raises) + 1n; made <= version; made++) {
    const other = partition.makers.get(made);
    if (other !== undefined && other !== load.id) {
      findings.add(
        `transactions ${other} and ${load.id} are both told of version ${made} of partition ${partition.id}`,
      );
    }
    partition.makers.set(made, load.id);
  }
  if (version > partition.acknowledged) partition.acknowledged = version;
}
