import type { Socket } from 'node:net';
import { atEndOfTurn } from '../end-of-turn.ts';

/** Up to this many bytes, answers are put together into one buffer. Beyond, they are handed to the system as they are. */
const MOST_JOINED_BYTES = 64 * 1024;

/** Gathers the answers of one connection, and writes those of one turn of the event loop in one go. */
export class Outbox {
  readonly #socket: Socket;
  #frames: Buffer[] = [];
  #gathered_bytes = 0;
  /** What to call when what is gathered has been sent. */
  #releases: (() => void)[] = [];
  #scheduled = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** The bytes that the peer has not taken yet. */
  get unsent_bytes(): number {
    return this.#gathered_bytes + this.#socket.writableLength;
  }

  /** Whether nothing reaches the peer any more. */
  get isClosed(): boolean {
    return !this.#socket.writable;
  }

  add(bytes: Buffer): void {
    this.#schedule();
    this.#frames.push(bytes);
    this.#gathered_bytes += bytes.length;
  }

  /** Calls `release` when what has been added so far was sent, or is lost. */
  whenSent(release: () => void): void {
    this.#schedule();
    this.#releases.push(release);
  }

  /** Writes now what has been gathered. */
  readonly flush = (): void => {
    this.#scheduled = false;
    const frames = this.#frames;
    const gathered_bytes = this.#gathered_bytes;
    const release = this.#release();
    this.#frames = [];
    this.#gathered_bytes = 0;
    const socket = this.#socket;
    const [first] = frames;
    if (first === undefined || !socket.writable) release?.();
    else if (frames.length === 1) socket.write(first, release);
    else if (gathered_bytes <= MOST_JOINED_BYTES) socket.write(Buffer.concat(frames, gathered_bytes), release);
    else writeAll(socket, frames, release);
  };

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Behind all the promises of this turn, so that whatever they answer goes out together.
    atEndOfTurn(this.flush);
  }

  #release(): (() => void) | undefined {
    if (this.#releases.length === 0) return undefined;
    const releases = this.#releases;
    this.#releases = [];
    return () => {
      for (const release of releases) release();
    };
  }
}

function writeAll(socket: Socket, frames: readonly Buffer[], written: (() => void) | undefined): void {
  socket.cork();
  for (const [i, bytes] of frames.entries()) socket.write(bytes, i === frames.length - 1 ? written : undefined);
  socket.uncork();
}
