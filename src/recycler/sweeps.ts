import type { Sweep } from './sweep.ts';
import { dataSweeps } from './sweeps/data-sweeps.ts';
import { recycleDeletedInstance } from './sweeps/recycle-deleted-instance.ts';
import { txnSweeps } from './sweeps/txn-sweeps.ts';

/** What is swept when: the sweeps of a chain run one after the other, and chains beside each other. */
export interface Sweeps {
  /** For an instance in use. */
  readonly live: readonly (readonly Sweep[])[];
  /** For one that was dropped: all that it had. */
  readonly deleted: readonly (readonly Sweep[])[];
}

/** All sweeps that there are. */
export const sweeps: Sweeps = {
  live: [dataSweeps, txnSweeps],
  deleted: [[recycleDeletedInstance]],
};
