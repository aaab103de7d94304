import type { Store } from '../kv/store.ts';
import type { MetaServices } from '../meta/call.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { Logger } from '../observe/logger.ts';
import type { InstanceInfoPB } from '../schema/gen/cloud/instance_pb.ts';
import type { StagePB } from '../schema/gen/cloud/stage_pb.ts';
import type { SweepProgress } from './progress.ts';

/** The settings that sweeps look at, by the names that Doris has for them. All times are in seconds. */
export interface SweepSettings {
  /** How long what has expired is kept at least, where nothing shorter is set for it. */
  readonly retention_seconds: number;
  readonly compacted_rowset_retention_seconds: number;
  readonly dropped_index_retention_seconds: number;
  readonly dropped_partition_retention_seconds: number;
  readonly label_keep_max_second: number;
  readonly copy_job_max_retention_second: number;
  readonly internal_stage_objects_expire_time_second: number;
  /** Whether nothing is kept for a while: what is no longer used goes at once. For tests. */
  readonly force_immediate_recycle: boolean;
  /** Batches of objects that a sweep may delete at a time. */
  readonly instance_recycler_worker_pool_size: number;
}

/** The places where an instance keeps its objects. */
export interface Vaults {
  /**
   * The place of a resource id, the one that rowsets name. Throws an ObjectStoreError when the instance has none of that id,
   * or one that can't be opened.
   */
  get(resource_id: string): ObjectStore;
  /**
   * All of them, those of other tables and those that nothing is written to any more included. One that can't be opened is
   * among them: its calls reject, so that nobody takes what lies there for gone.
   */
  all(): readonly ObjectStore[];
  /**
   * The place of a stage, be it dropped. Rejects with an ObjectStoreError when it can't be opened. It is closed with the
   * others.
   */
  stage(stage: StagePB): Promise<ObjectStore>;
  close(): void;
}

/** What a sweep works on and with: one instance, as it was when the round began. */
export interface SweepContext {
  readonly store: Store;
  /** The domain's services, for its own functions. */
  readonly services: MetaServices;
  readonly instance_id: string;
  readonly instance: InstanceInfoPB;
  readonly vaults: Vaults;
  readonly settings: SweepSettings;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now_ms: () => number;
  /** Whether it only says what would go, and touches neither the store nor any object. */
  readonly dry_run: boolean;
  readonly progress: SweepProgress;
  /** Aborted when the sweep has to end: between two batches it looks, and throws the signal's reason. */
  readonly signal: AbortSignal;
}

/**
 * One kind of thing that expires or was dropped, with how it is found and reclaimed.
 *
 * A sweep reads a range of keys in pages, holds no more than a page or a batch, and deletes objects before the keys that lead
 * to them. So it may fail or be killed anywhere: what it had not finished is found again. It goes on past what fails, notes
 * it in `progress`, and rejects only when there is no use in going on.
 */
export interface Sweep {
  /** As progress, logs and settings name it: `recycle_rowsets`. */
  readonly name: string;
  run(context: SweepContext): Promise<void>;
}
