import { type Awaitable, whenThere } from '../awaitable.ts';
import type { FieldsToEncode, KeyKind, KeyShape } from '../keys/key-kind.ts';
import type { ReadOptions, Transaction } from '../kv/store.ts';
import { MalformedValueError } from './malformed-value.ts';

/** The shape of a key whose value is a 64-bit little-endian number. */
export type CounterKeyShape = KeyShape & { readonly value: { readonly type: 'counter' } };

const COUNTER_BYTES = 8;

/** The number at a key, or undefined when there is none. Throws a MalformedValueError when the value isn't eight bytes. */
export async function readCounter<Shape extends CounterKeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  fields: FieldsToEncode<Shape>,
  options?: ReadOptions,
): Promise<bigint | undefined> {
  const key = kind.encode(fields);
  const value = await txn.get(key, options);
  if (value === undefined) return undefined;
  return counterFromValue(value) ?? malformed(kind.name, key);
}

/** As `readCounter`, for many keys of one kind, in their order. */
export function readCounters<Shape extends CounterKeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  fields: readonly FieldsToEncode<Shape>[],
  options?: ReadOptions,
): Awaitable<(bigint | undefined)[]> {
  const encoded = fields.map((each) => kind.encode(each));
  return whenThere(txn.getMany(encoded, options), (values) =>
    values.map((value, i) =>
      value === undefined ? undefined : (counterFromValue(value) ?? malformed(kind.name, encoded[i] as Buffer)),
    ),
  );
}

/** Adds to the number at a key, which counts as 0 when absent. Reads nothing: additions at the same time don't conflict. */
export function addToCounter<Shape extends CounterKeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  fields: FieldsToEncode<Shape>,
  delta: bigint,
): void {
  txn.add(kind.encode(fields), delta);
}

/** The number that eight bytes stand for; undefined for any other length. */
export function counterFromValue(value: Uint8Array): bigint | undefined {
  if (value.length !== COUNTER_BYTES) return undefined;
  return new DataView(value.buffer, value.byteOffset, COUNTER_BYTES).getBigInt64(0, true);
}

function malformed(kind: string, key: Uint8Array): never {
  throw new MalformedValueError(kind, key);
}
