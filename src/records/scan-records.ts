import type { DecodedFields, KeyKind, LeadingFields } from '../keys/key-kind.ts';
import type { RangeOptions, Transaction } from '../kv/store.ts';
import { type MessageAt, type MessageKeyShape, recordFromValue } from './message-record.ts';

export interface ScannedRecord<Shape extends MessageKeyShape> {
  readonly fields: DecodedFields<Shape>;
  /** Read-only, as what `readRecord` returns. */
  readonly message: MessageAt<Shape>;
}

/**
 * The records of a kind whose keys begin with `leading`, in the order of their keys. For kinds whose values are not split.
 * A key in between that is not of the kind can't be asked for by anyone, and is passed over. Throws a MalformedValueError
 * at a value that is no message of the kind.
 */
export async function* scanRecords<Shape extends MessageKeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  leading: LeadingFields<Shape>,
  options?: RangeOptions,
): AsyncGenerator<ScannedRecord<Shape>> {
  const { begin, end } = kind.range(leading);
  for await (const page of txn.getRange(begin, end, options)) {
    for (const { key, value } of page) {
      const fields = kind.decode(key);
      if (fields !== undefined) yield { fields, message: recordFromValue(kind, Buffer.from(key), value) };
    }
  }
}
