import { parseChunkSuffix, splitRange } from '../keys/chunk-key.ts';
import type { DecodedFields, FieldsToEncode, KeyKind, KeyRange, KeyShape, SplitShape } from '../keys/key-kind.ts';
import type { ReadOptions, Transaction } from '../kv/store.ts';
import { MalformedValueError } from './malformed-value.ts';
import { CHUNK_BYTES, readSplitValue, writeSplitValue } from './split-value.ts';

/** The shape of a key whose value is bytes that mean nothing here, split over several keys. */
export type BytesKeyShape = KeyShape & { readonly value: { readonly type: 'bytes'; readonly split: SplitShape } };

export interface ScannedBytes<Shape extends BytesKeyShape> {
  readonly fields: DecodedFields<Shape>;
  /** Whole, put together from its chunks. */
  readonly value: Buffer;
}

/** The bytes at a key, or undefined when nothing is stored there. */
export async function readBytes<Shape extends BytesKeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  fields: FieldsToEncode<Shape>,
  options?: ReadOptions,
): Promise<Buffer | undefined> {
  return readSplitValue(txn, kind.encode(fields), options);
}

/** Stores bytes at a key, in place of what is there. Nothing is stored for no bytes. */
export function writeBytes<Shape extends BytesKeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  fields: FieldsToEncode<Shape>,
  value: Uint8Array,
): void {
  writeSplitValue(txn, kind.encode(fields), kind.shape.value.split, value);
}

/** How much of a transaction's size `writeBytes` takes, in bytes. */
export function sizeOfWriteBytes<Shape extends BytesKeyShape>(
  kind: KeyKind<string, Shape>,
  fields: FieldsToEncode<Shape>,
  value: Uint8Array,
): number {
  const { begin, end } = splitRange(kind.encode(fields));
  // The range of an older value's chunks is cleared; the key of a chunk is as long as the end of that range.
  return begin.length + end.length + Math.ceil(value.length / CHUNK_BYTES) * end.length + value.length;
}

/**
 * The values of a kind in a range of keys, in their order. The range must not end between the chunks of a value.
 * Throws a MalformedValueError at a key that is not of the kind.
 */
export async function* scanBytes<Shape extends BytesKeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  { begin, end }: KeyRange,
  options?: ReadOptions,
): AsyncGenerator<ScannedBytes<Shape>> {
  let current: { key: Buffer; fields: DecodedFields<Shape>; chunks: Uint8Array[] } | undefined;
  for await (const page of txn.getRange(begin, end, options)) {
    for (const pair of page) {
      const { key, fields } = placeOf(kind, pair.key);
      if (current?.key.equals(key)) {
        current.chunks.push(pair.value);
      } else {
        if (current) yield { fields: current.fields, value: Buffer.concat(current.chunks) };
        current = { key, fields, chunks: [pair.value] };
      }
    }
  }
  if (current) yield { fields: current.fields, value: Buffer.concat(current.chunks) };
}

/** The value that a key of it or of one of its chunks belongs to. */
function placeOf<Shape extends BytesKeyShape>(
  kind: KeyKind<string, Shape>,
  key: Uint8Array,
): { key: Buffer; fields: DecodedFields<Shape> } {
  const read = kind.read(key);
  if (read === undefined || (read.rest.length > 0 && parseChunkSuffix(read.rest) === undefined)) {
    throw new MalformedValueError(kind.name, key);
  }
  return { key: Buffer.from(key.subarray(0, key.length - read.rest.length)), fields: read.fields };
}
