/** What a call holds in common with others until its answer was sent, or there is none. */
export class Held {
  #releases: (() => void)[] = [];

  readonly add = (release: () => void): void => {
    this.#releases.push(release);
  };

  readonly release = (): void => {
    for (const release of this.#releases.splice(0)) release();
  };

  /** Leaves the release to whoever sends the answer; with nobody to do so, it is now. */
  passOn(untilSent: ((release: () => void) => void) | undefined): void {
    if (this.#releases.length === 0) return;
    if (untilSent === undefined) this.release();
    else untilSent(this.release);
  }
}
