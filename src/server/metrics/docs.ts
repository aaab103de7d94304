import type { Metric } from '../../observe/metrics/family.ts';
import { ALERTS } from './alerts.ts';
import { METRICS } from './table.ts';

const TOPICS: Readonly<Record<keyof typeof METRICS, string>> = {
  calls: 'Calls and requests',
  connections: 'Connections',
  store: 'The store',
  recycler: 'The recycler',
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
