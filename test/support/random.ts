/** Random numbers that the same seed gives again (xorshift, 32 bits), so that what a test found can be looked at once more. */
export class Random {
  #state: number;

  constructor(seed: number) {
    // The generator stands still at zero.
    this.#state = (seed ^ 0x9e3779b9) | 0 || 1;
    for (let i = 0; i < 8; i++) this.#next();
  }

  /** Random numbers of their own for one part of a test, whatever the other parts draw. */
  fork(part: string): Random {
    let seed = this.#state;
    for (const letter of part) seed = (Math.imul(seed, 31) + (letter.codePointAt(0) ?? 0)) | 0;
    return new Random(seed);
  }

  /** From 0 up to, and without, 1. */
  next(): number {
    return this.#next() / 2 ** 32;
  }

  /** A whole number from 0 up to, and without, `below`. */
  int(below: number): number {
    return Math.floor(this.next() * below);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    if (choices.length === 0) throw new Error('there is nothing to pick from');
    return choices[this.int(choices.length)] as T;
  }

  /** One of the choices, each as likely as its weight says. */
  weighted<T>(choices: readonly (readonly [weight: number, choice: T])[]): T {
    let left = this.int(choices.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, choice] of choices) {
      left -= weight;
      if (left < 0) return choice;
    }
    throw new Error('there is nothing to pick from');
  }

  #next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x | 0;
    return x >>> 0;
  }
}

/**
 * The seed of a randomized test: that of the environment variable TEST_SEED, or a new one. It is printed, so that a
 * failure can be repeated.
 */
export function newSeed(): number {
  const given = process.env.TEST_SEED;
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
  if (!Number.isInteger(seed)) throw new Error(`TEST_SEED must be a whole number, not ${given}`);
  process.stdout.write(`TEST_SEED=${seed}\n`);
  return seed;
}
