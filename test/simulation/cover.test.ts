import { expect, test } from 'vitest';
import { coverProblem } from '../support/simulation/cover.ts';
import { sizesProblem } from '../support/simulation/sizes.ts';

const rowsets = (...ranges: readonly (readonly [number, number])[]) =>
  ranges.map(([start, end]) => ({ startVersion: BigInt(start), endVersion: BigInt(end) }));

test.each([
  [rowsets([0, 1]), 1, undefined],
  [rowsets([5, 5], [0, 1], [2, 4]), 5, undefined],
  [rowsets([0, 1], [3, 3]), 3, 'lacks version 2: [0-1][3-3]'],
  [rowsets([1, 1]), 1, 'lacks version 0: [1-1]'],
  [rowsets([0, 3], [3, 4]), 4, 'has version 3 twice: [0-3][3-4]'],
  [rowsets([0, 1], [2, 2], [2, 2]), 2, 'has version 2 twice: [0-1][2-2][2-2]'],
  [rowsets([0, 1], [2, 5]), 6, 'ends before version 6: [0-1][2-5]'],
  [rowsets([0, 1], [2, 5]), 4, 'goes beyond version 4: [0-1][2-5]'],
  [rowsets([0, 1], [2, 0]), 2, 'has [2-0], which ends before it begins'],
  [[], 1, 'ends before version 1: '],
])('rowsets %o up to version %i: %s', (found, version, problem) => {
  expect(coverProblem(found, BigInt(version))).toBe(problem);
});

test('statistics are compared with the sum of the rowsets, each by itself', () => {
  const sized = [
    { dataDiskSize: 10n, numRows: 3n, numSegments: 1n },
    { dataDiskSize: 0n, numRows: 0n, numSegments: 0n },
  ];
  const stats = { dataSize: 10n, numRows: 3n, numRowsets: 2n, numSegments: 1n };
  expect(sizesProblem(stats, sized)).toBeUndefined();
  for (const name of Object.keys(stats) as (keyof typeof stats)[]) {
    const problem = `statistics say ${name}=${stats[name] + 1n}, rowsets ${stats[name]}`;
    expect(sizesProblem({ ...stats, [name]: stats[name] + 1n }, sized)).toBe(problem);
  }
});
