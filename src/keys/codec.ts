/**
 * The order-keeping codec of keys: comparing two encoded keys byte by byte gives the order of what they encode.
 *
 * Bytes are a tag, the bytes with each 0x00 escaped as `00 ff`, and the ending `00 01`. An int64 is a tag and the eight
 * bytes, big-endian, of its magnitude.
 *
 * Doris encodes the magnitude of a negative number as it is. So negative numbers come before all others, as they
 * should, but among themselves in falling order: -1 before -2. The lowest int64 has no positive counterpart and keeps
 * its own bits. Both are kept here, since stores written by Doris must stay readable.
 */

export const BYTES_TAG = 0x10;
export const NEGATIVE_INT64_TAG = 0x11;
export const INT64_TAG = 0x12;

/** Above every tag, so above whatever follows a prefix of whole parts. */
export const AFTER_ANY_TAG = 0xff;

const ESCAPE = 0x00;
const ESCAPED_ZERO = 0xff;
const BYTES_END = 0x01;

/** The length of an encoded int64. */
export const INT64_BYTES = 9;

/** An int64 field takes whole numbers of either type, and is read back as a bigint. */
export type Int64 = bigint | number;

/** Text is written as UTF-8; bytes are written as they are. */
export type Text = string | Uint8Array;

/** A part of a key as its bytes show it. `position` is where its tag stands in the key. */
export type KeyPart =
  | { readonly type: 'bytes'; readonly value: Buffer; readonly position: number }
  | { readonly type: 'int64'; readonly value: bigint; readonly position: number };

/** What was read from a key, or what is wrong with it. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string };

/** Short constants are copied by a loop: a call to `set` costs more. */
const LOOP_BYTES = 32;

/** Keys are cut from slabs of this size, as Node cuts small buffers from its pool. */
const SLAB_BYTES = 8192;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/**
 * Builds one key at a time, where it will stay: a finished key is a view of a slab that many keys share, so encoding
 * copies nothing and rarely allocates. Keys must therefore never be changed in place.
 * Not reentrant: `start`, the parts and `finish` of a key must follow each other without an await in between.
 */
export class KeyWriter {
  #buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #view = new DataView(this.#buffer.buffer);
  #start = 0;
  #length = 0;

  start(): void {
    this.#start = this.#length;
  }

  /** Appends bytes that are encoded already. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    if (bytes.length > LOOP_BYTES) {
      this.#buffer.set(bytes, this.#length);
      this.#length += bytes.length;
      return;
    }
    const buffer = this.#buffer;
    let at = this.#length;
    for (let i = 0; i < bytes.length; i++) buffer[at++] = bytes[i] as number;
    this.#length = at;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  text(value: Text): void {
    if (typeof value !== 'string') {
      this.#bytes(value);
      return;
    }
    // Twice the length for zeros that are escaped; text that is not ASCII goes another way before it needs more.
    this.#reserve(2 * value.length + 3);
    const buffer = this.#buffer;
    let at = this.#length;
    buffer[at++] = BYTES_TAG;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) {
        this.#bytes(Buffer.from(value, 'utf8'));
        return;
      }
      buffer[at++] = code;
      if (code === ESCAPE) buffer[at++] = ESCAPED_ZERO;
    }
    buffer[at++] = ESCAPE;
    buffer[at++] = BYTES_END;
    this.#length = at;
  }

  /** Throws a RangeError for what is no int64: only a programmer's error leads there. */
  int64(value: Int64): void {
    this.#reserve(INT64_BYTES);
    const at = this.#length;
    if (typeof value === 'number') this.#int64FromNumber(value, at);
    else this.#int64FromBigint(value, at);
    this.#length = at + INT64_BYTES;
  }

  finish(): Buffer {
    return this.#buffer.subarray(this.#start, this.#length);
  }

  #int64FromNumber(value: number, at: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError(`not a whole number that a key can hold: ${value}`);
    const magnitude = Math.abs(value);
    this.#buffer[at] = value < 0 ? NEGATIVE_INT64_TAG : INT64_TAG;
    this.#view.setUint32(at + 1, magnitude / 0x1_0000_0000);
    this.#view.setUint32(at + 5, magnitude >>> 0);
  }

  #int64FromBigint(value: bigint, at: number): void {
    if (value > INT64_MAX || value < INT64_MIN) throw new RangeError(`not an int64: ${value}`);
    this.#buffer[at] = value < 0n ? NEGATIVE_INT64_TAG : INT64_TAG;
    this.#view.setBigUint64(at + 1, value < 0n ? -value : value);
  }

  #bytes(value: Uint8Array): void {
    this.#reserve(2 * value.length + 3);
    const buffer = this.#buffer;
    let at = this.#length;
    buffer[at++] = BYTES_TAG;
    for (let i = 0; i < value.length; i++) {
      const byte = value[i] as number;
      buffer[at++] = byte;
      if (byte === ESCAPE) buffer[at++] = ESCAPED_ZERO;
    }
    buffer[at++] = ESCAPE;
    buffer[at++] = BYTES_END;
    this.#length = at;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const begun = this.#length - this.#start;
    const slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, 2 * (begun + bytes)));
    slab.set(this.#buffer.subarray(this.#start, this.#length));
    this.#buffer = slab;
    this.#view = new DataView(slab.buffer);
    this.#start = 0;
    this.#length = begun;
  }
}

/** Splits `key` into its parts, from the byte after the key space on. */
export function parseKeyParts(key: Uint8Array): Parsed<KeyPart[]> {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  const parts: KeyPart[] = [];
  let position = 1;
  while (position < bytes.length) {
    const tag = bytes[position];
    if (tag === BYTES_TAG) {
      const end = endOfBytes(bytes, position);
      if (end < 0) return { problem: `the bytes at ${position} have no end or a wrong escape` };
      parts.push({ type: 'bytes', value: unescapeBytes(bytes.subarray(position + 1, end - 2)), position });
      position = end;
    } else if (tag === INT64_TAG || tag === NEGATIVE_INT64_TAG) {
      if (position + INT64_BYTES > bytes.length) return { problem: `the number at ${position} is cut short` };
      parts.push({ type: 'int64', value: readInt64(bytes, position), position });
      position += INT64_BYTES;
    } else {
      return { problem: `unknown tag ${tag} at ${position}` };
    }
  }
  return { value: parts };
}

/** The number whose tag stands at `position`. The caller has made sure that the tag and the length are right. */
export function readInt64(bytes: Buffer, position: number): bigint {
  const magnitude = bytes.readBigUInt64BE(position + 1);
  return BigInt.asIntN(64, bytes[position] === NEGATIVE_INT64_TAG ? -magnitude : magnitude);
}

/** Where the bytes whose tag stands at `position` end, their ending included; negative if they don't. */
export function endOfBytes(bytes: Buffer, position: number): number {
  let at = position + 1;
  for (;;) {
    const zero = bytes.indexOf(ESCAPE, at);
    if (zero < 0) return -1;
    const mark = bytes[zero + 1];
    if (mark === BYTES_END) return zero + 2;
    if (mark !== ESCAPED_ZERO) return -1;
    at = zero + 2;
  }
}

/** What escaped bytes stand for; those without a zero are returned as they are, not copied. */
export function unescapeBytes(escaped: Buffer): Buffer {
  if (!escaped.includes(ESCAPE)) return escaped;
  const plain = Buffer.allocUnsafe(escaped.length);
  let length = 0;
  for (let i = 0; i < escaped.length; i++) {
    const byte = escaped[i] as number;
    plain[length++] = byte;
    if (byte === ESCAPE) i++;
  }
  return plain.subarray(0, length);
}
