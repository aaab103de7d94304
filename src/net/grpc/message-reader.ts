import type { ByteBudget } from '../byte-budget.ts';
import { Chunks } from '../chunks.ts';
import { GrpcCode, GrpcError } from './status.ts';

/** A flag and a length stand before each message. */
export const PREFIX_BYTES = 5;

const COMPRESSED = 1;

/** A message as it comes and goes. */
export interface Framed<Bytes extends Uint8Array = Buffer> {
  readonly compressed: boolean;
  readonly bytes: Bytes;
}

export interface MessageLimits {
  readonly max_body_bytes: number;
  /** What is held is taken from it; `free` gives it back. */
  readonly buffered: ByteBudget;
}

/** Cuts the bytes of a stream into messages. */
export class MessageReader {
  readonly #limits: MessageLimits;
  readonly #onMessage: (message: Framed) => void;
  #chunks = new Chunks();
  /** The prefix of the message that is on its way, once it is here. */
  #expected: Prefix | undefined;
  #held = 0;

  constructor(limits: MessageLimits, onMessage: (message: Framed) => void) {
    this.#limits = limits;
    this.#onMessage = onMessage;
  }

  /** Whether a message has come in part. */
  get isAmidMessage(): boolean {
    return this.#chunks.length > 0;
  }

  /** @throws {GrpcError} for a message that is too large or has no room, and for what is none. Nothing may be added after that. */
  add(chunk: Buffer): void {
    if (!this.#limits.buffered.take(chunk.length, this.#held)) throw noRoom();
    this.#held += chunk.length;
    this.#chunks.add(chunk);
    while (this.#takeMessage());
  }

  /** Gives back what the messages that have come took. To be called when they are no longer needed. */
  free(): void {
    this.#limits.buffered.giveBack(this.#held - this.#chunks.length);
    this.#held = this.#chunks.length;
  }

  /** Throws away what has come of a message that will not be read to its end. */
  stop(): void {
    this.#limits.buffered.giveBack(this.#chunks.length);
    this.#held -= this.#chunks.length;
    this.#chunks = new Chunks();
  }

  #takeMessage(): boolean {
    if (this.#chunks.length < PREFIX_BYTES) return false;
    this.#expected ??= this.#readPrefix();
    const end = PREFIX_BYTES + this.#expected.length;
    if (this.#chunks.length < end) return false;
    const all = this.#chunks.join();
    this.#chunks = new Chunks();
    if (all.length > end) this.#chunks.add(all.subarray(end));
    const { compressed } = this.#expected;
    this.#expected = undefined;
    this.#onMessage({ compressed, bytes: all.subarray(PREFIX_BYTES, end) });
    return this.#chunks.length > 0;
  }

  #readPrefix(): Prefix {
    const start = this.#chunks.join();
    this.#chunks = new Chunks();
    this.#chunks.add(start);
    const prefix = { compressed: start.readUInt8(0) === COMPRESSED, length: start.readUInt32BE(1) };
    if (start.readUInt8(0) > COMPRESSED)
      throw new GrpcError(GrpcCode.internal, 'a message begins with an unknown flag');
    if (prefix.length > this.#limits.max_body_bytes) throw tooLarge(this.#limits.max_body_bytes);
    return prefix;
  }
}

interface Prefix {
  readonly compressed: boolean;
  readonly length: number;
}

export function tooLarge(max_body_bytes: number): GrpcError {
  const message = `the request is larger than ${max_body_bytes} bytes, the limit set by brpc_max_body_size`;
  return new GrpcError(GrpcCode.resource_exhausted, message);
}

export function noRoom(): GrpcError {
  const message = 'the requests in flight hold as many bytes as max_buffered_bytes allows, try again later';
  return new GrpcError(GrpcCode.resource_exhausted, message);
}

/** A message up to this size is copied behind its prefix, to go out in one piece. */
const COPIED_BYTES = 64 * 1024;

/** A message with its prefix before it. */
export function framed({ compressed, bytes: message }: Framed<Uint8Array>): Buffer[] {
  const isCopied = message.length <= COPIED_BYTES;
  const bytes = Buffer.allocUnsafe(isCopied ? PREFIX_BYTES + message.length : PREFIX_BYTES);
  bytes.writeUInt8(compressed ? COMPRESSED : 0, 0);
  bytes.writeUInt32BE(message.length, 1);
  if (!isCopied) return [bytes, Buffer.from(message.buffer, message.byteOffset, message.byteLength)];
  bytes.set(message, PREFIX_BYTES);
  return [bytes];
}
