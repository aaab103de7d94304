import { describe, expect, test } from 'vitest';
import { type CompactionState, LAST_VERSION, rangesToSync } from './version-ranges.ts';

const MAX = Number.POSITIVE_INFINITY;

/** A range as a row of the tables: [first, last]. */
type Range = readonly [number, number];

function version(value: number): bigint {
  return value === MAX ? LAST_VERSION : BigInt(value);
}

function state([base, cumulative, point]: readonly [number, number, number]): CompactionState {
  return {
    baseCompactions: BigInt(base),
    cumulativeCompactions: BigInt(cumulative),
    cumulativePoint: BigInt(point),
  };
}

function sync(wanted: Range, known: readonly [number, number, number], current: readonly [number, number, number]) {
  const ranges = rangesToSync({ start: version(wanted[0]), end: version(wanted[1]) }, state(known), state(current));
  return ranges.map(({ start, end }) => [Number(start), end === LAST_VERSION ? MAX : Number(end)]);
}

test.each<[string, Range, readonly [number, number, number], readonly [number, number, number], Range[]]>([
  // What changed, the versions asked for, what the caller knows, what is, the versions to answer.
  ['nothing', [6, 9], [0, 1, 5], [0, 1, 5], [[6, 9]]],
  ['nothing', [6, MAX], [0, 1, 5], [0, 1, 5], [[6, MAX]]],
  ['the point alone', [6, 9], [0, 1, 5], [0, 1, 8], [[6, 9]]],

  [
    'base, once',
    [6, 9],
    [0, 1, 5],
    [1, 1, 5],
    [
      [0, 4],
      [6, 9],
    ],
  ],
  [
    'base, more than once',
    [6, 9],
    [0, 1, 5],
    [7, 1, 5],
    [
      [0, 4],
      [6, 9],
    ],
  ],
  ['base, touching', [5, 9], [0, 1, 5], [1, 1, 5], [[0, 9]]],
  ['base, overlapping', [3, 9], [0, 1, 5], [1, 1, 5], [[0, 9]]],
  ['base, within', [2, 3], [0, 1, 5], [1, 1, 5], [[0, 4]]],
  [
    'base, with the point moved',
    [9, 12],
    [0, 1, 5],
    [1, 1, 8],
    [
      [0, 7],
      [9, 12],
    ],
  ],
  ['base, with nothing before the point', [3, 9], [0, 0, 0], [1, 0, 0], [[3, 9]]],

  [
    'cumulative once, the point moved',
    [9, 12],
    [0, 1, 5],
    [0, 2, 8],
    [
      [5, 7],
      [9, 12],
    ],
  ],
  ['cumulative once, the point moved, touching', [8, 12], [0, 1, 5], [0, 2, 8], [[5, 12]]],
  ['cumulative once, the point moved, asked from below', [1, 4], [0, 1, 5], [0, 2, 8], [[1, 7]]],
  [
    'cumulative once, the point moved, asked far below',
    [1, 2],
    [0, 1, 5],
    [0, 2, 8],
    [
      [1, 2],
      [5, 7],
    ],
  ],
  ['cumulative once, the point unmoved', [9, 12], [0, 1, 5], [0, 2, 5], [[5, MAX]]],
  [
    'cumulative once, the point unmoved, asked far below',
    [1, 2],
    [0, 1, 5],
    [0, 2, 5],
    [
      [1, 2],
      [5, MAX],
    ],
  ],
  ['cumulative more than once, the point moved', [9, 12], [0, 1, 5], [0, 3, 8], [[5, MAX]]],
  ['cumulative more than once, the point unmoved', [9, 12], [0, 1, 5], [0, 9, 5], [[5, MAX]]],

  [
    'both, cumulative once',
    [9, 12],
    [0, 1, 5],
    [1, 2, 8],
    [
      [0, 7],
      [9, 12],
    ],
  ],
  ['both, cumulative once, touching', [8, 12], [0, 1, 5], [1, 2, 8], [[0, 12]]],
  ['both, cumulative more than once', [9, 12], [0, 1, 5], [1, 3, 8], [[0, MAX]]],
  ['both, the point unmoved', [9, 12], [0, 1, 5], [1, 2, 5], [[0, MAX]]],
])('%s: %j, known %j, now %j', (_what, wanted, known, current, expected) => {
  expect(sync(wanted, known, current)).toEqual(expected);
});

describe('versions that nobody can have', () => {
  test('are in no range', () => {
    expect(sync([9, 5], [0, 1, 5], [0, 1, 5])).toEqual([]);
    expect(sync([9, 5], [0, 1, 5], [1, 1, 5])).toEqual([[0, 4]]);
    expect(sync([0, 0], [0, 0, 0], [1, 0, 0])).toEqual([[0, 0]]);
  });
});
