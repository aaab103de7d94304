import { type Family, familyOf, histogramOf, type Sample } from '../../observe/metrics/family.ts';
import { DURATION_BOUNDS_MS, type HistogramCounts } from '../../observe/metrics/histogram.ts';
import type { CallsOfInstance } from '../../rpc/call-counts.ts';
import { added, inSeconds } from './distributions.ts';
import { METRICS } from './table.ts';

/**
 * The metrics of calls. How many there were, and how long they took, is told by method and instance; how that was
 * distributed, by method and by instance, but not by both, since the number of series would be their product.
 */
export function callFamilies(calls: readonly CallsOfInstance[]): Family[] {
  const metrics = METRICS.calls;
  return [
    familyOf(
      metrics.calls,
      calls.flatMap(({ method, instance_id, codes }) =>
        Object.entries(codes).map(([code, count]): Sample => [[method, instance_id, code], count]),
      ),
    ),
    familyOf(
      metrics.seconds,
      calls.map(({ method, instance_id, duration_ms }): Sample => [[method, instance_id], duration_ms.sum / 1000]),
    ),
    distributed(metrics.byMethod, calls, 'method'),
    distributed(metrics.byInstance, calls, 'instance_id'),
    familyOf(metrics.retries, byMethod(calls, 'retries')),
    familyOf(metrics.slow, byMethod(calls, 'slow')),
  ];
}

function byMethod(calls: readonly CallsOfInstance[], field: 'retries' | 'slow'): Sample[] {
  const counts = new Map<string, number>();
  for (const one of calls) counts.set(one.method, (counts.get(one.method) ?? 0) + one[field]);
  return [...counts].map(([method, count]) => [[method], count]);
}

function distributed(
  metric: Parameters<typeof histogramOf>[0],
  calls: readonly CallsOfInstance[],
  by: 'method' | 'instance_id',
): Family {
  const groups = new Map<string, HistogramCounts>();
  for (const one of calls) {
    const before = groups.get(one[by]);
    groups.set(one[by], before === undefined ? one.duration_ms : added(before, one.duration_ms));
  }
  return histogramOf(
    metric,
    [...groups].map(([label, counts]) => [[label], inSeconds(DURATION_BOUNDS_MS, counts)]),
  );
}
