import type { Sweep } from '../sweep.ts';
import { abortTimeoutTxn } from './abort-timeout-txn.ts';
import { recycleCopyJobs } from './recycle-copy-jobs.ts';
import { recycleExpiredStageObjects } from './recycle-expired-stage-objects.ts';
import { recycleExpiredTxnLabel } from './recycle-expired-txn-label.ts';
import { recycleLoadingFiles } from './recycle-loading-files.ts';
import { recycleStage } from './recycle-stage.ts';

/** The sweeps over transactions, copy jobs and stages, in the order of a round. */
export const txnSweeps: readonly Sweep[] = [
  abortTimeoutTxn,
  recycleExpiredTxnLabel,
  recycleCopyJobs,
  recycleLoadingFiles,
  recycleStage,
  recycleExpiredStageObjects,
];
