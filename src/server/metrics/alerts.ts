/** What is worth waking somebody for. */
export interface Alert {
  readonly name: string;
  /** In PromQL. */
  readonly expr: string;
  /** How long it must hold. */
  readonly lasts: string;
  readonly severity: 'critical' | 'warning';
  /** What it means, and what to look at. */
  readonly meaning: string;
}

/** docs/metrics.md and docs/prometheus/nereus-alerts.yml come from here. */
export const ALERTS: readonly Alert[] = [
  {
    name: 'NereusDown',
    expr: 'up{job="nereus"} == 0',
    lasts: '1m',
    severity: 'critical',
    meaning: 'Prometheus gets no answer: no frontend and no backend gets one either.',
  },
  {
    name: 'NereusStoreUnusable',
    expr: 'nereus_store_usable == 0',
    lasts: '1m',
    severity: 'critical',
    meaning:
      'The disk has failed a commit, and the process refuses all calls until the store is opened again. Look at the disk, then start the service anew; a worker does so by itself.',
  },
  {
    name: 'NereusDiskAlmostFull',
    expr: 'nereus_store_disk_free_bytes < 2 * 1024 * 1024 * 1024',
    lasts: '5m',
    severity: 'critical',
    meaning: 'Commits are refused when less than 64 MiB would be left. Make room before that.',
  },
  {
    name: 'NereusDefects',
    expr: 'increase(nereus_calls_total{code="DEFECT"}[10m]) > 0',
    lasts: '0m',
    severity: 'critical',
    meaning: 'Calls ended by a defect of the service. The log has each of them, with its stack, under an error_id.',
  },
  {
    name: 'NereusWorkersMissing',
    expr: 'nereus_workers_ready < nereus_workers',
    lasts: '2m',
    severity: 'critical',
    meaning: 'A worker does not come back. The log says why it ended.',
  },
  {
    name: 'NereusWorkerRestarts',
    expr: 'increase(nereus_worker_restarts_total[30m]) > 2',
    lasts: '0m',
    severity: 'warning',
    meaning: 'Workers die or hang again and again. The log says how each ended.',
  },
  {
    name: 'NereusErrors',
    expr: 'sum by (method, code) (rate(nereus_calls_total{code=~"KV_TXN_.*|PROTOBUF_.*|UNDEFINED_ERR"}[5m])) / ignoring (code) group_left sum by (method) (rate(nereus_calls_total[5m])) > 0.01',
    lasts: '10m',
    severity: 'warning',
    meaning: 'More than one in a hundred calls of a method fails for a reason that its caller can do nothing about.',
  },
  {
    name: 'NereusSlowCalls',
    expr: 'histogram_quantile(0.99, sum by (method, le) (rate(nereus_call_duration_seconds_bucket{method=~"get_version|begin_txn|commit_txn"}[5m]))) > 1',
    lasts: '10m',
    severity: 'warning',
    meaning:
      'What every query and load waits for takes longer than a second for one in a hundred. Look at the time of a sync next.',
  },
  {
    name: 'NereusSlowSyncs',
    expr: 'histogram_quantile(0.99, sum by (le) (rate(nereus_store_batch_duration_seconds_bucket[5m]))) > 0.5',
    lasts: '10m',
    severity: 'warning',
    meaning: 'The disk is slow: all writes wait for it.',
  },
  {
    name: 'NereusConflicts',
    expr: 'rate(nereus_store_conflicts_total[5m]) > rate(nereus_store_commits_total[5m])',
    lasts: '15m',
    severity: 'warning',
    meaning:
      'More commits collide than succeed: many writers change the same keys. nereus_call_retries_total says of which methods.',
  },
  {
    name: 'NereusOldReader',
    expr: 'nereus_store_oldest_reader_age_seconds > 600',
    lasts: '5m',
    severity: 'warning',
    meaning:
      'A snapshot is held for long, so the store grows: by a dump, or by a defect, since transactions end by themselves after seconds.',
  },
  {
    name: 'NereusNoRoom',
    expr: 'rate(nereus_requests_refused_total[5m]) > 0 or rate(nereus_connections_refused_total[5m]) > 0',
    lasts: '5m',
    severity: 'warning',
    meaning: 'Callers are turned away by the setting that the label names, or by max_connections.',
  },
  {
    name: 'NereusRecyclerStuck',
    expr: 'time() - nereus_recycler_last_success_timestamp_seconds > 86400 and nereus_recycler_last_success_timestamp_seconds > 0',
    lasts: '1h',
    severity: 'warning',
    meaning:
      'No instance could be recycled whole for a day: what was dropped still takes room. statistics_recycle says what failed last.',
  },
  {
    name: 'NereusRecyclerFailures',
    expr: 'increase(nereus_recycler_failed_records_total[1h]) > 0',
    lasts: '2h',
    severity: 'warning',
    meaning: 'Records that are due can not go, most often since object storage refuses. The log has the reason.',
  },
  {
    name: 'NereusBackupFailures',
    expr: 'increase(nereus_backup_failures_total[1d]) > 0 and nereus_backup_last_success_timestamp_seconds < time() - 3600',
    lasts: '30m',
    severity: 'warning',
    meaning: 'A backup by schedule has failed within a day, and none was made for an hour. The log has the reason.',
  },
  {
    name: 'NereusInstancesNotToldApart',
    expr: 'nereus_calls_total{instance_id="other"} > 0',
    lasts: '0m',
    severity: 'warning',
    meaning: 'There are more instances than metrics_max_instances, so some share the label other.',
  },
];

/** docs/prometheus/nereus-alerts.yml, whole. */
export function alertRules(): string {
  const rules = ALERTS.map(
    ({ name, expr, lasts, severity, meaning }) => `      - alert: ${name}
        expr: ${JSON.stringify(expr)}
        for: ${lasts}
        labels:
          severity: ${severity}
        annotations:
          summary: ${JSON.stringify(meaning)}
`,
  );
  return `# Rules for Prometheus, written from src/server/metrics/alerts.ts: npx vitest run src/server/metrics/docs.test.ts -u
groups:
  - name: nereus
    rules:
${rules.join('')}`;
}
