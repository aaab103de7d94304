import { type CommitTxnRequest, TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { CallInSteps, MetaSettings } from '../call.ts';
import { invalid, type MetaError } from '../meta-error.ts';
import { type CommitAnswer, commitStep } from './commit-step.ts';
import { AT_ONCE, type CommitWay, LAZILY, SUB_TXNS } from './commit-way.ts';
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
 */
export async function commitTxn(
  call: CallInSteps,
  request: CommitTxnRequest,
  instanceId: string,
): Promise<CommitAnswer> {
  const commit = (way: CommitWay, most_rowsets: number) => {
    const decide = (claim: ClaimPartitions) =>
      call.transact((step) => commitStep(step, request, instanceId, { way, most_rowsets, claim }), STEP);
    // Who waits for a lazy commit gives up his turn, or those behind him would wait one after the other.
    return settled(call.lazyCommits, () => call.partitionTurns.run(decide));
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
    return await whenVisible(call, instanceId, await commit(LAZILY, ANY_NUMBER));
  } catch (error) {
    throw isTooLargeAtOnce(error) ? tooLarge(request, 'load less at a time') : error;
  }
}

/** Only where the caller says both: that there are no two phases, and that it may be. */
function allowsLazyCommit(request: CommitTxnRequest, settings: MetaSettings): boolean {
  const onePhase = isSet(request, 'is2pc') && !request.is2pc && !request.isTxnLoad;
  return onePhase && request.enableTxnLazyCommit && settings.enable_cloud_txn_lazy_commit;
}

/** Waits until a lazy commit is visible. If that fails it is committed all the same, and whoever needs it next finishes it. */
async function whenVisible(call: CallInSteps, instanceId: string, answer: CommitAnswer): Promise<CommitAnswer> {
  const { txnInfo } = answer;
  if (txnInfo.status !== TxnStatus.TXN_STATUS_COMMITTED) return answer;
  const { txnId, dbId } = txnInfo;
  try {
    await call.lazyCommits.finish(instanceId, txnId);
  } catch {
    // The reason is in the log. An error would say that nothing has happened.
    const msg = `transaction is committed, and not visible yet: db_id=${dbId} txn_id=${txnId}`;
    return { ...answer, status: { msg } };
  }
  txnInfo.status = TxnStatus.TXN_STATUS_VISIBLE;
  return answer;
}

function tooLarge({ txnId }: CommitTxnRequest, advice: string): MetaError {
  return invalid(`transaction ${txnId} is too large to be committed in one transaction of the store: ${advice}`);
}
