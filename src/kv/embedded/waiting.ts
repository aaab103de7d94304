import type { CommitRequest, Settle } from '../buffered-transaction.ts';
import type { Lease } from './lease.ts';

/** A call that waits for a batch. */
export interface Waiting {
  /** Absent for a call that only raises the version. */
  readonly request: CommitRequest<Lease> | undefined;
  /** The version must rise above this. */
  readonly at_least: bigint;
  readonly settle: Settle;
}
