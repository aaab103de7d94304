import type { Transaction } from '../../kv/store.ts';
import type { InstanceInfoPB } from '../../schema/gen/cloud/instance_pb.ts';
import type { Aborted } from './aborted.ts';

/** One run of what is done for an instance. */
export interface Job {
  /** Resolves to whether all went well. May reject; when the signal is aborted, it should soon. */
  run(signal: AbortSignal): Promise<boolean>;
  /** Keeps in the store how far it has come; called often, in a transaction. Of an instance that is gone, nothing stays. */
  write(txn: Transaction, exists: boolean): void;
}

/** What is to be done for an instance now; undefined where nothing is. Has no effect before it runs. */
export type JobOf = (instance: InstanceInfoPB, began_ms: number) => Job | undefined;

/** When a job was begun that has come to its end, and whether all went well. */
export interface DoneJob {
  readonly began_ms: number;
  readonly succeeded: boolean;
}

/** The right to do a job, until it is given back. */
export interface Hold {
  /** Aborted, with an Aborted, when the job must not go on. */
  readonly signal: AbortSignal;
  abort(reason: Aborted): void;
  /** Looks again whether the job may go on. */
  reconsider(): Promise<void>;
  /** Gives the job back: as done, or to be taken again as if it had not been begun. */
  end(done?: DoneJob): Promise<void>;
}

/** What came of trying to take an instance's job. */
export type Attempt =
  | { readonly state: 'taken'; readonly job: Job; readonly hold: Hold; readonly began_ms: number }
  /** There is no such instance, or nothing to do for it. */
  | { readonly state: 'gone' | 'nothing' }
  /** It must not be done for now. */
  | { readonly state: 'hindered'; readonly why: Aborted }
  /** Another process has it, until then at least. */
  | { readonly state: 'busy'; readonly owner: string; readonly until_ms: number }
  /** It was begun not long ago. */
  | { readonly state: 'early'; readonly last_ctime_ms: number };

/** Decides who may do what is to be done for an instance. */
export interface Jobs {
  /** Takes an instance's job if it was last begun before `since_ms`. */
  take(instance_id: string, since_ms: number, jobOf: JobOf): Promise<Attempt>;
}
