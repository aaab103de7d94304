import { create, type DescMessage, type Message, type MessageShape, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodedFields } from '../encoded-fields.ts';
import { GetDeleteBitmapResponseSchema } from '../gen/cloud/delete_bitmap_pb.ts';
import { InstanceInfoPBSchema } from '../gen/cloud/instance_pb.ts';
import { GetRowsetResponseSchema, GetSchemaDictResponseSchema } from '../gen/cloud/rowset_pb.ts';
import { GetTabletResponseSchema } from '../gen/cloud/tablet_pb.ts';
import { TxnInfoPBSchema } from '../gen/cloud/txn_pb.ts';
import { GetVersionResponseSchema } from '../gen/cloud/version_pb.ts';
import { RowsetMetaCloudPBSchema } from '../gen/olap/rowset_meta_pb.ts';
import { TabletMetaCloudPBSchema } from '../gen/olap/tablet_meta_pb.ts';
import { SchemaCloudDictionarySchema } from '../gen/olap/tablet_schema_pb.ts';
import { arbitraryMessage } from '../testing/arbitrary-message.ts';
import { plainBrpcJson } from '../testing/plain-brpc-json.ts';
import { brpcJsonPieces, shortBrpcJson, writeBrpcJson } from './write-brpc-json.ts';

describe.each<DescMessage>([
  InstanceInfoPBSchema,
  TxnInfoPBSchema,
  GetRowsetResponseSchema,
  GetVersionResponseSchema,
  GetDeleteBitmapResponseSchema,
])('$typeName', (schema) => {
  test('is written as in the plain way', () => {
    fc.assert(fc.property(arbitraryMessage(schema), (message) => expectPlain(schema, message)));
  });
});

/** A response, its field that is given encoded, and the type of that. */
const ENCODED = [
  [GetRowsetResponseSchema, 'rowset_meta', RowsetMetaCloudPBSchema],
  [GetTabletResponseSchema, 'tablet_meta', TabletMetaCloudPBSchema],
  [GetSchemaDictResponseSchema, 'schema_dict', SchemaCloudDictionarySchema],
] as const satisfies readonly (readonly [DescMessage, string, DescMessage])[];

describe.each(ENCODED)('$typeName with encoded fields', (response: DescMessage, field: string, type: DescMessage) => {
  const encoded = arbitraryMessage(type).map((message) => toBinary(type, message));

  test('is written as if they were decoded', () => {
    fc.assert(
      fc.property(arbitraryMessage(response, 1), fc.array(encoded, { maxLength: 4 }), (message, values) =>
        expectPlain(response, withEncoded(response, message, field, values)),
      ),
    );
  });

  test('is written as if they were decoded where parts of a message must be merged', () => {
    const inParts = fc.array(encoded, { maxLength: 3 }).map((parts) => Buffer.concat(parts));
    fc.assert(
      fc.property(fc.array(inParts, { maxLength: 3 }), (values) =>
        expectPlain(response, withEncoded(response, create(response), field, values)),
      ),
    );
  });
});

test('fields that the schema does not know, and numbers that an enum does not know, are left out', () => {
  const state = RowsetMetaCloudPBSchema.field.rowsetState.number << 3;
  const known = Uint8Array.of(state, 2);
  const unknownState = Uint8Array.of(state, 99);
  const unknownField = Uint8Array.of(0xa2, 0x38, 1, 7);
  const values = [unknownState, Buffer.concat([known, unknownState]), Buffer.concat([unknownField, known])];
  expectPlain(GetRowsetResponseSchema, rowsets(values));
  expect(writeBrpcJson(GetRowsetResponseSchema, rowsets(values))).not.toContain('99');
});

test('damaged messages are refused, as they are when they are decoded', () => {
  const rowset = toBinary(
    RowsetMetaCloudPBSchema,
    create(RowsetMetaCloudPBSchema, { rowsetId: 1n, rowsetIdV2: 'rowset' }),
  );
  const damaged = rowsets([rowset.subarray(0, rowset.length - 1)]);
  expect(() => plainBrpcJson(GetRowsetResponseSchema, damaged)).toThrow();
  expect(() => writeBrpcJson(GetRowsetResponseSchema, damaged)).toThrow();
});

test('what is repeated is written each time, however much there is to remember', () => {
  const schemaOf = (i: number) => ({ column: [{ uniqueId: i, type: 'INT', defaultValue: Buffer.alloc(200_000, i) }] });
  const encoded = [0, 1, 0, ...Array.from({ length: 40 }, (_, i) => i), 0, 39].map((i) =>
    toBinary(
      RowsetMetaCloudPBSchema,
      create(RowsetMetaCloudPBSchema, { rowsetId: BigInt(i), tabletSchema: schemaOf(i) }),
    ),
  );
  expectPlain(GetRowsetResponseSchema, rowsets(encoded));
});

test('a short message is written in one go, and no other is', () => {
  const short = (versions: number) =>
    shortBrpcJson(
      GetVersionResponseSchema,
      create(GetVersionResponseSchema, { version: 1n, versions: Array.from({ length: versions }, () => 2n) }),
    );
  expect(short(0)).toBe('{"version":1}');
  expect(short(2)).toBe('{"version":1,"versions":[2,2]}');
  expect(short(2000)).toBeUndefined();
  const bitmaps = create(GetDeleteBitmapResponseSchema, { segmentDeleteBitmaps: [Buffer.alloc(1)] });
  expect(shortBrpcJson(GetDeleteBitmapResponseSchema, bitmaps)).toBeUndefined();
  const rowset = create(GetRowsetResponseSchema, { rowsetMeta: [create(RowsetMetaCloudPBSchema, { rowsetId: 1n })] });
  expect(shortBrpcJson(GetRowsetResponseSchema, rowset)).toBeUndefined();
  expect(shortBrpcJson(GetRowsetResponseSchema, rowsets([new Uint8Array()]))).toBeUndefined();
});

test('long lists come in pieces that are not much longer than 64 KiB', () => {
  const versions = create(GetVersionResponseSchema, {
    versions: Array.from({ length: 100_000 }, (_, i) => BigInt(i) ** 3n),
  });
  const bitmaps = create(GetDeleteBitmapResponseSchema, {
    segmentDeleteBitmaps: [Buffer.alloc(1_000_003, 'bitmap'), Buffer.alloc(0), Buffer.alloc(3, 1)],
  });
  expectSmallPieces(GetVersionResponseSchema, versions);
  expectSmallPieces(GetDeleteBitmapResponseSchema, bitmaps);
});

function expectSmallPieces<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): void {
  const pieces = [...brpcJsonPieces(schema, message)];
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(5 * 64 * 1024);
  expect(pieces.length).toBeGreaterThan(3);
  expectPlain(schema, message);
}

function expectPlain<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): void {
  const plain = plainBrpcJson(schema, message);
  const short = shortBrpcJson(schema, message);
  for (const written of [[...brpcJsonPieces(schema, message)].join(''), ...(short === undefined ? [] : [short])]) {
    // The assertion quotes its texts, so it is left to those that differ.
    if (!Buffer.from(written).equals(Buffer.from(plain))) expect(written).toBe(plain);
  }
}

function rowsets(values: readonly Uint8Array[]) {
  return withEncoded(GetRowsetResponseSchema, create(GetRowsetResponseSchema), 'rowset_meta', values);
}

function withEncoded<M extends Message>(
  schema: DescMessage,
  message: M,
  name: string,
  values: readonly Uint8Array[],
): M {
  message.$unknown = encodedFields(schema, name, values);
  return message;
}
