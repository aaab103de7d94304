import { type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { FieldsToEncode, KeyKind, KeyShape } from '../keys/key-kind.ts';
import { type ReadOptions, type Transaction, VERSIONSTAMP_BYTES } from '../kv/store.ts';
import { MalformedValueError } from './malformed-value.ts';

/** The shape of a key whose value is a message followed by the versionstamp of the commit that wrote it. */
export type StampedKeyShape = KeyShape & {
  readonly value: { readonly type: 'stamped message'; readonly schema: DescMessage };
};

export interface Stamped<M> {
  readonly message: M;
  /** Ten bytes. */
  readonly stamp: Uint8Array;
}

/** The message at a key and its stamp, or undefined when nothing is stored there. Throws a MalformedValueError. */
export async function readStampedRecord<Shape extends StampedKeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  fields: FieldsToEncode<Shape>,
  options?: ReadOptions,
): Promise<Stamped<MessageShape<Shape['value']['schema']>> | undefined> {
  const key = kind.encode(fields);
  const value = await txn.get(key, options);
  return value === undefined ? undefined : stampedFromValue(kind, key, value);
}

/** As `readStampedRecord`, for many keys of one kind, in their order. */
export async function readStampedRecords<Shape extends StampedKeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  fields: readonly FieldsToEncode<Shape>[],
  options?: ReadOptions,
): Promise<(Stamped<MessageShape<Shape['value']['schema']>> | undefined)[]> {
  const encoded = fields.map((each) => kind.encode(each));
  const values = await txn.getMany(encoded, options);
  return values.map((value, i) =>
    value === undefined ? undefined : stampedFromValue(kind, encoded[i] as Buffer, value),
  );
}

/** Stores a message that the commit will follow with its versionstamp. It can't be read again before the commit. */
export function writeStampedRecord<Shape extends StampedKeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  fields: FieldsToEncode<Shape>,
  message: MessageShape<Shape['value']['schema']>,
): void {
  const encoded = toBinary(kind.shape.value.schema, message);
  const value = Buffer.alloc(encoded.length + VERSIONSTAMP_BYTES);
  value.set(encoded);
  txn.setVersionstampedValue(kind.encode(fields), value, encoded.length);
}

/** Stores a message with a stamp that it had before. */
export function writeRecordWithStamp<Shape extends StampedKeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  fields: FieldsToEncode<Shape>,
  { message, stamp }: Stamped<MessageShape<Shape['value']['schema']>>,
): void {
  txn.set(kind.encode(fields), Buffer.concat([toBinary(kind.shape.value.schema, message), stamp]));
}

/** Takes a value that was read at `key` apart. Throws a MalformedValueError. */
export function stampedFromValue<Shape extends StampedKeyShape>(
  kind: KeyKind<string, Shape>,
  key: Uint8Array,
  value: Uint8Array,
): Stamped<MessageShape<Shape['value']['schema']>> {
  const length = value.length - VERSIONSTAMP_BYTES;
  if (length < 0) throw new MalformedValueError(kind.name, key);
  try {
    const schema: Shape['value']['schema'] = kind.shape.value.schema;
    return { message: fromBinary(schema, value.subarray(0, length)), stamp: value.slice(length) };
  } catch (cause) {
    throw new MalformedValueError(kind.name, key, { cause });
  }
}
