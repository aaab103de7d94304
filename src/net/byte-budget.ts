/** Counts bytes held in memory against a bound that all of their holders share. */
export class ByteBudget {
  #used = 0;

  constructor(readonly bytes: number) {}

  /** Whether there was room for so many bytes, which are taken then. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.bytes) return false;
    this.#used += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#used -= bytes;
  }

  get used(): number {
    return this.#used;
  }
}
