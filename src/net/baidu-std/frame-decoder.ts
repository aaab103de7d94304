import type { ByteBudget } from '../byte-budget.ts';
import { Chunks } from '../chunks.ts';
import { FrameError, HEADER_BYTES, readHeader } from './frame-header.ts';

/** One frame as it came. */
export interface Frame {
  readonly meta: Buffer;
  /**
   * What follows the meta. Its bytes are taken from the budget, and whoever gets them gives them back. Undefined when
   * there was no room for them: then they are thrown away, as far as they have come and as they come.
   */
  readonly payload: Buffer | undefined;
}

export interface FrameLimits {
  readonly max_body_bytes: number;
  /** What is kept of frames that have not come whole is taken from it, too. */
  readonly budget: ByteBudget;
}

/** A frame of which a part has come. */
interface Begun {
  readonly meta_bytes: number;
  readonly body_bytes: number;
  readonly chunks: Chunks;
}

const NOTHING = Buffer.alloc(0);

/**
 * Cuts the bytes of a connection into frames, in whatever pieces they come. Sizes are checked as soon as they are known,
 * and what a frame announces is not allocated before it has come.
 *
 * Frames are taken one at a time, so that a connection with calls enough can leave further ones in their bytes.
 */
export class FrameDecoder {
  readonly #limits: FrameLimits;
  /** What has come last, and how much of it has been read. */
  #bytes: Buffer = NOTHING;
  #at = 0;
  #begun: Begun | undefined;
  /** Bytes to come that nobody wants. */
  #unwanted = 0;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  push(bytes: Buffer): void {
    this.#bytes = this.#left === 0 ? bytes : Buffer.concat([this.#bytes.subarray(this.#at), bytes]);
    this.#at = 0;
  }

  /**
   * The next frame, or undefined when no further one has come whole.
   *
   * @throws {FrameError} for bytes after which nothing can be read.
   */
  next(): Frame | undefined {
    if (this.#unwanted > 0) this.#discard();
    if (this.#unwanted > 0) return undefined;
    if (this.#begun !== undefined) return this.#continue(this.#begun);
    if (this.#left < HEADER_BYTES) return undefined;
    return this.#begin();
  }

  /** Whether a part of a frame has come, and all whole ones have been taken. */
  get isMidFrame(): boolean {
    return this.#begun !== undefined || this.#unwanted > 0 || this.#left > 0;
  }

  /** Gives back what the decoder holds. Nothing may be asked of it afterwards. */
  release(): void {
    if (this.#begun !== undefined) this.#limits.budget.giveBack(this.#begun.chunks.length);
    this.#begun = undefined;
    this.#bytes = NOTHING;
    this.#at = 0;
  }

  get #left(): number {
    return this.#bytes.length - this.#at;
  }

  #begin(): Frame | undefined {
    const { budget, max_body_bytes } = this.#limits;
    const { meta_bytes, body_bytes } = readHeader(this.#bytes, this.#at, max_body_bytes);
    this.#at += HEADER_BYTES;
    if (this.#left < body_bytes) {
      this.#begun = { meta_bytes, body_bytes, chunks: new Chunks() };
      return this.#continue(this.#begun);
    }
    const meta = this.#take(meta_bytes);
    const payload = this.#take(body_bytes - meta_bytes);
    return { meta, payload: budget.take(payload.length) ? payload : undefined };
  }

  /** Adds what has come to a frame. */
  #continue(begun: Begun): Frame | undefined {
    const { chunks, body_bytes, meta_bytes } = begun;
    const piece = this.#take(Math.min(this.#left, body_bytes - chunks.length));
    if (!this.#limits.budget.take(piece.length, chunks.length)) return this.#giveUp(begun, piece);
    chunks.add(piece);
    if (chunks.length < body_bytes) return undefined;
    this.#begun = undefined;
    const body = chunks.join();
    this.#limits.budget.giveBack(meta_bytes);
    return { meta: body.subarray(0, meta_bytes), payload: body.subarray(meta_bytes) };
  }

  /** Keeps nothing of a frame but its meta, once that has come, so that the call can be refused. */
  #giveUp({ chunks, meta_bytes, body_bytes }: Begun, piece: Buffer): Frame {
    this.#limits.budget.giveBack(chunks.length);
    this.#begun = undefined;
    chunks.add(piece);
    if (chunks.length < meta_bytes) throw new FrameError('the requests in flight leave no room for its meta');
    this.#unwanted = body_bytes - chunks.length;
    return { meta: chunks.join().subarray(0, meta_bytes), payload: undefined };
  }

  #discard(): void {
    const discarded = Math.min(this.#left, this.#unwanted);
    this.#at += discarded;
    this.#unwanted -= discarded;
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
