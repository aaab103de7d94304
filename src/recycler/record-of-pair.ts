import type { DecodedFields, KeyKind } from '../keys/key-kind.ts';
import type { KeyValue } from '../kv/store.ts';
import { MalformedValueError } from '../records/malformed-value.ts';
import { type MessageAt, type MessageKeyShape, recordFromValue } from '../records/message-record.ts';
import { noteFailure } from './note-failure.ts';
import type { SweepContext } from './sweep.ts';

/** A record that a sweep has found, as it was then. */
export interface FoundRecord<Shape extends MessageKeyShape> {
  readonly pair: KeyValue;
  readonly fields: DecodedFields<Shape>;
  readonly record: MessageAt<Shape>;
}

/** The records of a page of pairs. What is none of the kind is noted as failed, and left where it is. */
export function recordsOfPage<Shape extends MessageKeyShape>(
  context: SweepContext,
  kind: KeyKind<string, Shape>,
  page: readonly KeyValue[],
): FoundRecord<Shape>[] {
  return page.flatMap((pair) => {
    try {
      const fields = kind.decode(pair.key);
      if (fields === undefined) throw new MalformedValueError(kind.name, pair.key);
      return [{ pair, fields, record: recordFromValue(kind, Buffer.from(pair.key), pair.value) }];
    } catch (error) {
      noteFailure(context, hexOf(pair), error);
      return [];
    }
  });
}

/** The key of a pair as plans and failures name it. */
export function hexOf({ key }: Pick<KeyValue, 'key'>): string {
  return Buffer.from(key).toString('hex');
}

/** Whether a value is there and is still the one that was read. */
export function isUnchanged({ value }: KeyValue, now: Uint8Array | undefined): boolean {
  return now !== undefined && Buffer.compare(now, value) === 0;
}
