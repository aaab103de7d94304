import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { describe, expect, test } from 'vitest';
import { appendEncoded, decodeFields, dropEncoded, encodedFields, encodeField } from './encoded-fields.ts';
import { GetRowsetResponseSchema } from './gen/cloud/rowset_pb.ts';
import { RowsetMetaCloudPBSchema } from './gen/olap/rowset_meta_pb.ts';
import { TabletSchemaCloudPBSchema } from './gen/olap/tablet_schema_pb.ts';
import { writeBrpcJson } from './json/write-brpc-json.ts';

const rowsets = [1n, 2n].map((endVersion) => create(RowsetMetaCloudPBSchema, { rowsetId: 0n, endVersion }));
const stored = rowsets.map((rowset) => toBinary(RowsetMetaCloudPBSchema, rowset));

function responseOf(values: readonly Uint8Array[]) {
  const response = create(GetRowsetResponseSchema, { status: { msg: '' } });
  response.$unknown = encodedFields(GetRowsetResponseSchema, 'rowset_meta', values);
  return response;
}

describe('encoded fields', () => {
  test('are the field to a reader of the binary form, and of the JSON', () => {
    const decoded = create(GetRowsetResponseSchema, { status: { msg: '' }, rowsetMeta: rowsets });
    const response = responseOf(stored);
    expect(fromBinary(GetRowsetResponseSchema, toBinary(GetRowsetResponseSchema, response))).toEqual(decoded);
    expect(decodeFields(GetRowsetResponseSchema, response)).toEqual(decoded);
    expect(writeBrpcJson(GetRowsetResponseSchema, response)).toBe(writeBrpcJson(GetRowsetResponseSchema, decoded));
  });

  test.each([0, 127, 128, 16_383, 16_384, 2_097_152])('stand behind their length, also of %i bytes', (length) => {
    const [field] = encodedFields(GetRowsetResponseSchema, 'rowset_meta', [Buffer.alloc(length, 7)]);
    expect(Buffer.from(new BinaryReader(field?.data as Uint8Array).bytes()).equals(Buffer.alloc(length, 7))).toBe(true);
    expect(field?.data.length).toBe(length + Math.max(1, Math.ceil(length.toString(2).length / 7)));
  });

  test('may have had a field appended', () => {
    const schema = create(TabletSchemaCloudPBSchema, { schemaVersion: 7 });
    const value = toBinary(TabletSchemaCloudPBSchema, schema);
    const [first] = stored.map((bytes) => appendEncoded(RowsetMetaCloudPBSchema, bytes, 'tablet_schema', value));
    const { rowsetMeta } = decodeFields(GetRowsetResponseSchema, responseOf([first as Buffer]));
    expect(rowsetMeta[0]).toEqual({ ...rowsets[0], tabletSchema: schema });
  });

  test('may have integers appended, which count instead of earlier ones', () => {
    const added = [
      encodeField(RowsetMetaCloudPBSchema, 'end_version', -3n),
      encodeField(RowsetMetaCloudPBSchema, 'schema_version', 4),
    ];
    const { rowsetMeta } = decodeFields(
      GetRowsetResponseSchema,
      responseOf([Buffer.concat([stored[0] as Uint8Array, ...added])]),
    );
    expect(rowsetMeta[0]).toEqual({ ...rowsets[0], endVersion: -3n, schemaVersion: 4 });
    expect(() => encodeField(RowsetMetaCloudPBSchema, 'rowset_id_v2', 1n)).toThrow('has no integer field rowset_id_v2');
  });

  test('may have been dropped, wherever they stood', () => {
    const schema = encodeField(RowsetMetaCloudPBSchema, 'tablet_schema', new Uint8Array());
    const twice = Buffer.concat([schema, stored[0] as Uint8Array, schema]);
    expect(dropEncoded(RowsetMetaCloudPBSchema, twice, 'tablet_schema')).toEqual(Buffer.from(stored[0] as Uint8Array));
    expect(() => dropEncoded(RowsetMetaCloudPBSchema, twice, 'tabletSchema')).toThrow('has no field tabletSchema');
  });

  test('leave a message without them, and one with fields of a newer schema, as it is', () => {
    const response = create(GetRowsetResponseSchema);
    expect(decodeFields(GetRowsetResponseSchema, response)).toBe(response);
    response.$unknown = [{ no: 9_999, wireType: 0, data: Buffer.from([1]) }];
    expect(decodeFields(GetRowsetResponseSchema, response)).toBe(response);
  });

  test('are refused for what is no message field', () => {
    expect(() => encodedFields(GetRowsetResponseSchema, 'rowsetMeta', [])).toThrow('has no message field rowsetMeta');
  });
});
