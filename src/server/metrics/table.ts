import type { Aggregator, Metric, MetricType } from '../../observe/metrics/family.ts';

function declare(type: MetricType, aggregator: Aggregator) {
  return <const L extends readonly string[]>(name: string, labels: L, help: string): Metric<L[number]> => ({
    ...{ name: `nereus_${name}`, type, labels, help, aggregator },
  });
}

const counter = declare('counter', 'sum');
const histogram = declare('histogram', 'sum');
/** Of workers, together. */
const gauge = declare('gauge', 'sum');
/** Of what workers share, so that one says what all would. */
const shared = declare('gauge', 'max');
/** Of what is only right where it is with all. */
const weakest = declare('gauge', 'min');

/** Every metric of the service, by topic. `/metrics`, docs/metrics.md and their tests come from here. */
export const METRICS = {
  calls: {
    calls: counter(
      'calls_total',
      ['method', 'instance_id', 'code'],
      'Calls of methods that have ended, by the code of their answer.',
    ),
    seconds: counter('call_seconds_total', ['method', 'instance_id'], 'How long these calls took, added up.'),
    byMethod: histogram('call_duration_seconds', ['method'], 'How long calls took, by method.'),
    byInstance: histogram(
      'instance_call_duration_seconds',
      ['instance_id'],
      'How long calls took, by the instance of their caller.',
    ),
    retries: counter(
      'call_retries_total',
      ['method'],
      'Transactions of calls that ran again, after a conflict or another error that a repeat may mend.',
    ),
    slow: counter(
      'slow_calls_total',
      ['method'],
      'Calls that took slow_call_ms or more. The log has where the time went.',
    ),
    inFlight: gauge('requests_in_flight', [], 'Requests that are being answered.'),
    mostInFlight: gauge(
      'requests_in_flight_limit',
      [],
      'Requests that may be answered at a time: max_requests_in_flight.',
    ),
    buffered: gauge('buffered_bytes', [], 'Bytes of requests and answers held in memory.'),
    mostBuffered: gauge('buffered_bytes_limit', [], 'Bytes of them that may be held: max_buffered_bytes.'),
    refused: counter(
      'requests_refused_total',
      ['limit'],
      'Times that a request found no room, by the setting that bounds it.',
    ),
  },
  connections: {
    open: gauge('connections', ['protocol'], 'Connections that are open, by what they speak.'),
    opened: counter('connections_opened_total', ['protocol'], 'Connections that were opened, by what they speak.'),
    all: gauge('connections_all', [], 'Connections that are open, those included that have not said what they speak.'),
    most: shared('connections_limit', [], 'Connections that may be open: max_connections.'),
    refused: counter(
      'connections_refused_total',
      [],
      'Connections that were closed as they came, for max_connections.',
    ),
  },
  store: {
    usable: weakest('store_usable', [], '1 while the store can be used, 0 once its disk has failed or it is closed.'),
    commits: counter('store_commits_total', [], 'Commits that were acknowledged.'),
    conflicts: counter(
      'store_conflicts_total',
      [],
      'Commits that were refused, since another had changed what they read.',
    ),
    retries: counter('store_retries_total', [], 'Transactions that ran again, those of calls and all others.'),
    syncs: counter('store_syncs_total', [], 'Syncs of the disk, each shared by the commits that waited for it.'),
    batchCommits: histogram('store_batch_commits', [], 'How many commits shared a sync.'),
    batchSeconds: histogram(
      'store_batch_duration_seconds',
      [],
      'How long it took to decide, write and sync the commits of a batch.',
    ),
    waiting: gauge('store_waiting_commits', [], 'Commits that wait for the next sync.'),
    snapshots: gauge('store_snapshots', [], 'Snapshots in use.'),
    oldestReader: shared(
      'store_oldest_reader_age_seconds',
      [],
      'Age of the oldest snapshot in use: as long as it is, space that was freed since is not used again.',
    ),
    keys: shared('store_keys', [], 'Keys in the store.'),
    size: shared('store_size_bytes', [], 'What the store takes on the disk.'),
    free: shared('store_disk_free_bytes', [], 'What is left of the disk that the store is on.'),
  },
  recycler: {
    scanned: counter('recycler_scanned_records_total', ['sweep'], 'Records that sweeps have looked at.'),
    found: counter('recycler_found_records_total', ['sweep'], 'Records among them that were due to go.'),
    deleted: counter('recycler_deleted_records_total', ['sweep'], 'Records that are gone, with their objects.'),
    failed: counter(
      'recycler_failed_records_total',
      ['sweep'],
      'Records that were due and could not go; the next round tries again.',
    ),
    objects: counter('recycler_deleted_objects_total', ['sweep'], 'Objects that went with them.'),
    bytes: counter('recycler_deleted_bytes_total', ['sweep'], 'Their bytes, as far as sizes are known.'),
    rounds: counter('recycler_rounds_total', ['state'], 'Rounds over an instance that have ended, by how.'),
    running: gauge('recycler_rounds_running', [], 'Rounds that run.'),
    waiting: gauge('recycler_instances_waiting', [], 'Instances that wait for a round, or until they are due.'),
    lastSuccess: shared(
      'recycler_last_success_timestamp_seconds',
      [],
      'When a round ended last that left nothing, in seconds since 1970; 0 when none has since the start.',
    ),
  },
  backup: {
    made: counter('backups_total', [], 'Backups by schedule that were made and found to be sound.'),
    failed: counter('backup_failures_total', [], 'Backups by schedule that failed; the log has the reason.'),
    lastSuccess: shared(
      'backup_last_success_timestamp_seconds',
      [],
      'When the last one was made, in seconds since 1970; 0 when none ever was.',
    ),
  },
  service: {
    logged: counter('log_lines_total', ['level'], 'Lines of the log, by level.'),
    spans: counter(
      'trace_spans_total',
      ['outcome'],
      'Spans that the collector has taken, and those that were dropped.',
    ),
    workers: gauge('workers', [], 'Processes that serve, or should: workers.'),
    ready: gauge('workers_ready', [], 'Processes among them that take connections.'),
    restarts: counter('worker_restarts_total', [], 'Workers that were started again, since they had died or hung.'),
    build: shared('build_info', ['version'], 'The version that runs, as a label of the number 1.'),
  },
} as const;

/** All of them, in the order in which they are shown. */
export const ALL_METRICS: readonly Metric[] = Object.values(METRICS).flatMap((topic): readonly Metric[] =>
  Object.values(topic),
);
