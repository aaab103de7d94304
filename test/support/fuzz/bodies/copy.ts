import { type Body, callerOf, type World } from '../world.ts';

/** Requests of copy jobs: three jobs that meet in their files, finished, found and missed. */
export const COPY_BODIES = {
  begin_copy: (world: World) => [
    { ...jobOf(world), ...TIMES, stage_type: 'EXTERNAL', object_files: files(0, 4) },
    { ...jobOf(world, 'other'), ...TIMES, stage_type: 'INTERNAL', object_files: files(2, 6), file_num_limit: 1 },
    { ...jobOf(world, 'third'), object_files: files(4, 9), file_size_limit: 25, file_meta_size_limit: 1000 },
  ],
  finish_copy: (world: World) => [
    { ...jobOf(world), action: 'COMMIT', finish_time_ms: 5 },
    { ...jobOf(world, 'other'), action: 'ABORT' },
    { ...jobOf(world, 'third'), action: 'REMOVE' },
    { ...jobOf(world, 'third'), action: 'UNKNOWN' },
  ],
  get_copy_job: (world: World) => [jobOf(world), jobOf(world, 'nobody')],
  get_copy_files: (world: World) => [tableOf(world)],
  filter_copy_files: (world: World) => [{ ...tableOf(world), object_files: files(0, 9) }],
};

const TIMES = { start_time_ms: 1, timeout_time_ms: 2 };

function tableOf({ s3 }: World): Body {
  return { cloud_unique_id: callerOf(s3), stage_id: 'stage', table_id: 100 };
}

function jobOf(world: World, copy_id = 'copy'): Body {
  return { ...tableOf(world), copy_id, group_id: 1 };
}

function files(from: number, until: number): Body[] {
  return Array.from({ length: until - from }, (_, i) => ({
    relative_path: `dir/${from + i}`,
    etag: `e${from + i}`,
    size: 10,
  }));
}
