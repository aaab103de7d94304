import { type DescMessage, fromBinary } from '@bufbuild/protobuf';
import type { KeyKind } from '../keys/key-kind.ts';
import { RECEIPT_BYTES } from '../kv/receipts.ts';
import { VERSIONSTAMP_BYTES } from '../kv/store.ts';
import { decodeVersionstamp } from '../kv/versionstamp.ts';
import { ChangeList } from '../records/change-list.ts';
import { counterFromValue } from '../records/counter.ts';
import { MalformedValueError } from '../records/malformed-value.ts';
import { HIGHEST_CREDIBLE_VERSION } from '../records/txn-id.ts';
import { missingRequired } from '../schema/check-required.ts';
import { unknownFields } from '../schema/unknown-fields.ts';
import type { Problem } from './findings.ts';

/** What is wrong with a whole value, put together from its chunks where it is split. */
export function problemsOfValue(kind: KeyKind, key: Buffer, value: Uint8Array): readonly Problem[] {
  const { value: shape } = kind.shape;
  switch (shape.type) {
    case 'message':
      return problemsOfMessage(shape.schema, value);
    case 'stamped message':
      return problemsOfStamped(shape.schema, value);
    case 'counter':
      return counterFromValue(value) === undefined ? [damaged('is no counter of eight bytes')] : [];
    case 'receipt':
      return value.length === RECEIPT_BYTES ? [] : [damaged(`is no receipt of ${RECEIPT_BYTES} bytes`)];
    case 'change list':
      return isChangeList(kind, key, value) ? [] : [damaged('is no list of changes')];
    case 'bytes':
      return value.length === 0 ? [damaged('is empty')] : [];
  }
}

function problemsOfMessage(schema: DescMessage, value: Uint8Array): readonly Problem[] {
  let message: ReturnType<typeof fromBinary>;
  try {
    message = fromBinary(schema, value);
  } catch {
    // What the decoder says may quote the value.
    return [damaged(`is no ${schema.name}`)];
  }
  const missing = missingRequired(schema, message);
  const unknown = [...unknownFields(schema, message)].map(
    (path): Problem => ({ severity: 'unknown', what: `has the field ${path}, which ${schema.name} has not` }),
  );
  if (missing === undefined) return unknown;
  return [damaged(`lacks ${missing.replace(/\[\d+\]/g, '[]')}, which ${schema.name} requires`), ...unknown];
}

function problemsOfStamped(schema: DescMessage, value: Uint8Array): readonly Problem[] {
  const length = value.length - VERSIONSTAMP_BYTES;
  if (length < 0) return [damaged('is too short for a versionstamp')];
  const { version } = decodeVersionstamp(value.subarray(length));
  const problems = problemsOfMessage(schema, value.subarray(0, length));
  return version <= HIGHEST_CREDIBLE_VERSION
    ? problems
    : [...problems, damaged('ends with an impossible versionstamp')];
}

function isChangeList(kind: KeyKind, key: Buffer, value: Uint8Array): boolean {
  try {
    // No change has this stamp, so the list is read to its end.
    new ChangeList(kind.name, key, value).since(NO_STAMP);
    return true;
  } catch (error) {
    if (error instanceof MalformedValueError) return false;
    throw error;
  }
}

const NO_STAMP = new Uint8Array(0);

/** A problem for which nobody can read the value. */
export function damaged(what: string): Problem {
  return { severity: 'damaged', what };
}
