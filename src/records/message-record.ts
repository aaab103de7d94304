import { type DescMessage, fromBinary, type Message, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { type Awaitable, whenThere } from '../awaitable.ts';
import type { FieldsToEncode, KeyKind, KeyShape } from '../keys/key-kind.ts';
import { keys } from '../keys/key-table.ts';
import type { ReadOptions, Transaction } from '../kv/store.ts';
import { DecodeMemo } from './decode-memo.ts';
import { deepFreeze } from './deep-freeze.ts';
import { MalformedValueError } from './malformed-value.ts';
import { readSplitValue, removeSplitValue, splitValueExists, writeSplitValue } from './split-value.ts';

/** The shape of a key whose value is a protobuf message. */
export type MessageKeyShape = KeyShape & { readonly value: { readonly type: 'message'; readonly schema: DescMessage } };

/** The message that is stored at keys of a shape. */
export type MessageAt<Shape extends MessageKeyShape> = MessageShape<Shape['value']['schema']>;

export interface RecordOptions extends ReadOptions {
  /** Give the caller a message of its own, to change. Otherwise it may share one with others, which can't be changed. */
  readonly editable?: boolean;
}

/** Kinds that most calls read and few change. */
const REMEMBERED: ReadonlySet<string> = new Set([
  keys.instance.name,
  keys.storageVault.name,
  keys.metaTabletIndex.name,
  keys.metaSchema.name,
  keys.metaSchemaDictionary.name,
  keys.systemRamUser.name,
  keys.systemEncryptionKeys.name,
]);

const memo = new DecodeMemo<Message>({ entries: 20_000, value_bytes: 8 * 1024 * 1024 });

/**
 * The message at a key, or undefined when nothing is stored there.
 *
 * What is read without `editable` is read-only: it may be the same object for every caller as long as the stored bytes
 * are the same, and such an object is frozen. Throws a MalformedValueError when the bytes are no such message.
 */
export function readRecord<Shape extends MessageKeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  fields: FieldsToEncode<Shape>,
  options?: RecordOptions,
): Awaitable<MessageAt<Shape> | undefined> {
  const key = kind.encode(fields);
  return whenThere(readValue(txn, kind, key, options), (value) =>
    value === undefined ? undefined : recordFromValue(kind, key, value, options),
  );
}

/** The bytes of the message at a key, to be passed on as they are, or undefined when nothing is stored there. */
export function readRecordValue<Shape extends MessageKeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  fields: FieldsToEncode<Shape>,
  options?: ReadOptions,
): Awaitable<Uint8Array | undefined> {
  return readValue(txn, kind, kind.encode(fields), options);
}

function readValue<Shape extends MessageKeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  key: Buffer,
  options?: ReadOptions,
): Awaitable<Uint8Array | undefined> {
  return kind.shape.value.split === undefined ? txn.get(key, options) : readSplitValue(txn, key, options);
}

/** As `readRecord`, for many keys of one kind whose values are not split, in their order. */
export function readRecords<Shape extends MessageKeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  fields: readonly FieldsToEncode<Shape>[],
  options?: RecordOptions,
): Awaitable<(MessageAt<Shape> | undefined)[]> {
  const encoded = fields.map((each) => kind.encode(each));
  return whenThere(txn.getMany(encoded, options), (values) =>
    values.map((value, i) =>
      value === undefined ? undefined : recordFromValue(kind, encoded[i] as Buffer, value, options),
    ),
  );
}

/** Whether something is stored at a key. */
export async function recordExists<Shape extends MessageKeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  fields: FieldsToEncode<Shape>,
  options?: ReadOptions,
): Promise<boolean> {
  const key = kind.encode(fields);
  if (kind.shape.value.split !== undefined) return splitValueExists(txn, key, options);
  return (await txn.get(key, options)) !== undefined;
}

/** As `recordExists`, for many keys of one kind whose values are not split, in their order. */
export async function recordsExist<Shape extends MessageKeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  fields: readonly FieldsToEncode<Shape>[],
  options?: ReadOptions,
): Promise<boolean[]> {
  const values = await txn.getMany(
    fields.map((each) => kind.encode(each)),
    options,
  );
  return values.map((value) => value !== undefined);
}

/** Stores a message at a key, in place of what is there. */
export function writeRecord<Shape extends MessageKeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  fields: FieldsToEncode<Shape>,
  message: MessageAt<Shape>,
): void {
  writeRecordValue(txn, kind, fields, toBinary(kind.shape.value.schema, message));
}

/** Stores a message that is encoded already. */
export function writeRecordValue<Shape extends MessageKeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  fields: FieldsToEncode<Shape>,
  value: Uint8Array,
): void {
  const key = kind.encode(fields);
  const { split } = kind.shape.value;
  if (split === undefined) txn.set(key, value);
  else writeSplitValue(txn, key, split, value);
}

/** Removes what is stored at a key, if anything is. */
export function removeRecord<Shape extends KeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  fields: FieldsToEncode<Shape>,
): void {
  const key = kind.encode(fields);
  if ('split' in kind.shape.value && kind.shape.value.split !== undefined) removeSplitValue(txn, key);
  else txn.clear(key);
}

/** Decodes a whole value that was read at `key`, say in a range. Throws a MalformedValueError when it is no such message. */
export function recordFromValue<Shape extends MessageKeyShape>(
  kind: KeyKind<string, Shape>,
  key: Buffer,
  value: Uint8Array,
  options?: Pick<RecordOptions, 'editable'>,
): MessageAt<Shape> {
  if (options?.editable === true || !REMEMBERED.has(kind.name)) return decode(kind, key, value);
  return memo.get(key, value, (bytes) => deepFreeze(decode(kind, key, bytes))) as MessageAt<Shape>;
}

function decode<Shape extends MessageKeyShape>(
  kind: KeyKind<string, Shape>,
  key: Uint8Array,
  value: Uint8Array,
): MessageAt<Shape> {
  try {
    return fromBinary(kind.shape.value.schema as Shape['value']['schema'], value);
  } catch (cause) {
    throw new MalformedValueError(kind.name, key, { cause });
  }
}
