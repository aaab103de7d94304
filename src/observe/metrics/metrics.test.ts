import { describe, expect, test } from 'vitest';
import { BoundedLabels } from './bounded-labels.ts';
import { DURATION_BOUNDS_MS, Histogram, powersOfTwo } from './histogram.ts';

describe('a histogram', () => {
  test('counts each value under the first bound that it does not exceed', () => {
    const histogram = new Histogram(Float64Array.of(1, 2, 5));
    for (const value of [0, 1, 1.01, 2, 5, 5.01, Number.POSITIVE_INFINITY]) histogram.observe(value);
    expect([...histogram.counts]).toEqual([2, 2, 1, 2]);
  });

  test('adds up what it has seen', () => {
    const histogram = new Histogram(powersOfTwo(8));
    for (const value of [1, 2, 3]) histogram.observe(value);
    expect(histogram.sum).toBe(6);
    expect([...histogram.bounds]).toEqual([1, 2, 4, 8]);
  });

  test('has bounds of durations that rise by a quarter at most', () => {
    expect(DURATION_BOUNDS_MS[0]).toBe(0.01);
    expect(DURATION_BOUNDS_MS.at(-1)).toBe(80_000);
    for (const [i, bound] of DURATION_BOUNDS_MS.entries()) {
      const before = DURATION_BOUNDS_MS[i - 1] ?? bound / 1.25;
      expect(bound / before).toBeGreaterThan(1);
      expect(bound / before).toBeLessThan(1.3);
    }
  });
});

describe('the values of a label', () => {
  test('are named as they come, up to a bound', () => {
    const labels = new BoundedLabels(2);
    expect(['a', 'b', 'c', 'a', 'd', 'b', ''].map((one) => labels.labelOf(one))).toEqual([
      ...['a', 'b', 'other', 'a', 'other', 'b', ''],
    ]);
  });
});
