/**
 * Keys inside the engines are strings with one character (0 to 255) per byte. JavaScript compares such strings exactly
 * as the bytes would be compared, and they serve as keys of a Map, which byte arrays don't.
 */
export type KeyText = string;

/** The text of a key: one character per byte. */
export function keyText(key: Uint8Array): KeyText {
  return Buffer.prototype.latin1Slice.call(key, 0, key.length);
}

/** The bytes of a key's text. */
export function keyBytes(text: KeyText): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** The first key after `key`. */
export function keyAfter(key: KeyText): KeyText {
  return `${key}\0`;
}

/** Whether both are absent or both have the same bytes. */
export function sameBytes(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  if (left === undefined || right === undefined) {
    return left === right;
  }
  return left.length === right.length && Buffer.compare(left, right) === 0;
}
