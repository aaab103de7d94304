import { callerOf, type World } from '../world.ts';

/** Requests of routine loads: progress that is set, found, forgotten and missed. */
export const ROUTINE_LOAD_BODIES = {
  reset_rl_progress: (world: World) => [
    { ...jobOf(world), partition_to_offset: [{ key: 0, value: 10 }, { key: 1, value: world.serial() }, { key: 0 }] },
    { ...jobOf(world), job_id: 6, partition_to_offset: [{ key: -1, value: -1 }] },
    { ...jobOf(world), job_id: 6 },
  ],
  get_rl_task_commit_attach: (world: World) => [jobOf(world), { ...jobOf(world), job_id: 6 }],
};

function jobOf({ s3 }: World) {
  return { cloud_unique_id: callerOf(s3), db_id: 1, job_id: 5 };
}
