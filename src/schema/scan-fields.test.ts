import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { RowsetMetaCloudPBSchema } from './gen/olap/rowset_meta_pb.ts';
import { TabletSchemaCloudPBSchema } from './gen/olap/tablet_schema_pb.ts';
import { fieldScan } from './scan-fields.ts';

const scan = fieldScan(RowsetMetaCloudPBSchema, [
  'startVersion',
  'schemaVersion',
  'rowsetIdV2',
  'rowsetState',
  'hasVariantTypeInSchema',
  'tabletSchema',
]);

test('finds the fields that are set, and passes over all others', () => {
  const tabletSchema = create(TabletSchemaCloudPBSchema, { schemaVersion: 3, bfFpp: 0.5 });
  const rowset = create(RowsetMetaCloudPBSchema, {
    rowsetId: 1n,
    startVersion: -5n,
    schemaVersion: 0,
    rowsetIdV2: 'r',
    rowsetState: 2,
    hasVariantTypeInSchema: true,
    tabletSchema,
    segmentsKeyBounds: [{ minKey: Buffer.from('a'), maxKey: Buffer.from('b') }],
  });
  expect(scan(toBinary(RowsetMetaCloudPBSchema, rowset))).toEqual({
    startVersion: -5n,
    schemaVersion: 0,
    rowsetIdV2: Uint8Array.from(Buffer.from('r')),
    rowsetState: 2,
    hasVariantTypeInSchema: 1,
    tabletSchema: toBinary(TabletSchemaCloudPBSchema, tabletSchema),
  });
  expect(scan(toBinary(RowsetMetaCloudPBSchema, create(RowsetMetaCloudPBSchema, { rowsetId: 1n })))).toEqual({});
  expect(scan(new Uint8Array())).toEqual({});
});

test('takes the last of several, and none of another wire type', () => {
  expect(scan(Buffer.from('4001' + '4002' + '450000000a', 'hex'))).toEqual({ startVersion: 2n });
});

test.each(['ff', '40', '0a05', '00'])('throws for %s, which is no message', (bytes) => {
  expect(() => scan(Buffer.from(bytes, 'hex'))).toThrow();
});

test('is only made for single fields that the message has', () => {
  expect(() => fieldScan(RowsetMetaCloudPBSchema, ['segmentsKeyBounds'])).toThrow(/no single field/);
  expect(() => fieldScan(TabletSchemaCloudPBSchema, ['bfFpp'])).toThrow(/not scanned/);
});
