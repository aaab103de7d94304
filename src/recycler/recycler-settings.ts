import type { FilterSettings } from './jobs/instance-filter.ts';
import type { SweepSettings } from './sweep.ts';

/** The settings of a process that recycles, by the names that Doris has for them. */
export interface RecyclerSettings extends SweepSettings, FilterSettings {
  readonly recycle_interval_seconds: number;
  readonly recycler_sleep_before_scheduling_seconds: number;
  /** Whether rounds only say what would go. */
  readonly recycler_dry_run: boolean;
  /** Instances at a time. */
  readonly recycle_concurrency: number;
  /** Sweeps at a time, over all instances. */
  readonly recycle_pool_parallelism: number;
  readonly recycle_job_lease_expired_ms: number;
  readonly check_recycle_task_interval_seconds: number;
  readonly recycle_task_threshold_seconds: number;
  readonly enable_checker: boolean;
  /** Whether a check looks for objects, too, which no key leads to. */
  readonly enable_inverted_check: boolean;
  readonly check_object_interval_seconds: number;
  readonly scan_instances_interval_seconds: number;
}
