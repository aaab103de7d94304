import type { Distribution } from '../../observe/metrics/family.ts';
import type { HistogramCounts } from '../../observe/metrics/histogram.ts';

/** What was counted up to each bound, or to those that are `shown`. */
export function cumulative(
  bounds: Float64Array,
  { counts, sum }: HistogramCounts,
  shown: (bound: number) => boolean = () => true,
): Distribution {
  const shownBounds: number[] = [];
  const upTo: number[] = [];
  let total = 0;
  for (const [i, count] of counts.entries()) {
    total += count;
    const bound = bounds[i];
    if (bound === undefined || !shown(bound)) continue;
    shownBounds.push(bound);
    upTo.push(total);
  }
  return { bounds: shownBounds, upTo, total, sum };
}

/** The bounds of durations that go out, in milliseconds: fewer than are counted, since each is a series. */
const SHOWN_MS: ReadonlySet<number> = new Set([
  ...[0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500],
  ...[1_000, 2_500, 5_000, 10_000],
]);

/** The same of durations, which are counted in milliseconds and shown in seconds. */
export function inSeconds(bounds_ms: Float64Array, counted_ms: HistogramCounts): Distribution {
  const { bounds, upTo, total, sum } = cumulative(bounds_ms, counted_ms, (bound) => SHOWN_MS.has(bound));
  return { bounds: bounds.map((ms) => ms / 1000), upTo, total, sum: sum / 1000 };
}

/** What two processes have counted, together. */
export function added(one: HistogramCounts, other: HistogramCounts): HistogramCounts {
  return { counts: one.counts.map((count, i) => count + (other.counts[i] ?? 0)), sum: one.sum + other.sum };
}
