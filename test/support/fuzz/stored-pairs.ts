import { createHash } from 'node:crypto';
import { type DescMessage, toBinary } from '@bufbuild/protobuf';
import type { KeyKind } from '../../../src/keys/key-kind.ts';
import { keys } from '../../../src/keys/key-table.ts';
import type { KeyValue, Store } from '../../../src/kv/store.ts';
import { keepMatchingFields } from '../../../src/records/matching-fields.ts';
import { type MessageKeyShape, recordFromValue } from '../../../src/records/message-record.ts';
import { holdsPlanted } from './secrets.ts';

const ALL = { begin: Uint8Array.of(0), end: Uint8Array.of(0xff) };

export async function versionOf(store: Store): Promise<bigint> {
  const txn = store.begin();
  try {
    return await txn.readVersion();
  } finally {
    txn.cancel();
  }
}

export async function storedPairs(store: Store): Promise<KeyValue[]> {
  const txn = store.begin();
  try {
    const pairs: KeyValue[] = [];
    for await (const page of txn.getRange(ALL.begin, ALL.end, { snapshot: true })) pairs.push(...page);
    return pairs;
  } finally {
    txn.cancel();
  }
}

export async function hashOfPairs(store: Store): Promise<string> {
  const hash = createHash('sha256');
  for (const { key, value } of await storedPairs(store)) {
    hash.update(`${key.length}:${value.length}:`).update(key).update(value);
  }
  return hash.digest('hex');
}

/** What is wrong with what is stored: pairs that nobody can read any more, and secrets in the clear. */
export async function storedProblems(store: Store): Promise<string[]> {
  return (await storedPairs(store)).flatMap(problemOf);
}

function problemOf({ key, value }: KeyValue): string[] {
  const hex = Buffer.from(key).toString('hex');
  const kind = Object.values(keys).find((candidate) => candidate.decode(key) !== undefined);
  if (!kind) return [`key of no kind: ${hex}`];
  if (kind.shape.value.type !== 'message') return [];
  try {
    const schema: DescMessage = kind.shape.value.schema;
    if (!keepMatchingFields(schema, value).whole) return [`${kind.name} value with other fields: ${hex}`];
    const message = recordFromValue(kind as unknown as KeyKind<string, MessageKeyShape>, Buffer.from(key), value);
    toBinary(schema, message);
    return hasPlainSecretKey(message) ? [`${kind.name} value with a secret in the clear: ${hex}`] : [];
  } catch (error) {
    return [`unreadable ${kind.name} value: ${hex}: ${String(error)}`];
  }
}

/** Whether a secret key is stored in the clear. The settings of HDFS are stored as they are given. */
function hasPlainSecretKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, inner]) =>
    name === 'sk' ? holdsPlanted(String(inner)) : hasPlainSecretKey(inner),
  );
}
