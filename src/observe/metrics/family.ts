/** All series of one metric, in the form in which prom-client takes and gives them. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  /** How what several processes say becomes one. */
  readonly aggregator: Aggregator;
  readonly values: readonly Value[];
}

export type MetricType = 'counter' | 'gauge' | 'histogram';
export type Aggregator = 'sum' | 'max' | 'min';

export interface Value {
  readonly labels: Labels;
  readonly value: number;
  /** Where it is not that of the family: `..._bucket`, `..._sum`, `..._count`. */
  readonly metricName?: string;
}

export type Labels = Readonly<Record<string, string | number>>;

/** A metric as it is declared. */
export interface Metric<L extends string = string> {
  readonly name: string;
  readonly type: MetricType;
  /** The names of its labels, in the order in which values are given. */
  readonly labels: readonly L[];
  /** What it says, in one line. */
  readonly help: string;
  readonly aggregator: Aggregator;
}

/** The values of a metric's labels, in their order, and its value. */
export type Sample = readonly [labels: readonly string[], value: number];

export function familyOf(metric: Metric, samples: readonly Sample[]): Family {
  const values = samples.map(([labels, value]) => ({ labels: named(metric, labels), value }));
  return { ...headOf(metric), values };
}

/** What was counted up to each bound, bounds rising; `total` is all of it, `sum` what the values add up to. */
export interface Distribution {
  readonly bounds: readonly number[];
  readonly upTo: readonly number[];
  readonly total: number;
  readonly sum: number;
}

export function histogramOf(metric: Metric, samples: readonly (readonly [readonly string[], Distribution])[]): Family {
  const values = samples.flatMap(([given, { bounds, upTo, total, sum }]) => {
    const labels = named(metric, given);
    const bucket = (le: number | string, value: number) => ({
      labels: { ...labels, le },
      value,
      metricName: `${metric.name}_bucket`,
    });
    return [
      ...bounds.map((bound, i) => bucket(bound, upTo[i] ?? total)),
      bucket('+Inf', total),
      { labels, value: sum, metricName: `${metric.name}_sum` },
      { labels, value: total, metricName: `${metric.name}_count` },
    ];
  });
  return { ...headOf(metric), values };
}

function headOf({ name, type, help, aggregator }: Metric): Omit<Family, 'values'> {
  return { name, type, help, aggregator };
}

function named({ labels }: Metric, values: readonly string[]): Labels {
  return Object.fromEntries(labels.map((name, i) => [name, values[i] ?? '']));
}
