import { createHash } from 'node:crypto';
import { type DescMessage, toBinary } from '@bufbuild/protobuf';
import { parseChunkSuffix } from '../../../src/keys/chunk-key.ts';
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
  return problemsOfPairs(await storedPairs(store));
}

/** As `storedProblems`, for some pairs, of a split value with all of its chunks. */
export function problemsOfPairs(pairs: readonly KeyValue[]): string[] {
  const problems: string[] = [];
  const wholes = new Map<string, { readonly kind: AnyKind; readonly chunks: Uint8Array[] }>();
  for (const { key, value } of pairs) {
    const place = placeOf(key);
    if (place === undefined) {
      problems.push(`key of no kind: ${Buffer.from(key).toString('hex')}`);
    } else {
      const chunks = wholes.get(place.hex)?.chunks ?? [];
      wholes.set(place.hex, { kind: place.kind, chunks: [...chunks, value] });
    }
  }
  for (const [hex, { kind, chunks }] of wholes) problems.push(...problemOf(kind, hex, Buffer.concat(chunks)));
  return problems;
}

type AnyKind = (typeof keys)[keyof typeof keys];

/** The kind of a key, and the key in hex, without the suffix of a chunk. */
function placeOf(key: Uint8Array): { readonly kind: AnyKind; readonly hex: string } | undefined {
  for (const kind of Object.values(keys)) {
    const rest = kind.read(key)?.rest;
    if (rest === undefined) continue;
    const whole = Buffer.from(key).subarray(0, key.length - rest.length);
    const isChunk = 'split' in kind.shape.value && parseChunkSuffix(rest)?.version === kind.shape.value.split?.version;
    if (rest.length === 0 || isChunk) return { kind, hex: whole.toString('hex') };
  }
  return undefined;
}

function problemOf(kind: AnyKind, hex: string, value: Uint8Array): string[] {
  if (kind.shape.value.type !== 'message') return [];
  try {
    const schema: DescMessage = kind.shape.value.schema;
    if (!keepMatchingFields(schema, value).whole) return [`${kind.name} value with other fields: ${hex}`];
    const message = recordFromValue(
      kind as unknown as KeyKind<string, MessageKeyShape>,
      Buffer.from(hex, 'hex'),
      value,
    );
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
