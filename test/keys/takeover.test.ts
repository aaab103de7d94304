import { type DescMessage, fromBinary, type Message } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import { describe, expect, test } from 'vitest';
import { chunkKey } from '../../src/keys/chunk-key.ts';
import { type DecodedKey, decodeKey } from '../../src/keys/decode-key.ts';
import type { KeyKind } from '../../src/keys/key-kind.ts';
import { allKinds, keys } from '../../src/keys/key-table.ts';
import { counterFromValue } from '../../src/records/counter.ts';
import { stampedFromValue } from '../../src/records/stamped-record.ts';
import { takeoverPairs } from './recorded.ts';

const pairs = takeoverPairs();

function known(key: Buffer): DecodedKey {
  const decoded = decodeKey(key);
  if ('problem' in decoded) throw new Error(`${key.toString('hex')}: ${decoded.problem}`);
  return decoded;
}

function encodeAgain(decoded: DecodedKey): Buffer {
  const kind: KeyKind = decoded.kind;
  const key = kind.encode(decoded.fields);
  return decoded.chunk === undefined ? key : chunkKey(key, decoded.chunk, decoded.chunk.number);
}

/** The paths of fields that the message's schema doesn't know. */
function unknownFields(schema: DescMessage, message: Message, path: string = schema.name): string[] {
  const found = (message.$unknown ?? []).map((field) => `${path}.${field.no}`);
  const view = reflect(schema, message);
  for (const field of schema.fields) {
    if (field.message === undefined || !view.isSet(field)) continue;
    for (const child of children(view.get(field))) {
      found.push(...unknownFields(field.message, child, `${path}.${field.name}`));
    }
  }
  return found;
}

function children(value: unknown): Message[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Symbol.iterator in value) return [...(value as Iterable<unknown>)].flatMap((each) => children(entryValue(each)));
  return 'message' in value ? [value.message as Message] : [];
}

/** Maps give pairs of key and value, lists the values themselves. */
function entryValue(each: unknown): unknown {
  return Array.isArray(each) ? each[1] : each;
}

/** The kinds that only Nereus has. */
const OWN = allKinds.filter(({ shape }) => shape.parts[1] === 'nereus').map(({ name }) => name);

describe('a store that Doris wrote', () => {
  test('every key is of a kind of the table, and encodes to the same bytes again', () => {
    for (const { key } of pairs) expect(encodeAgain(known(key)).toString('hex')).toBe(key.toString('hex'));
  });

  test('it has a key of every kind that can be written without background work or variant columns', () => {
    const present = new Set(pairs.map(({ key }) => known(key).name));
    const absent = allKinds.map((kind) => kind.name).filter((name) => !present.has(name));
    expect(absent).toEqual(['metaSchemaDictionary', 'jobRecycle', 'jobCheck', ...OWN]);
  });

  test('values are split where the table says so, but for schemas that an older call stored whole', () => {
    for (const { key } of pairs) {
      const { kind, chunk } = known(key);
      const { value }: KeyKind['shape'] = kind.shape;
      const split = 'split' in value ? value.split : undefined;
      if (chunk === undefined && kind.name === keys.metaSchema.name) continue;
      expect(chunk?.version, key.toString('hex')).toBe(split?.version);
    }
  });

  test('every value is what its kind says, without a field that the schema lacks', () => {
    const unknown = new Set<string>();
    for (const { key, value } of pairs) {
      const { kind }: { kind: KeyKind } = known(key);
      const { shape } = kind;
      switch (shape.value.type) {
        case 'counter':
          expect(counterFromValue(value), key.toString('hex')).toBeTypeOf('bigint');
          break;
        case 'stamped message': {
          const stamped = { ...shape, value: shape.value };
          const { message } = stampedFromValue(kind as KeyKind<string, typeof stamped>, key, value);
          for (const path of unknownFields(shape.value.schema, message)) unknown.add(path);
          break;
        }
        case 'message': {
          // No split message of this store is longer than one chunk.
          const message = fromBinary(shape.value.schema, value);
          for (const path of unknownFields(shape.value.schema, message)) unknown.add(path);
          break;
        }
        case 'change list':
        case 'receipt':
        case 'bytes':
          expect(value.length).toBeGreaterThan(0);
      }
    }
    expect([...unknown]).toEqual([]);
  });
});
