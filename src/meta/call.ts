import type { Awaitable } from '../awaitable.ts';
import type { Transaction, TransactOptions } from '../kv/store.ts';
import type { LazyCommits } from './commit/lazy-commits.ts';
import type { PartitionTurns } from './commit/partition-turns.ts';
import type { BitmapRoom } from './delete-bitmap/bitmap-room.ts';
import type { NodeIndex } from './identity/node-index.ts';
import type { Keyring } from './secrets/keyring.ts';

/** The settings that the domain looks at. */
export interface MetaSettings {
  /** The access key pair that is answered where no IAM user was set with alter_iam. */
  readonly arn_id: string;
  readonly arn_ak: string;
  readonly arn_sk: string;
  /** Whether cluster names must match their pattern in RPCs too; the document's rules check them in any case. */
  readonly enable_cluster_name_check: boolean;
  /** Whether the prefix of an HDFS vault gets a random suffix, so that two vaults on one path never meet. */
  readonly enable_distinguish_hdfs_path: boolean;
  readonly max_num_stages: number;
  /** Whether a load that is large may become visible in several steps, and from how many rowsets on. */
  readonly enable_cloud_txn_lazy_commit: boolean;
  readonly txn_lazy_commit_rowsets_thresold: number;
  /** Aborted transactions that a label may have before no more may begin under it. */
  readonly max_num_aborted_txn: number;
  /** Whether a rowset of a load is refused once its transaction is finished. */
  readonly enable_load_txn_status_check: boolean;
  /** How large the schema dictionary of an index may become, in bytes and in columns. */
  readonly schema_dict_kv_size_limit: number;
  readonly schema_dict_key_count_limit: number;
}

/** What lives as long as the process and serves every call. */
export interface MetaServices {
  readonly nodes: NodeIndex;
  readonly keyring: Keyring;
  readonly lazyCommits: LazyCommits;
  readonly partitionTurns: PartitionTurns;
  readonly bitmapRoom: BitmapRoom;
  readonly settings: MetaSettings;
  /** Milliseconds since 1970. */
  readonly now_ms: () => number;
}

/** One run of one call: a transaction that is committed when the domain function returns, and undone when it throws. */
export interface Call extends MetaServices {
  readonly txn: Transaction;
  /** The transactions that this run has been put off for, since they are committed and come first. */
  readonly waitedFor: ReadonlySet<bigint>;
}

export interface StepOptions extends TransactOptions {
  /** Whether lazy commits that `work` meets are waited for here, which they are unless told; otherwise it rejects. */
  readonly waits?: boolean;
}

/** One run of a call that takes several transactions. What one of them has committed stays, whatever comes of the next. */
export interface CallInSteps extends MetaServices {
  /** Runs `work` in a transaction, again on a new one after a conflict, and commits it when `work` returns. */
  readonly transact: <T>(work: (call: Call) => Awaitable<T>, options?: StepOptions) => Promise<T>;
  /** Has `release` called when the answer was sent, or there is none. It must be harmless when it was called before. */
  readonly untilSent: (release: () => void) => void;
}

/** The time that instances, clusters and vaults keep: whole seconds since 1970. */
export function nowSeconds(call: Call): bigint {
  return BigInt(Math.floor(call.now_ms() / 1000));
}

/** The time that transactions keep: milliseconds since 1970. */
export function nowMillis(call: Pick<MetaServices, 'now_ms'>): bigint {
  return BigInt(Math.floor(call.now_ms()));
}
