import { keys } from '../keys/key-table.ts';
import { InstanceInfoPB_Status as InstanceStatus } from '../schema/gen/cloud/instance_pb.ts';
import type { CheckName } from './check/check-instance.ts';
import { CheckRun } from './check-run.ts';
import { instanceFilter } from './jobs/instance-filter.ts';
import { InstanceJobs } from './jobs/instance-jobs.ts';
import { LeasedJobs } from './jobs/leased-jobs.ts';
import { UnheldJobs } from './jobs/unheld-jobs.ts';
import type { RecyclerSettings } from './recycler-settings.ts';
import type { RoundParts } from './round.ts';

export interface CheckerOptions extends Omit<RoundParts, 'slots' | 'settings' | 'services'> {
  readonly settings: RecyclerSettings;
}

/** Checks every instance from time to time, each by one process at a time, and deletes nothing. */
export class Checker {
  readonly #jobs: InstanceJobs;

  constructor(options: CheckerOptions) {
    const { store, clock, logger, owner, settings } = options;
    const lease_ms = settings.recycle_job_lease_expired_ms;
    const checks: CheckName[] = settings.enable_inverted_check ? ['meta', 'objects', 'orphans'] : ['meta', 'objects'];
    const obstacle = async () => undefined;
    const jobs = settings.recycler_dry_run
      ? new UnheldJobs({ store, clock })
      : new LeasedJobs({ store, clock, logger, owner, lease_ms, kind: keys.jobCheck, obstacle });
    this.#jobs = new InstanceJobs({
      ...{ store, clock, logger, jobs },
      jobOf: (instance, began_ms) =>
        instance.status === InstanceStatus.DELETED
          ? undefined
          : new CheckRun({ ...options, instance, began_ms, checks }),
      first_after_ms: settings.recycler_sleep_before_scheduling_seconds * 1000,
      scan_every_ms: settings.scan_instances_interval_seconds * 1000,
      interval_ms: settings.check_object_interval_seconds * 1000,
      retry_ms: lease_ms / 3,
      concurrency: settings.recycle_concurrency,
      wants: instanceFilter(settings),
    });
  }

  start(): void {
    this.#jobs.start();
  }

  /** Aborts the checks that run, and resolves when they have ended. */
  stop(): Promise<void> {
    return this.#jobs.stop();
  }

  /** Has an instance checked as soon as it can be. */
  check(instance_id: string): void {
    this.#jobs.ask(instance_id);
  }
}
