/** Bytes that arrive in pieces of any size, taken from the first on. */
export class BytesInPieces {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #waiting: Uint8Array[] = [];
  #waiting_bytes = 0;
  #taken_bytes = 0;
  #ended = false;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** How many have been taken. */
  get offset(): number {
    return this.#taken_bytes;
  }

  /** The next `count` bytes, or all that are left when those are fewer. */
  async take(count: number): Promise<Buffer> {
    while (this.#waiting_bytes < count && !this.#ended) {
      const { done, value } = await this.#pieces.next();
      if (done) this.#ended = true;
      else {
        this.#waiting.push(value);
        this.#waiting_bytes += value.length;
      }
    }
    const all = this.#joined();
    const taken = all.subarray(0, count);
    this.#waiting = [all.subarray(taken.length)];
    this.#waiting_bytes = all.length - taken.length;
    this.#taken_bytes += taken.length;
    return taken;
  }

  #joined(): Buffer {
    const [only] = this.#waiting;
    if (only === undefined || this.#waiting.length > 1) return Buffer.concat(this.#waiting);
    return Buffer.from(only.buffer, only.byteOffset, only.length);
  }

  /** Says that no more is wanted. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#pieces.return?.();
  }
}
