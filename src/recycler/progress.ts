/** What a sweep has done so far, or would do. */
export interface SweepNumbers {
  /** Records that were looked at. */
  readonly scanned: number;
  /** Records that are due to go. */
  readonly found: number;
  /** Records that are gone, with their objects. */
  readonly deleted: number;
  /** Records that were due and could not go this time. */
  readonly failed: number;
  readonly objects: number;
  /** Of the rowsets and objects that are gone, as far as their sizes are known. */
  readonly bytes: number;
}

/** Something that would go, and why. */
export interface Planned {
  /** The key of its record in hexadecimal, or the path of an object behind the name of its place. */
  readonly what: string;
  readonly why: string;
}

/** Counts what a sweep does, for whoever watches. */
export class SweepProgress {
  #numbers = { scanned: 0, found: 0, deleted: 0, failed: 0, objects: 0, bytes: 0 };
  #lastFailure: string | undefined;

  /** `plan` is told, in a dry run, of each thing that would go. */
  constructor(private readonly plan?: (planned: Planned) => void) {}

  get numbers(): SweepNumbers {
    return { ...this.#numbers };
  }

  /** What went wrong last, in words that have no secret in them. */
  get lastFailure(): string | undefined {
    return this.#lastFailure;
  }

  scanned(records: number): void {
    this.#numbers.scanned += records;
  }

  found(records: number): void {
    this.#numbers.found += records;
  }

  /** Notes records that are gone, and how many objects of how many bytes went with them. */
  deleted(
    records: number,
    { objects = 0, bytes = 0 }: { readonly objects?: number; readonly bytes?: number } = {},
  ): void {
    this.#numbers.deleted += records;
    this.#numbers.objects += objects;
    this.#numbers.bytes += bytes;
  }

  failed(records: number, why: string): void {
    this.#numbers.failed += records;
    this.#lastFailure = why;
  }

  /** In a dry run: says what would go. */
  planned(what: Planned): void {
    this.plan?.(what);
  }
}
