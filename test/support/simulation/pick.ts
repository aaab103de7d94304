import type { Random } from '../random.ts';

/** One of the choices, or undefined when there is none. */
export function pickFrom<T>(random: Random, choices: readonly T[]): T | undefined {
  return choices[random.int(choices.length)];
}

/** `count` of the choices, or all of them when there are fewer, in their order. */
export function pickSome<T>(random: Random, choices: readonly T[], count: number): T[] {
  const left = [...choices];
  while (left.length > Math.max(0, count)) left.splice(random.int(left.length), 1);
  return left;
}
