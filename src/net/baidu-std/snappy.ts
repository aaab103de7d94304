/** Bytes that are not a block of Snappy. */
export class SnappyError extends Error {
  override readonly name = 'SnappyError';
}

/** How many bytes a block says that it becomes. @throws {SnappyError} */
export function snappyLength(block: Buffer): number {
  return new BlockReader(block).announced();
}

/**
 * Decompresses a block of Snappy. It is a small format and a small reader: the package of plain JavaScript that there is
 * checks neither that a block becomes what it announces, nor that it ever ends.
 *
 * @throws {SnappyError} for what is no block, announces more than `most_bytes`, or becomes other than it announces.
 */
export function decodeSnappy(block: Buffer, most_bytes: number): Buffer {
  const reader = new BlockReader(block);
  const announced = reader.announced();
  if (announced > most_bytes) throw new SnappyError(`the block becomes ${announced} bytes, ${most_bytes} are the most`);
  const output = Buffer.allocUnsafe(announced);
  let length = 0;
  while (!reader.isAtEnd) {
    const element = reader.element();
    if (element.length > output.length - length) throw new SnappyError('the block becomes more than it announces');
    if (element.offset === LITERAL) reader.copyTo(output, length, element.length);
    else repeat(output, length, element);
    length += element.length;
  }
  if (length < output.length) throw new SnappyError('the block becomes less than it announces');
  return output;
}

/** What stands for a number of bytes: they follow, or repeat those that lie `offset` before them. */
interface Element {
  readonly length: number;
  readonly offset: number;
}

/** In place of an offset. */
const LITERAL = 0;

/** Copies one by one, since the bytes of a copy may repeat some of its own. No copy is longer than 64 bytes. */
function repeat(output: Buffer, at: number, { length, offset }: Element): void {
  if (offset > at) throw new SnappyError('a copy begins before the block');
  for (let to = at; to < at + length; to++) output[to] = output[to - offset] as number;
}

const VARINT_BITS = 7;
const MORE_BYTES = 0x80;
const MOST_LENGTH_BYTES = 5;
const MOST_LENGTH = 0xffff_ffff;

/** The lower two bits of an element's first byte say its kind; this is what the upper six mean. */
const KIND_BITS = 2;
const KIND_MASK = 3;
/** Of a literal: its length, less one, or 59 and in how many bytes its length follows. */
const LONGEST_SHORT_LITERAL = 60;
/** Of a copy with an offset of eleven bits: three bits of its length, less four, and the upper three of its offset. */
const SHORT_COPY_LENGTH_MASK = 7;
const SHORTEST_COPY = 4;
const SHORT_COPY_OFFSET_SHIFT = 3;
const BYTE_BITS = 8;

class BlockReader {
  readonly #block: Buffer;
  #at = 0;

  constructor(block: Buffer) {
    this.#block = block;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#block.length;
  }

  /** The length at the beginning of the block. */
  announced(): number {
    let length = 0;
    for (let bytes = 0; bytes < MOST_LENGTH_BYTES; bytes++) {
      const byte = this.#number(1);
      length += (byte & (MORE_BYTES - 1)) * 2 ** (bytes * VARINT_BITS);
      if (byte < MORE_BYTES && length <= MOST_LENGTH) return length;
    }
    throw new SnappyError('the block announces no length');
  }

  /** The next element, without the bytes of a literal. */
  element(): Element {
    const first = this.#number(1);
    const kind = first & KIND_MASK;
    const rest = first >>> KIND_BITS;
    if (kind === 0) {
      const behind = rest + 1 - LONGEST_SHORT_LITERAL;
      return { length: (behind > 0 ? this.#number(behind) : rest) + 1, offset: LITERAL };
    }
    if (kind === 1) {
      const upper = rest >>> SHORT_COPY_OFFSET_SHIFT;
      const offset = (upper << BYTE_BITS) | this.#number(1);
      return copy((rest & SHORT_COPY_LENGTH_MASK) + SHORTEST_COPY, offset);
    }
    return copy(rest + 1, this.#number(kind === 2 ? 2 : 4));
  }

  /** Copies the next bytes into `output`. */
  copyTo(output: Buffer, at: number, length: number): void {
    this.#mustHave(length);
    this.#block.copy(output, at, this.#at, this.#at + length);
    this.#at += length;
  }

  #number(bytes: number): number {
    this.#mustHave(bytes);
    const number = this.#block.readUIntLE(this.#at, bytes);
    this.#at += bytes;
    return number;
  }

  #mustHave(bytes: number): void {
    if (bytes > this.#block.length - this.#at) throw new SnappyError('the block ends within an element');
  }
}

function copy(length: number, offset: number): Element {
  if (offset === LITERAL) throw new SnappyError('a copy repeats itself');
  return { length, offset };
}
