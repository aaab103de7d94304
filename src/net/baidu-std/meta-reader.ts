/** How the value of a field is encoded, as protobuf numbers it. */
export const WireType = { Varint: 0, Fixed64: 1, Delimited: 2, GroupStart: 3, GroupEnd: 4, Fixed32: 5 } as const;

const WIRE_TYPE_BITS = 3;
const WIRE_TYPE_MASK = 7;
const MORE_BYTES = 0x80;
const VARINT_BITS = 7;
const MOST_VARINT_BYTES = 10;
const FIXED64_BYTES = 8;
const FIXED32_BYTES = 4;
/** As deep as readers of protobuf go. */
const DEEPEST_GROUPS = 100;

/** Bytes that are no meta of a call. */
export class MalformedMetaError extends Error {
  override readonly name = 'MalformedMetaError';
}

/** A field's number and wire type, as they stand before its value. */
export function tagOf(field: number, wireType: number): number {
  return (field << WIRE_TYPE_BITS) | wireType;
}

/** Reads fields in protobuf's binary form. All of its methods throw a MalformedMetaError where the bytes are none. */
export class MetaReader {
  readonly #bytes: Buffer;
  #at = 0;
  #end: number;
  /** The upper 32 bits of the varint that was read last. */
  high = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  /** Whether the message that is being read is at its end. */
  get isAtEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** Number and wire type of the next field. */
  tag(): number {
    const tag = this.varint();
    if (tag >>> WIRE_TYPE_BITS === 0 || this.high !== 0) throw new MalformedMetaError('a field has no number');
    return tag;
  }

  /** The lower 32 bits of a varint, unsigned; the upper ones are in `high` then. */
  varint(): number {
    this.high = 0;
    const first = this.#byte();
    if (first < MORE_BYTES) return first;
    let low = first & ~MORE_BYTES;
    let high = 0;
    for (let bytes = 1; bytes < MOST_VARINT_BYTES; bytes++) {
      const byte = this.#byte();
      const bits = byte & ~MORE_BYTES;
      const shift = bytes * VARINT_BITS;
      if (shift < 32) low |= bits << shift;
      // The fifth byte has bits of both halves.
      if (shift >= 32) high |= bits << (shift - 32);
      else if (shift > 32 - VARINT_BITS) high |= bits >>> (32 - shift);
      if (byte < MORE_BYTES) {
        this.high = high >>> 0;
        return low >>> 0;
      }
    }
    throw new MalformedMetaError('a number has no end');
  }

  /** A number of 32 bits, with its sign. */
  int32(): number {
    return this.varint() | 0;
  }

  text(): string {
    const length = this.#length();
    const from = this.#at;
    this.#at += length;
    return this.#bytes.toString('utf8', from, this.#at);
  }

  /** Enters a message: from now on, the end is its end. Returns what `leave` takes. */
  enter(): number {
    const length = this.#length();
    const outer = this.#end;
    this.#end = this.#at + length;
    return outer;
  }

  /** Back in the message around it. */
  leave(outer: number): void {
    this.#end = outer;
  }

  /** Passes over the value of a field whose tag was read. */
  skip(tag: number): void {
    switch (tag & WIRE_TYPE_MASK) {
      case WireType.Varint:
        this.varint();
        break;
      case WireType.Fixed64:
        this.#pass(FIXED64_BYTES);
        break;
      case WireType.Delimited:
        this.#pass(this.#length());
        break;
      case WireType.Fixed32:
        this.#pass(FIXED32_BYTES);
        break;
      case WireType.GroupStart:
        this.#skipGroup(tag);
        break;
      default:
        throw new MalformedMetaError('a field has no type');
    }
  }

  #skipGroup(start: number): void {
    const open = [start >>> WIRE_TYPE_BITS];
    while (open.length > 0) {
      const tag = this.tag();
      const wireType = tag & WIRE_TYPE_MASK;
      if (wireType === WireType.GroupStart) open.push(tag >>> WIRE_TYPE_BITS);
      else if (wireType !== WireType.GroupEnd) this.skip(tag);
      else if (open.pop() !== tag >>> WIRE_TYPE_BITS) throw new MalformedMetaError('a group ends that has not begun');
      if (open.length > DEEPEST_GROUPS) throw new MalformedMetaError('groups are nested too deep');
    }
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new MalformedMetaError('it ends within a field');
    return this.#bytes[this.#at++] as number;
  }

  #length(): number {
    const length = this.varint();
    if (this.high !== 0 || length > this.#end - this.#at)
      throw new MalformedMetaError('a field is longer than its message');
    return length;
  }

  #pass(bytes: number): void {
    if (bytes > this.#end - this.#at) throw new MalformedMetaError('it ends within a field');
    this.#at += bytes;
  }
}
