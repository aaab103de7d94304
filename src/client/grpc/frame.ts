import { Failure } from '../failure.ts';

/** What stands before a message on the wire: a byte that says whether it is compressed, and its length in four. */
const PREFIX_BYTES = 5;

/** A message as a stream carries it. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  framed.writeUInt8(0, 0);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

/** Puts together the one message that a stream brings. */
export class FrameReader {
  readonly #max_bytes: number;
  readonly #parts: Buffer[] = [];
  #length = 0;

  constructor(max_bytes: number) {
    this.#max_bytes = max_bytes;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** @throws {Failure} when it can't become one message of an allowed size. */
  add(part: Buffer): void {
    this.#parts.push(part);
    this.#length += part.length;
    if (this.#length >= PREFIX_BYTES) this.#check();
  }

  /** @throws {Failure} when the message is not whole. */
  message(): Buffer {
    const whole = Buffer.concat(this.#parts, this.#length);
    if (whole.length < PREFIX_BYTES) throw wrong('the stream ended without a message');
    if (whole.length < this.#whole()) throw wrong('the stream ended within its message');
    return whole.subarray(PREFIX_BYTES);
  }

  #check(): void {
    const announced = this.#whole();
    if (announced > this.#max_bytes + PREFIX_BYTES) {
      throw wrong(`the answer is larger than max_message_bytes, ${this.#max_bytes}`);
    }
    if (this.#length > announced) throw wrong('the stream brought more than one message');
  }

  /** How long the message is, with its prefix. */
  #whole(): number {
    // The prefix may come in pieces, which are too few to be worth a care.
    if ((this.#parts[0]?.length ?? 0) < PREFIX_BYTES) this.#parts.splice(0, Infinity, Buffer.concat(this.#parts));
    const [first = Buffer.alloc(PREFIX_BYTES)] = this.#parts;
    if (first.readUInt8(0) !== 0) throw wrong('the message is compressed, which nobody asked for');
    return first.readUInt32BE(1) + PREFIX_BYTES;
  }
}

function wrong(message: string): Failure {
  return new Failure('protocol', message, { maybe_executed: true });
}
