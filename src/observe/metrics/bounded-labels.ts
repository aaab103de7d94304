/** What stands for all values of a label beyond its bound. */
const OTHER = 'other';

/** Keeps a label from having more values than a bound, since each value is a series of its own: those that come first are named. */
export class BoundedLabels {
  readonly #named = new Set<string>();

  constructor(readonly most: number) {}

  /** The value itself, or `other`. An empty one is always itself, and so is what was bounded before. */
  labelOf(value: string): string {
    if (value === '' || value === OTHER || this.#named.has(value)) return value;
    if (this.#named.size >= this.most) return OTHER;
    this.#named.add(value);
    return value;
  }
}
