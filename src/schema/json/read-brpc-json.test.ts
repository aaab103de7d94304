import { create, type DescMessage, equals } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { CheckKVRequestSchema } from '../gen/cloud/check_kv_pb.ts';
import { UpdateDeleteBitmapRequestSchema } from '../gen/cloud/delete_bitmap_pb.ts';
import { ObjectStoreInfoPBSchema } from '../gen/cloud/object_store_pb.ts';
import { ResetRLProgressRequestSchema } from '../gen/cloud/routine_load_pb.ts';
import { CreateRowsetRequestSchema, GetRowsetResponseSchema } from '../gen/cloud/rowset_pb.ts';
import { StagePBSchema } from '../gen/cloud/stage_pb.ts';
import { CreateTabletsRequestSchema } from '../gen/cloud/tablet_pb.ts';
import { BeginTxnRequestSchema, GetTxnIdRequestSchema, TxnInfoPBSchema } from '../gen/cloud/txn_pb.ts';
import { TabletSchemaCloudPBSchema } from '../gen/olap/tablet_schema_pb.ts';
import { JsonError } from './json-error.ts';
import { readBrpcJson } from './read-brpc-json.ts';

function refusal(schema: DescMessage, text: string): JsonError {
  try {
    readBrpcJson(schema, text);
  } catch (error) {
    if (error instanceof JsonError) return error;
    throw error;
  }
  throw new Error('the text was read');
}

describe('malformed texts, in the words of brpc', () => {
  test.each([
    ['{"cloud_unique_id":"1:x:y","txn_info":{', 'Invalid json: Missing a name for object member. [BeginTxnRequest]'],
    ['[1,2]', 'The input is not a json object [BeginTxnRequest]'],
    ['null', 'The input is not a json object [BeginTxnRequest]'],
    ['', 'Invalid json: The document is empty. [BeginTxnRequest]'],
    [' ', 'Invalid json: The document is empty. [BeginTxnRequest]'],
    ['hello', 'Invalid json: Invalid value. [BeginTxnRequest]'],
    ['{}{}', 'Invalid json: The document root must not follow by other values. [BeginTxnRequest]'],
    ["{'a':1}", 'Invalid json: Missing a name for object member. [BeginTxnRequest]'],
    ['{"a":1,}', 'Invalid json: Missing a name for object member. [BeginTxnRequest]'],
    ['{"a" 1}', 'Invalid json: Missing a colon after a name of object member. [BeginTxnRequest]'],
    ['{"a":1 "b":2}', "Invalid json: Missing a comma or '}' after an object member. [BeginTxnRequest]"],
    ['{"a":[1 2]}', "Invalid json: Missing a comma or ']' after an array element. [BeginTxnRequest]"],
    ['{"a":[1,]}', 'Invalid json: Invalid value. [BeginTxnRequest]'],
    ['{"a":trux}', 'Invalid json: Invalid value. [BeginTxnRequest]'],
    ['{"a":-}', 'Invalid json: Invalid value. [BeginTxnRequest]'],
    ['{"a":01}', "Invalid json: Missing a comma or '}' after an object member. [BeginTxnRequest]"],
    ['{"a":1.}', 'Invalid json: Miss fraction part in number. [BeginTxnRequest]'],
    ['{"a":1e}', 'Invalid json: Miss exponent in number. [BeginTxnRequest]'],
    ['{"a":1e400}', 'Invalid json: Number too big to be stored in double. [BeginTxnRequest]'],
    ['{"a":"b', 'Invalid json: Missing a closing quotation mark in string. [BeginTxnRequest]'],
    ['{"a":"\t"}', 'Invalid json: Invalid escape character in string. [BeginTxnRequest]'],
    ['{"a":"\\q"}', 'Invalid json: Invalid escape character in string. [BeginTxnRequest]'],
    ['{"a":"\\u12x4"}', 'Invalid json: Incorrect hex digit after \\u escape in string. [BeginTxnRequest]'],
    ['{"a":"\\ud800"}', 'Invalid json: The surrogate pair in string is invalid. [BeginTxnRequest]'],
    ['{"txn_info":5,"a":}', 'Invalid json: Invalid value. [BeginTxnRequest]'],
  ])('%j', (text, message) => {
    expect(refusal(BeginTxnRequestSchema, text).message).toBe(message);
  });

  test('carry the position', () => {
    expect(refusal(BeginTxnRequestSchema, '{\n "a" 1}').position).toEqual({ offset: 7, line: 2, column: 6 });
  });
});

