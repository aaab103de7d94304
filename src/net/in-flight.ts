/** Counts the calls that are being answered, over all protocols, against the most there may be. */
export class InFlight {
  #count = 0;
  #refused = 0;
  #whenIdle: (() => void)[] = [];

  constructor(readonly most: number) {}

  get count(): number {
    return this.#count;
  }

  /** Calls for which there was no room, since the start. */
  get refused(): number {
    return this.#refused;
  }

  /** Whether there was room for one more call, which counts from now on until `leave`. */
  enter(): boolean {
    if (this.#count >= this.most) {
      this.#refused++;
      return false;
    }
    this.#count++;
    return true;
  }

  leave(): void {
    this.#count--;
    if (this.#count > 0) return;
    for (const tell of this.#whenIdle.splice(0)) tell();
  }

  /** Resolves when no call is being answered, be its connection still there or not. */
  idle(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise((resolve) => this.#whenIdle.push(resolve));
  }
}
