import { createHash, type Hash } from 'node:crypto';
import type { Part } from './parts-backend.ts';

/** Cuts what comes in pieces of any size into parts of one size, of which the last may be shorter. */
export class Parts {
  #bytes: Buffer;
  #hash: Hash;
  #filled = 0;
  #taken = false;

  constructor(private readonly part_bytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(part_bytes);
    this.#hash = createHash('sha256');
  }

  /** The parts that are full with this piece. */
  *add(piece: Uint8Array): Generator<Part> {
    for (let at = 0; at < piece.length; ) {
      const some = piece.subarray(at, at + this.part_bytes - this.#filled);
      this.#bytes.set(some, this.#filled);
      // Along the way, so that no part is hashed in one go while others wait.
      this.#hash.update(some);
      this.#filled += some.length;
      at += some.length;
      if (this.#filled === this.part_bytes) yield this.#take();
    }
  }

  /** What is left when all has come; undefined when nothing is, unless nothing came at all: an object has one part at least. */
  last(): Part | undefined {
    return this.#filled > 0 || !this.#taken ? this.#take() : undefined;
  }

  #take(): Part {
    const part = { bytes: this.#bytes.subarray(0, this.#filled), sha256: this.#hash.digest('hex') };
    this.#bytes = Buffer.allocUnsafeSlow(this.part_bytes);
    this.#hash = createHash('sha256');
    this.#filled = 0;
    this.#taken = true;
    return part;
  }
}