describe('what fits and what is dropped', () => {
  test('the schema reads its own names only, and the first of a name given twice', () => {
    const text =
      '{"db_id":1,"dbId":2,"label":5,"label":"x","txn_id":null,"txn_id":3,"table_ids":[],"table_ids":[1],"db_id":9}';
    const message = readBrpcJson(TxnInfoPBSchema, text);
    expect(equals(TxnInfoPBSchema, message, create(TxnInfoPBSchema, { dbId: 1n }))).toBe(true);
  });

  test.each([
    ['{"db_id":9007199254740993}', 9007199254740993n],
    ['{"db_id":"-9223372036854775808"}', -9223372036854775808n],
    ['{"db_id":"+7"}', 7n],
    ['{"db_id":-0}', 0n],
    ['{"db_id":9223372036854775808}', undefined],
    ['{"db_id":1.0}', undefined],
    ['{"db_id":1e3}', undefined],
    ['{"db_id":" 7"}', undefined],
    ['{"db_id":"abc"}', undefined],
    ['{"db_id":true}', undefined],
    ['{"db_id":null}', undefined],
    ['{"db_id":{"a":[1]}}', undefined],
  ])('%s', (text, value) => {
    const message = readBrpcJson(TxnInfoPBSchema, text);
    expect(Object.hasOwn(message, 'dbId') ? message.dbId : undefined).toBe(value);
  });

  test.each([
    ['{"load_job_source_type":"NOPE"}', undefined],
    ['{"load_job_source_type":77}', undefined],
    ['{"load_job_source_type":"4"}', undefined],
    ['{"load_job_source_type":4}', 4],
    ['{"load_job_source_type":"LOAD_JOB_SRC_TYPE_ROUTINE_LOAD_TASK"}', 4],
  ])('%s', (text, value) => {
    const message = readBrpcJson(TxnInfoPBSchema, text);
    expect(Object.hasOwn(message, 'loadJobSourceType') ? message.loadJobSourceType : undefined).toBe(value);
  });

  test('32-bit integers are no strings, booleans only true and false, doubles any number', () => {
    const schema = readBrpcJson(
      TabletSchemaCloudPBSchema,
      '{"num_short_key_columns":"1","schema_version":2,"bf_fpp":1}',
    );
    expect([Object.hasOwn(schema, 'numShortKeyColumns'), schema.schemaVersion, schema.bfFpp]).toEqual([false, 2, 1]);
    const store = readBrpcJson(ObjectStoreInfoPBSchema, '{"sse_enabled":1,"use_path_style":true}');
    expect([Object.hasOwn(store, 'sseEnabled'), store.usePathStyle]).toEqual([false, true]);
  });

  test('unknown fields are left out, however deep', () => {
    const text = `{"u":${'[{"a":'.repeat(100_000)}1${'}]'.repeat(100_000)},"cloud_unique_id":"x"}`;
    expect(readBrpcJson(BeginTxnRequestSchema, text).cloudUniqueId).toBe('x');
  });
});

