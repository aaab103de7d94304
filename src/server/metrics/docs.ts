import type { Metric } from '../../observe/metrics/family.ts';
import { ALERTS } from './alerts.ts';
import { METRICS } from './table.ts';

const TOPICS: Readonly<Record<keyof typeof METRICS, string>> = {
  calls: 'Calls and requests',
  connections: 'Connections',
  store: 'The store',
  recycler: 'The recycler',
  backup: 'Backups',
  service: 'The service',
};

/** docs/metrics.md, whole. */
export function metricsDocs(): string {
  const tables = Object.entries(METRICS).map(
    ([topic, metrics]) => `### ${TOPICS[topic as keyof typeof METRICS]}\n\n${tableOf(Object.values(metrics))}`,
  );
  return `${HEAD}
${tables.join('\n\n')}

With \`kv = foundationdb\`, only the first four of the store are told: the rest is the cluster's to say.

${PROCESS}
${REFERENCE}
## Alerts worth having

[nereus-alerts.yml](prometheus/nereus-alerts.yml) has them as rules for Prometheus, under the job name \`nereus\`.

| alert | when | for | what it means |
|---|---|---|---|
${ALERTS.map(({ name, expr, lasts, severity, meaning }) => `| ${name} (${severity}) | \`${expr.replaceAll('|', '\\|')}\` | ${lasts} | ${meaning} |`).join('\n')}
`;
}

function tableOf(metrics: readonly Metric[]): string {
  const rows = metrics.map(
    ({ name, type, labels, help }) =>
      `| \`${name}\` | ${type} | ${labels.map((one) => `\`${one}\``).join(', ')} | ${help} |`,
  );
  return `| name | type | labels | what it says |\n|---|---|---|---|\n${rows.join('\n')}`;
}

const HEAD = `# Metrics

<!-- Written from src/server/metrics: npx vitest run src/server/metrics/docs.test.ts -u -->

\`GET /metrics\`, on the one port, answers in the text format of Prometheus:

\`\`\`yaml
scrape_configs:
  - job_name: nereus
    static_configs:
      - targets: ['127.0.0.1:5000']
\`\`\`

Everyone who reaches the port may read it, as with Doris: it names instances, and holds no secrets. With
\`metrics_access = token\` it asks for \`http_token\`, which Prometheus sends with \`authorization: {credentials_file: FILE}\`.

With several workers, whichever of them gets the scrape answers for all. Counts are added up, and stay when a worker ends
and another takes its place; of what they share, such as the size of the store, one figure stands for all. A worker that does
not answer within two seconds stands with what it had told last. What a worker that was killed had counted after the last
scrape is lost. Only the figures of processes are told apart, by the label \`worker\`.

## How many series there are

Instances are tenants, and each has series of its own. \`metrics_max_instances\` bounds how many of them are told apart, 200
unless set: those that call first are named, and all further ones are counted together under \`instance_id="other"\`, until
the service is started again. A call that concerns no instance, or one that does not exist, has an empty
\`instance_id\`, so nobody can add series by asking for what is not there. How durations are distributed is told by method
and by instance, but not by both: a scrape has about
twenty series for each instance and for each method, and two for each pair of both.

## What each says
`;

const PROCESS = `### Processes

Beside these are the figures that every program on Node.js has from \`prom-client\`: \`process_cpu_seconds_total\`,
\`process_resident_memory_bytes\`, \`process_open_fds\`, \`nodejs_eventloop_lag_seconds\`, \`nodejs_gc_duration_seconds\`,
\`nodejs_heap_size_used_bytes\` and more. They are watched from the first scrape on, and with several workers each has
its \`worker\`.
`;

const REFERENCE = `## Dashboards

[grafana/nereus.json](grafana/nereus.json) is a dashboard for Grafana. Import it, and choose the data source and the job.

## The names of Doris

Dashboards that were made for the service of Doris look for the variables of brpc. \`GET /brpc_metrics\` gives them to
Prometheus, and \`GET /vars\` lists them as text; \`/vars/NAME\`, or a pattern as in \`/vars/ms_get_version_*;process_*\`, lists some.

| name | what it says |
|---|---|
| \`ms_<method>_<instance>_...\` | calls of a method by an instance |
| \`rpc_server_<port>_doris_cloud_meta_service_<method>_...\` | calls of a method by all; a summary in \`/brpc_metrics\`; \`..._error\` are those that ended by a defect |
| \`txn_kv_commit_count\`, \`_qps\`, \`txn_kv_commit_conflict\` | commits since the start, in a second, and conflicts of about a minute |
| \`process_cpu_usage\`, \`_fd_count\`, \`_memory_resident\`, \`_memory_virtual\`, \`_uptime\` | the process, or all workers |

\`...\` is \`count\`, since the start; and, of the last ten to twenty seconds, \`qps\`, and in microseconds \`latency\`, which is the
mean, \`latency_80\`, \`_90\`, \`_99\`, \`_999\`, \`_9999\` and \`max_latency\`. Percentiles and the largest are right to a quarter, as
calls are counted in buckets. The first question after a pause of minutes is answered with what happened since the start.
Instances are bounded as above. What Doris tells of FoundationDB, of single operations on it, and of its checker is not there.
`;
