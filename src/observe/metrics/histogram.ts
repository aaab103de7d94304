/** Counts of values by size, cheap enough for every call. A value is in the first bucket whose bound it does not exceed. */
export class Histogram {
  /** One bucket for each bound, and one for all that is above the last. */
  readonly counts: Float64Array;
  sum = 0;

  /** `bounds` rise. */
  constructor(readonly bounds: Float64Array) {
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let low = 0;
    let high = bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((bounds[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    counts[low] = (counts[low] as number) + 1;
    this.sum += value;
  }
}

/** What a histogram has counted, as it goes from one process to another. */
export interface HistogramCounts {
  readonly counts: Float64Array;
  readonly sum: number;
}

/** Ten bounds a decade, from ten microseconds to a hundred seconds, in milliseconds: so a quantile is right to a quarter. */
export const DURATION_BOUNDS_MS: Float64Array = Float64Array.from(
  [0.01, 0.1, 1, 10, 100, 1_000, 10_000].flatMap((decade) =>
    [1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8].map((step) => Number((decade * step).toPrecision(3))),
  ),
);

/** 1, 2, 4, ... up to `most`. */
export function powersOfTwo(most: number): Float64Array {
  return Float64Array.from({ length: Math.floor(Math.log2(most)) + 1 }, (_, i) => 2 ** i);
}
