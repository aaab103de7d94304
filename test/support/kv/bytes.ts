/** The bytes of a text with one character per byte. */
export function bytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** The text of bytes, one character per byte; what is absent stays so. */
export function text(value: Uint8Array): string;
export function text(value: Uint8Array | undefined): string | undefined;
export function text(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : Buffer.from(value).toString('latin1');
}

/** A 64-bit little-endian number. */
export function counter(value: bigint): Uint8Array {
  const encoded = Buffer.alloc(8);
  encoded.writeBigUInt64LE(BigInt.asUintN(64, value));
  return encoded;
}

/** Above every key that begins with an ASCII character. */
export const END = bytes('\xff');
export const BEGIN = bytes('');
