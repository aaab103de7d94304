import { type CommitTxnRequest, type TxnInfoPB, TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { CallInSteps, MetaSettings } from '../call.ts';
import { invalid, type MetaError } from '../meta-error.ts';
import { type CommitAnswer, commitStep } from './commit-step.ts';
import { AT_ONCE, type CommitWay, LAZILY, SUB_TXNS } from './commit-way.ts';
import { inTime, MOST_WAITED_MS } from './in-time.ts';
import { withNamedTablets } from './named-tablets.ts';
import type { ClaimPartitions } from './partition-turns.ts';
import { settled } from './settled.ts';
import { isTooLargeAtOnce } from './too-large.ts';

const ANY_NUMBER = Number.POSITIVE_INFINITY;

/** A large commit may take all the time that the store gives a transaction, so no number of attempts bounds it well. */
const STEP = { waits: false, within_ms: 4_000 };

export function checkCommitTxn(request: CommitTxnRequest): void {
  if (!isSet(request, 'txnId')) throw invalid('invalid argument, missing txn id');
}

/**
 * Commits a transaction: its rowsets become visible, each at the next version of its partition. Answers these versions,
 * and the transaction as it is then.
 *
 * All of it happens in one transaction of the store. A load that is too large for that is committed lazily, where the
 * caller allows it: decided in one transaction, made visible by further ones, and answered when it is visible. Otherwise
 * it is refused, and nothing has happened.
 *
 * A lazy commit that can't be made visible, or not within some seconds, is answered with OK all the same, and as committed:
 * an error would say that nothing has happened. Whoever needs it next goes on with it.
 */
export async function commitTxn(
  call: CallInSteps,
  request: CommitTxnRequest,
  instanceId: string,
): Promise<CommitAnswer> {
  const answer = await decide(call, request, instanceId);
  const { txnInfo } = answer;
  if (txnInfo.status !== TxnStatus.TXN_STATUS_COMMITTED) return answer;
  if (!(await becomesVisible(call, instanceId, txnInfo))) {
    const msg = `transaction is committed, and not visible yet: db_id=${txnInfo.dbId} txn_id=${txnInfo.txnId}`;
    return { ...answer, status: { msg } };
  }
  // One that had been decided before is answered as one that was visible before.
  if (answer.versions === undefined) return decide(call, request, instanceId);
  txnInfo.status = TxnStatus.TXN_STATUS_VISIBLE;
  return answer;
}

/** Commits a transaction at once or, where that is not possible, decides a lazy commit. */
async function decide(call: CallInSteps, request: CommitTxnRequest, instanceId: string): Promise<CommitAnswer> {
  const commit = (way: CommitWay, most_rowsets: number) => {
    const step = (claim: ClaimPartitions) =>
      call.transact((run) => commitStep(run, request, instanceId, { way, most_rowsets, claim }), STEP);
    // Who waits for a lazy commit gives up the turn, or those behind him would wait one after the other.
    return settled(call.lazyCommits, () => call.partitionTurns.run(step));
  };
  const { settings } = call;
  const mayBeLazy = allowsLazyCommit(request, settings);
  try {
    if (request.isTxnLoad) return await commit(SUB_TXNS, ANY_NUMBER);
    return await commit(AT_ONCE, mayBeLazy ? settings.txn_lazy_commit_rowsets_thresold : ANY_NUMBER);
  } catch (error) {
    if (!isTooLargeAtOnce(error)) throw error;
    if (!mayBeLazy) throw tooLarge(request, 'load less at a time, or commit in one phase with enable_txn_lazy_commit');
  }
  try {
    return await withNamedTablets(call, instanceId, request.txnId, async () => commit(LAZILY, ANY_NUMBER));
  } catch (error) {
    throw isTooLargeAtOnce(error) ? tooLarge(request, 'load less at a time') : error;
  }
}

/** Only where the caller says both: that there are no two phases, and that it may be. */
function allowsLazyCommit(request: CommitTxnRequest, settings: MetaSettings): boolean {
  const onePhase = isSet(request, 'is2pc') && !request.is2pc && !request.isTxnLoad;
  return onePhase && request.enableTxnLazyCommit && settings.enable_cloud_txn_lazy_commit;
}

/** Waits until a lazy commit is visible. Whether it is; why it can't be is in the log. */
async function becomesVisible(call: CallInSteps, instanceId: string, { txnId }: TxnInfoPB): Promise<boolean> {
  try {
    await inTime(MOST_WAITED_MS, call.lazyCommits.finish(instanceId, txnId), () => new Error('not yet'));
    return true;
  } catch {
    return false;
  }
}

function tooLarge({ txnId }: CommitTxnRequest, advice: string): MetaError {
  return invalid(`transaction ${txnId} is too large to be committed in one transaction of the store: ${advice}`);
}
