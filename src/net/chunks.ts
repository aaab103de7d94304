/** Chunks below this size are gathered: each Buffer costs a hundred bytes and more, and a peer may send one byte at a time. */
const SMALL_BYTES = 4096;
const GATHERED_BYTES = 64 * 1024;
/** This many are kept as they came; nearly every body is one or two. */
const KEPT_AS_THEY_CAME = 16;

const EMPTY = Buffer.alloc(0);

/** Collects bytes that arrive piece by piece, in memory that grows with the bytes and not with the pieces. */
export class Chunks {
  #whole: Buffer[] = [];
  #gathered: Buffer | undefined;
  #gatheredLength = 0;
  #length = 0;

  /** In bytes. */
  get length(): number {
    return this.#length;
  }

  add(chunk: Buffer): void {
    this.#length += chunk.length;
    const isSmall = chunk.length < SMALL_BYTES && this.#whole.length >= KEPT_AS_THEY_CAME;
    if (!isSmall || this.#gatheredLength + chunk.length > GATHERED_BYTES) this.#keepGathered();
    if (!isSmall) {
      this.#whole.push(chunk);
      return;
    }
    this.#gathered ??= Buffer.allocUnsafeSlow(GATHERED_BYTES);
    chunk.copy(this.#gathered, this.#gatheredLength);
    this.#gatheredLength += chunk.length;
  }

  /** All of it in one piece. */
  join(): Buffer {
    this.#keepGathered();
    const [first = EMPTY] = this.#whole;
    return this.#whole.length > 1 ? Buffer.concat(this.#whole, this.#length) : first;
  }

  #keepGathered(): void {
    if (this.#gathered === undefined) return;
    this.#whole.push(this.#gathered.subarray(0, this.#gatheredLength));
    this.#gathered = undefined;
    this.#gatheredLength = 0;
  }
}
