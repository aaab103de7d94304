import { boolean, integer, names } from './kind.ts';
import { alsoFlag, doris, own, section } from './setting.ts';

const CENTURY_SECONDS = 100 * 365 * 24 * 3600;
const DAY_MS = 24 * 3600 * 1000;

const seconds = (min: number) => integer({ placeholder: 'SECONDS', min, max: CENTURY_SECONDS });
const milliseconds = (min: number) => integer({ placeholder: 'MS', min, max: DAY_MS });
const count = (max: number) => integer({ placeholder: 'N', min: 1, max });

/** What is reclaimed when, by whom and how much at a time. */
export const RECYCLING = section('Recycling', {
  recycle_interval_seconds: doris(
    seconds(1),
    '3600',
    'How long after the beginning of a round over an instance the next one begins, in seconds.',
  ),
  recycler_sleep_before_scheduling_seconds: doris(
    seconds(0),
    '60',
    'How long a process that has started waits before its first rounds, in seconds.',
  ),
  recycler_dry_run: alsoFlag(
    'dry-run',
    own(
      boolean,
      'false',
      'Whether rounds only say what would go, and why, and touch neither the store nor any object.',
    ),
  ),
  retention_seconds: doris(
    seconds(0),
    '259200',
    'How long what was prepared and never committed, and whatever has no time of its own, is kept at most, in seconds. The times below that are longer count as this one.',
  ),
  compacted_rowset_retention_seconds: doris(
    seconds(0),
    '10800',
    'How long rowsets stay after a compaction has replaced them, for the queries that still read them, in seconds.',
  ),
  dropped_index_retention_seconds: doris(
    seconds(0),
    '10800',
    'How long the data of an index, and so of a table, stays after it was dropped, in seconds.',
  ),
  dropped_partition_retention_seconds: doris(
    seconds(0),
    '10800',
    'How long the data of a partition stays after it was dropped, in seconds.',
  ),
  label_keep_max_second: doris(
    seconds(0),
    '259200',
    'How long the label of a finished transaction is remembered, in seconds.',
  ),
  copy_job_max_retention_second: doris(
    seconds(0),
    '259200',
    'How long the files of a finished copy job are remembered, in seconds.',
  ),
  internal_stage_objects_expire_time_second: doris(
    seconds(0),
    '259200',
    'How long files stay in an internal stage, in seconds.',
  ),
  force_immediate_recycle: doris(
    boolean,
    'false',
    'Whether nothing is kept for a while: what is no longer used goes in the next round. For tests, since queries may still read it.',
  ),
  recycle_whitelist: doris(names, '', 'The ids of the only instances to recycle, with commas in between. Empty: all.'),
  recycle_blacklist: doris(
    names,
    '',
    'The ids of instances not to recycle, with commas in between. It counts where `recycle_whitelist` is empty.',
  ),
  recycler_storage_vault_white_list: doris(
    names,
    '',
    'The names of the only storage vaults in which objects are deleted, with commas in between. What lies in another vault stays, with the records that lead to it, and counts as failed. Empty: all.',
  ),
  recycle_concurrency: doris(count(1000), '16', 'Instances that a process recycles at a time.'),
  recycle_pool_parallelism: doris(count(1000), '10', 'Sweeps that a process runs at a time, over all instances.'),
  instance_recycler_worker_pool_size: doris(count(1000), '8', 'Batches of objects that a sweep deletes at a time.'),
  recycle_job_lease_expired_ms: doris(
    milliseconds(300),
    '60000',
    'How long an instance stays with the process that recycles it without hearing from it. It is heard from three times as often.',
  ),
  check_recycle_task_interval_seconds: doris(
    seconds(1),
    '600',
    'How often the sweeps that run are looked at for those that take long, in seconds.',
  ),
  recycle_task_threshold_seconds: doris(
    seconds(0),
    '10800',
    'How long a sweep may take before the log warns of it, in seconds.',
  ),
  enable_checker: doris(
    boolean,
    'false',
    'Whether it is checked from time to time that the objects of all visible rowsets are there.',
  ),
  enable_inverted_check: doris(
    boolean,
    'false',
    'Whether such a check also looks for objects which no key leads to. It lists every object.',
  ),
  check_object_interval_seconds: doris(
    seconds(1),
    '43200',
    'How long after the beginning of a check of an instance the next one begins, in seconds.',
  ),
  scan_instances_interval_seconds: doris(
    seconds(1),
    '60',
    'How often instances are looked through for those that are to be checked, in seconds.',
  ),
});
