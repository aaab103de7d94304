import type { FieldsToEncode, KeyKind, KeyRange } from '../keys/key-kind.ts';
import type { ReadOptions, Transaction } from '../kv/store.ts';
import { MalformedValueError } from './malformed-value.ts';
import { type MessageKeyShape, readRecordValue } from './message-record.ts';

/** A message that goes on as it is stored, and the few fields of it that are looked at. */
export interface EncodedRecord<Fields> {
  readonly value: Uint8Array;
  readonly fields: Fields;
}

/** Finds fields of an encoded message, as the functions do that `fieldScan` makes. */
type Scan<Fields> = (value: Uint8Array) => Fields;

/** The message at a key, not decoded, or undefined when nothing is stored there. Throws a MalformedValueError. */
export async function readEncodedRecord<Shape extends MessageKeyShape, Fields>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  fields: FieldsToEncode<Shape>,
  scan: Scan<Fields>,
  options?: ReadOptions,
): Promise<EncodedRecord<Fields> | undefined> {
  const value = await readRecordValue(txn, kind, fields, options);
  return value === undefined ? undefined : scanned(kind, kind.encode(fields), value, scan);
}

/**
 * The messages of a kind in a range of its keys, not decoded, in the order of the keys. For kinds whose values are not
 * split. Throws a MalformedValueError.
 */
export async function collectEncodedRecords<Shape extends MessageKeyShape, Fields>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  { begin, end }: KeyRange,
  scan: Scan<Fields>,
  options?: ReadOptions,
): Promise<EncodedRecord<Fields>[]> {
  const records: EncodedRecord<Fields>[] = [];
  for await (const page of txn.getRange(begin, end, options)) {
    for (const { key, value } of page) records.push(scanned(kind, key, value, scan));
  }
  return records;
}

function scanned<Fields>(
  kind: { readonly name: string },
  key: Uint8Array,
  value: Uint8Array,
  scan: Scan<Fields>,
): EncodedRecord<Fields> {
  try {
    return { value, fields: scan(value) };
  } catch (cause) {
    throw new MalformedValueError(kind.name, key, { cause });
  }
}