describe('what is refused', () => {
  test.each([
    [
      BeginTxnRequestSchema,
      '{"txn_info":{"table_ids":10010}}',
      'Invalid value for repeated field: doris.cloud.TxnInfoPB.table_ids',
    ],
    [BeginTxnRequestSchema, '{"txn_info":"x"}', 'The input is not a json object [TxnInfoPB]'],
    [
      TxnInfoPBSchema,
      '{"label":5,"table_ids":["x"]}',
      "Invalid value for optional field `doris.cloud.TxnInfoPB.label' which SHOULD be string, Invalid value for field `doris.cloud.TxnInfoPB.table_ids' which SHOULD be INT64",
    ],
    [
      GetTxnIdRequestSchema,
      '{"txn_status":["X"]}',
      "Invalid value for field `doris.cloud.GetTxnIdRequest.txn_status' which SHOULD be enum",
    ],
    [CreateRowsetRequestSchema, '{"rowset_meta":{}}', 'Missing required field: doris.RowsetMetaCloudPB.rowset_id'],
    [
      CreateRowsetRequestSchema,
      '{"rowset_meta":{"rowset_id":null}}',
      'Missing required field: doris.RowsetMetaCloudPB.rowset_id',
    ],
    [
      CreateRowsetRequestSchema,
      '{"rowset_meta":{"rowset_id":"x"}}',
      "Invalid value for field `doris.RowsetMetaCloudPB.rowset_id' which SHOULD be INT64",
    ],
    [
      CreateTabletsRequestSchema,
      '{"tablet_metas":[{"schema":{"column":[{"unique_id":1}]}}]}',
      'Missing required field: doris.ColumnPB.type',
    ],
    [
      CreateTabletsRequestSchema,
      '{"tablet_metas":[null]}',
      "Invalid value for field `doris.cloud.CreateTabletsRequest.tablet_metas' which SHOULD be message",
    ],
    [UpdateDeleteBitmapRequestSchema, '{"segment_delete_bitmaps":["AAA"]}', 'Fail to decode base64 string'],
    [
      ResetRLProgressRequestSchema,
      '{"partition_to_offset":{"3":30}}',
      'Invalid value for repeated field: doris.cloud.ResetRLProgressRequest.partition_to_offset',
    ],
  ] as [DescMessage, string, string][])('$typeName %s', (schema, text, message) => {
    expect(refusal(schema, text).message).toBe(message);
  });

  test('more than 100 messages inside each other', () => {
    const column = (depth: number): string =>
      `{"unique_id":1,"type":"t","children_columns":[${depth > 0 ? column(depth - 1) : ''}]}`;
    expect(() => readBrpcJson(TabletSchemaCloudPBSchema, `{"column":[${column(99)}]}`)).not.toThrow();
    expect(refusal(TabletSchemaCloudPBSchema, `{"column":[${column(100)}]}`).message).toBe(
      'Exceeded maximum recursion depth [ColumnPB]',
    );
  });
});

describe('maps', () => {
  test('with string keys are objects or lists of pairs', () => {
    expect(readBrpcJson(StagePBSchema, '{"properties":{"a":"1","b":null,"c":5,"a":"2"}}').properties).toEqual({
      a: '2',
      b: '',
      c: '',
    });
    const text =
      '{"properties":[{"key":"a","value":"1"},{"value":"2","x":[]},{"key":"b"},{"key":"a","value":"3","key":"z"}]}';
    expect(readBrpcJson(StagePBSchema, text).properties).toEqual({ a: '3', '': '2', b: '' });
  });

  test('with integer keys are lists of pairs', () => {
    const text = '{"partition_to_offset":[{"key":1,"value":"5"},{"key":2},{"key":1,"value":7}]}';
    expect(readBrpcJson(ResetRLProgressRequestSchema, text).partitionToOffset).toEqual({ 1: 7n, 2: 0n });
  });

  test('of messages', () => {
    const text =
      '{"schema_dict":{"column_dict":[{"key":1,"value":{"unique_id":-1,"type":"INT"}}],"index_dict":[{"key":1}]}}';
    const { schemaDict } = readBrpcJson(GetRowsetResponseSchema, text);
    expect(schemaDict?.columnDict[1]?.type).toBe('INT');
    expect(schemaDict?.indexDict[1]?.$typeName).toBe('doris.TabletIndexPB');
  });
});

test('an unknown enum in an optional field leaves it out', () => {
  expect(Object.hasOwn(readBrpcJson(CheckKVRequestSchema, '{"op":"NOPE"}'), 'op')).toBe(false);
});

test('bytes are base64', () => {
  const { segmentDeleteBitmaps } = readBrpcJson(
    UpdateDeleteBitmapRequestSchema,
    '{"segment_delete_bitmaps":["+/8=",""]}',
  );
  expect(segmentDeleteBitmaps.map((bytes) => [...bytes])).toEqual([[0xfb, 0xff], []]);
});

test('an error says nothing of the values', () => {
  const text = '{"ak":"HIDDEN1","sk":5,"encryption_info":"HIDDEN2"}';
  expect(refusal(ObjectStoreInfoPBSchema, text).message).not.toMatch('HIDDEN');
});
