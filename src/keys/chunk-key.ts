import { INT64_BYTES, INT64_TAG, KeyWriter, NEGATIVE_INT64_TAG } from './codec.ts';
import type { KeyRange, SplitShape } from './key-kind.ts';

/** Which chunk of a split value a key holds. */
export interface Chunk {
  /** How the value is written, as its kind says. */
  readonly version: number;
  /** From 0 on. */
  readonly number: number;
}

const INT64_MAX = 2n ** 63n - 1n;
const writer = new KeyWriter();

/** The key of a chunk: the value's key and an int64 of a byte that is the version, five zeros, and the chunk's number in two bytes. */
export function chunkKey(key: Uint8Array, split: SplitShape, chunk: number): Buffer {
  writer.start();
  writer.raw(key);
  writer.int64((BigInt(split.version) << 56n) + BigInt(chunk));
  return writer.finish();
}

/** The chunk that `suffix`, what follows a value's key, stands for; undefined when it is no such suffix. */
export function parseChunkSuffix(suffix: Buffer): Chunk | undefined {
  if (suffix.length !== INT64_BYTES || suffix[0] !== INT64_TAG) return undefined;
  const version = suffix.readUInt8(1);
  return version <= 0x7f && suffix[2] === 0 ? { version, number: suffix.readUIntBE(3, 6) } : undefined;
}

/** Where the parts of the value at `key` stand: at the key itself, as Doris wrote values before they had versions, and at the keys of chunks. */
export function splitRange(key: Uint8Array): KeyRange {
  writer.start();
  writer.raw(key);
  writer.int64(INT64_MAX);
  return { begin: Buffer.from(key.buffer, key.byteOffset, key.byteLength), end: writer.finish() };
}

/** Whether a number follows `key` in `longer`, or nothing does: then `longer` may hold a part of the value at `key`. */
export function isNumberedAfter(key: Uint8Array, longer: Uint8Array): boolean {
  if (longer.length === key.length) return true;
  const tag = longer[key.length];
  return longer.length >= key.length + INT64_BYTES && (tag === INT64_TAG || tag === NEGATIVE_INT64_TAG);
}
