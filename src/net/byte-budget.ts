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
}
