/** What a request may hold and still find room when the large ones have taken all that there is. */
const LITTLE_BYTES = 16 * 1024;
/** How much more such requests may take together, as a part of all. */
const MORE_FOR_LITTLE = 1 / 8;

/**
 * Counts bytes held in memory against a bound that all of their holders share. A few large requests that don't come to
 * their end could take all of it; so there is a little more for those that hold little.
 */
export class ByteBudget {
  #used = 0;
  #refused = 0;
  readonly #bytesForLittle: number;

  constructor(readonly bytes: number) {
    this.#bytesForLittle = Math.floor(bytes * (1 + MORE_FOR_LITTLE));
  }

  /** Whether there was room for so many bytes, which are taken then, for a request that has taken `held` before. */
  take(bytes: number, held = 0): boolean {
    const bound = held + bytes <= LITTLE_BYTES ? this.#bytesForLittle : this.bytes;
    if (this.#used + bytes > bound) {
      this.#refused++;
      return false;
    }
    this.#used += bytes;
    return true;
  }

  /** Takes so many bytes, be there room or not: others have to wait the longer. */
  overdraw(bytes: number): void {
    this.#used += bytes;
  }

  giveBack(bytes: number): void {
    this.#used -= bytes;
  }

  get used(): number {
    return this.#used;
  }

  /** How often there was no room, since the start. */
  get refused(): number {
    return this.#refused;
  }
}
