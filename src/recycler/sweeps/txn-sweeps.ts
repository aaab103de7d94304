import type { Sweep } from '../sweep.ts';
import { abortTimeoutTxn } from './abort-timeout-txn.ts';
import { recycleExpiredTxnLabel } from './recycle-expired-txn-label.ts';

/** The sweeps over transactions, stages and copy jobs, in the order of a round. */
export const txnSweeps: readonly Sweep[] = [abortTimeoutTxn, recycleExpiredTxnLabel];
