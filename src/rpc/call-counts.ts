import { BoundedLabels } from '../observe/metrics/bounded-labels.ts';
import { DURATION_BOUNDS_MS, Histogram, type HistogramCounts } from '../observe/metrics/histogram.ts';
import { MetaServiceCode } from '../schema/gen/cloud/status_pb.ts';

/** What stands for a code where a call ended by a defect of the service, and had none. */
export const DEFECT = 'DEFECT';

/** What the calls of one method by one instance have come to since the process started. */
export interface CallsOfInstance {
  readonly method: string;
  /** Empty for calls that concern no instance, or one that is not there. */
  readonly instance_id: string;
  /** How many, by the names of their codes. */
  readonly codes: Readonly<Record<string, number>>;
  /** How often transactions of theirs ran again. */
  readonly retries: number;
  /** Those that took slow_call_ms or more. */
  readonly slow: number;
  readonly duration_ms: HistogramCounts;
}

/** What is counted of a call beside its code and its time. */
export interface CountedCall {
  readonly method: string;
  readonly instance_id: string;
  readonly retries: number;
}

class Series {
  ok = 0;
  retries = 0;
  slow = 0;
  readonly others = new Map<string, number>();
  readonly duration_ms = new Histogram(DURATION_BOUNDS_MS);
}

/**
 * Counts calls by method and instance. It is asked once a call, so it adds to numbers and leaves all else to whoever reads
 * them. Instances beyond `most_instances` are counted together.
 */
export class CallCounts {
  readonly #byMethod = new Map<string, Map<string, Series>>();
  readonly #instances: BoundedLabels;

  constructor(most_instances: number) {
    this.#instances = new BoundedLabels(most_instances);
  }

  /**
   * Notes a call. Its `instance_id` must be that of an instance which the store has, or empty: what a stranger makes up
   * would take the place of one.
   */
  add(
    { method, instance_id, retries }: CountedCall,
    code: MetaServiceCode | typeof DEFECT,
    duration_ms: number,
    isSlow: boolean,
  ): void {
    const series = this.#byMethod.get(method)?.get(instance_id) ?? this.#seriesOf(method, instance_id);
    if (code === MetaServiceCode.OK) series.ok++;
    else {
      const name = code === DEFECT ? DEFECT : (MetaServiceCode[code] ?? MetaServiceCode[MetaServiceCode.UNDEFINED_ERR]);
      series.others.set(name, (series.others.get(name) ?? 0) + 1);
    }
    series.retries += retries;
    if (isSlow) series.slow++;
    series.duration_ms.observe(duration_ms);
  }

  snapshot(): CallsOfInstance[] {
    return [...this.#byMethod].flatMap(([method, byInstance]) =>
      [...byInstance].map(([instance_id, { ok, retries, slow, others, duration_ms }]) => ({
        ...{ method, instance_id, retries, slow },
        codes: { ...(ok > 0 && { [MetaServiceCode[MetaServiceCode.OK]]: ok }), ...Object.fromEntries(others) },
        duration_ms: { counts: duration_ms.counts.slice(), sum: duration_ms.sum },
      })),
    );
  }

  #seriesOf(method: string, instance_id: string): Series {
    const byInstance = this.#byMethod.get(method) ?? new Map<string, Series>();
    this.#byMethod.set(method, byInstance);
    const label = this.#instances.labelOf(instance_id);
    const series = byInstance.get(label) ?? new Series();
    byInstance.set(label, series);
    return series;
  }
}
