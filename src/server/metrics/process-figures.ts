import type { Registry } from 'prom-client';
import type { Family } from '../../observe/metrics/family.ts';

/** Gauges whose names end as those of counters do, of which `nodejs_active_handles` and its like say the same by type; and a minimum that is huge until something was measured. */
const LEFT_OUT = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
  'nodejs_eventloop_lag_min_seconds',
];

/** What the process itself takes: time, memory, descriptors, pauses. They are watched from the first question on. */
export class ProcessFigures {
  readonly #worker: number | undefined;
  #registry: Promise<Registry> | undefined;

  /** `worker` becomes a label, since what one process takes tells more than the sum. */
  constructor(worker: number | undefined) {
    this.#worker = worker;
  }

  async families(): Promise<readonly Family[]> {
    this.#registry ??= watch(this.#worker);
    const found = await (await this.#registry).getMetricsAsJSON();
    return (found as unknown as Family[]).map((family) => ({
      ...family,
      // No two processes have a series in common, so there is nothing to make one of.
      aggregator: 'sum',
      // A mean of nothing is no number.
      values: family.values.filter(({ value }) => !Number.isNaN(value)),
    }));
  }
}

/** Loaded when it is asked for: a service that nobody watches does without. */
async function watch(worker: number | undefined): Promise<Registry> {
  const { Registry, collectDefaultMetrics } = await import('prom-client');
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of LEFT_OUT) registry.removeSingleMetric(name);
  if (worker !== undefined) registry.setDefaultLabels({ worker: String(worker) });
  return registry;
}
