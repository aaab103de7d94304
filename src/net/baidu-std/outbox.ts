import type { Socket } from 'node:net';

/** Up to this many bytes, answers are put together into one buffer. Beyond, they are handed to the system as they are. */
const MOST_JOINED_BYTES = 64 * 1024;

/** Gathers the answers of one connection, and writes those of one turn of the event loop in one go. */
export class Outbox {
  readonly #socket: Socket;
  #frames: Buffer[] = [];
  #gathered_bytes = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** The bytes that the peer has not taken yet. */
  get unsent_bytes(): number {
    return this.#gathered_bytes + this.#socket.writableLength;
  }

  add(bytes: Buffer): void {
    // Behind all the promises of this turn, so that whatever they answer goes out together.
    if (this.#frames.length === 0) process.nextTick(this.flush);
    this.#frames.push(bytes);
    this.#gathered_bytes += bytes.length;
  }

  /** Writes now what has been gathered. */
  readonly flush = (): void => {
    const frames = this.#frames;
    const [first] = frames;
    if (first === undefined) return;
    const gathered_bytes = this.#gathered_bytes;
    this.#frames = [];
    this.#gathered_bytes = 0;
    const socket = this.#socket;
    if (!socket.writable) return;
    if (frames.length === 1) socket.write(first);
    else if (gathered_bytes <= MOST_JOINED_BYTES) socket.write(Buffer.concat(frames, gathered_bytes));
    else writeAll(socket, frames);
  };
}

function writeAll(socket: Socket, frames: readonly Buffer[]): void {
  socket.cork();
  for (const bytes of frames) socket.write(bytes);
  socket.uncork();
}
