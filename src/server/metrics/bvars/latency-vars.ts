import { DURATION_BOUNDS_MS, type HistogramCounts } from '../../../observe/metrics/histogram.ts';

/** A variable as brpc shows it: its name, and its value. */
export type Var = readonly [name: string, value: number];

/** What a latency recorder of brpc knows: all that it has seen, and what it has seen of late, in a window of so many seconds. */
export interface Recorded {
  readonly all: HistogramCounts;
  readonly recent: HistogramCounts;
  readonly window_s: number;
}

/** The percentiles that brpc shows, by what stands behind `_latency_`. */
const PERCENTILES: readonly (readonly [string, number])[] = [
  ['80', 0.8],
  ['90', 0.9],
  ['99', 0.99],
  ['999', 0.999],
  ['9999', 0.9999],
];

/** The variables of a latency recorder, in microseconds, by the suffixes that brpc gives them. */
export function latencyVars(prefix: string, { all, recent, window_s }: Recorded): Var[] {
  const count = total(recent);
  return [
    [`${prefix}_count`, total(all)],
    [`${prefix}_latency`, count === 0 ? 0 : inMicroseconds(recent.sum / count)],
    ...PERCENTILES.map(([name, ratio]): Var => [`${prefix}_latency_${name}`, inMicroseconds(quantile(recent, ratio))]),
    [`${prefix}_max_latency`, inMicroseconds(quantile(recent, 1))],
    [`${prefix}_qps`, window_s > 0 ? Math.round(count / window_s) : 0],
  ];
}

function total({ counts }: HistogramCounts): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** What was counted since `before`, of which `now` holds all. */
export function since(now: HistogramCounts, before: HistogramCounts | undefined): HistogramCounts {
  if (before === undefined) return now;
  const counts = now.counts.map((count, i) => Math.max(0, count - (before.counts[i] ?? 0)));
  return { counts, sum: Math.max(0, now.sum - before.sum) };
}

/** The duration in milliseconds that a part of all did not exceed, within its bucket as if they were evenly spread there. */
function quantile(counted: HistogramCounts, ratio: number): number {
  const wanted = total(counted) * ratio;
  let below = 0;
  for (const [i, count] of counted.counts.entries()) {
    if (count > 0 && below + count >= wanted) {
      const low = DURATION_BOUNDS_MS[i - 1] ?? 0;
      const high = DURATION_BOUNDS_MS[i] ?? low;
      return low + ((high - low) * (wanted - below)) / count;
    }
    below += count;
  }
  return 0;
}

function inMicroseconds(ms: number): number {
  return Math.round(ms * 1000);
}
