import type { Logger } from '../observe/logger.ts';
import { RecycleSweepPB_State as SweepState } from '../schema/gen/nereus/recycling_pb.ts';
import type { Clock } from './jobs/clock.ts';
import type { Round } from './round.ts';

export interface SlowSweepsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly check_recycle_task_interval_seconds: number;
  readonly recycle_task_threshold_seconds: number;
}

/** Warns from time to time of the sweeps of `rounds` that take long. Returns what ends it. */
export function watchSlowSweeps(rounds: Iterable<Round>, options: SlowSweepsOptions): () => void {
  const { clock, logger, check_recycle_task_interval_seconds, recycle_task_threshold_seconds } = options;
  let cancel: () => void;
  const look = () => {
    for (const { instance_id, runs } of rounds) {
      for (const run of runs) {
        const seconds = (clock.now_ms() - run.began_ms) / 1000;
        if (run.state !== SweepState.RUNNING || seconds <= recycle_task_threshold_seconds) continue;
        const fields = { instance_id, sweep: run.sweep.name, took_seconds: Math.round(seconds) };
        logger.warn('a sweep takes long', { ...fields, ...run.progress.numbers });
      }
    }
    again();
  };
  const again = () => {
    cancel = clock.after(check_recycle_task_interval_seconds * 1000, look);
  };
  again();
  return () => cancel();
}
