import type { BenchResult } from '../result.ts';

/** Runs `work` for the numbers from 0 to `count - 1`, `in_flight` of them at a time, and returns how many a second were done. */
export async function rate(
  count: number,
  in_flight: number,
  work: (i: number) => Promise<unknown> | undefined,
): Promise<number> {
  let next = 0;
  async function runOne(): Promise<void> {
    while (next < count) {
      await work(next++);
    }
  }
  const began = performance.now();
  await Promise.all(Array.from({ length: in_flight }, runOne));
  return (count / (performance.now() - began)) * 1_000;
}

/** Measures both sides in turns, so that whatever else the machine does meets both, and compares them pair by pair. */
export async function compare(
  name: string,
  unit: string,
  rounds: number,
  ours: () => Promise<number>,
  bare: () => Promise<number>,
): Promise<BenchResult> {
  const sides = { ours: [] as number[], bare: [] as number[] };
  // The first turn warms both up and does not count.
  await ours();
  await bare();
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) {
      sides.ours.push(await ours());
      sides.bare.push(await bare());
    } else {
      sides.bare.push(await bare());
      sides.ours.push(await ours());
    }
  }
  const ratios = sides.ours.map((figure, round) => figure / (sides.bare[round] ?? Number.NaN));
  return { name, unit, ours: median(sides.ours), bare: median(sides.bare), ratio: median(ratios) };
}

export function result(name: string, unit: string, ours: number, bare: number): BenchResult {
  return { name, unit, ours, bare, ratio: ours / bare };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
