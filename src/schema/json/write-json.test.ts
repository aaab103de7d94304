import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { ClusterPB_Type, ClusterStatus, GetClusterStatusResponseSchema } from '../gen/cloud/cluster_pb.ts';
import { PendingDeleteBitmapPBSchema } from '../gen/cloud/delete_bitmap_pb.ts';
import { StagePBSchema } from '../gen/cloud/stage_pb.ts';
import { MetaServiceCode } from '../gen/cloud/status_pb.ts';
import {
  RoutineLoadProgressPBSchema,
  TxnCommitAttachmentPB_LoadJobFinalOperationPB_EtlStatusPBSchema,
} from '../gen/cloud/txn_attachment_pb.ts';
import { BeginTxnResponseSchema, TxnInfoPBSchema } from '../gen/cloud/txn_pb.ts';
import { KeysType, SchemaCloudDictionarySchema, TabletSchemaCloudPBSchema } from '../gen/olap/tablet_schema_pb.ts';
import { writeBrpcJson } from './write-brpc-json.ts';
import { writeProtobufJson } from './write-protobuf-json.ts';

const stage = create(StagePBSchema, {
  stageId: 's',
  properties: { a: '1' },
  createTime: 5n,
  mysqlUserName: ['x', 'y'],
});
const progress = create(RoutineLoadProgressPBSchema, {
  partitionToOffset: { 2: 9007199254740993n, [-1]: -5n },
  stat: { loadedRows: 0n },
});

describe('protobuf JSON', () => {
  test('follows the numbers of the fields, with integers of 64 bits as strings', () => {
    expect(writeProtobufJson(StagePBSchema, stage)).toBe(
      '{"mysql_user_name":["x","y"],"stage_id":"s","properties":{"a":"1"},"create_time":"5"}',
    );
    expect(writeProtobufJson(RoutineLoadProgressPBSchema, progress)).toBe(
      '{"partition_to_offset":{"2":"9007199254740993","-1":"-5"},"stat":{"loaded_rows":"0"}}',
    );
  });

  test('prints messages in lists compactly, as in the answers of get_cluster_status', () => {
    const clusters = [{ clusterId: 'c', type: ClusterPB_Type.COMPUTE, clusterStatus: ClusterStatus.NORMAL }];
    const message = create(GetClusterStatusResponseSchema, { details: [{ instanceId: 'i', clusters }, {}] });
    expect(writeProtobufJson(GetClusterStatusResponseSchema, message)).toBe(
      '{"details":[{"instance_id":"i","clusters":[{"cluster_id":"c","type":"COMPUTE","cluster_status":"NORMAL"}]},{}]}',
    );
  });

  test.each([
    ['"\\/', '\\"\\\\/'],
    ['<b>&', '\\u003cb\\u003e&'],
    ['\b\t\n\v\f\r\u001f\u007f\u0085', '\\b\\t\\n\\u000b\\f\\r\\u001f\\u007f\\u0085'],
    ['\u00ad\u2028\ufeff\u{e0001}', '\\u00ad\\u2028\\ufeff\\udb40\\udc01'],
    ['é你😀', 'é你😀'],
  ])('escapes %j', (text, escaped) => {
    expect(writeProtobufJson(TxnInfoPBSchema, create(TxnInfoPBSchema, { label: text }))).toBe(`{"label":"${escaped}"}`);
  });

  test.each([
    [0.05, '0.05'],
    [1, '1'],
    [-0, '-0'],
    [0.1 + 0.2, '0.30000000000000004'],
    [1e15, '1e+15'],
    [123456789012345, '123456789012345'],
    [1e-5, '1e-05'],
    [0.0001, '0.0001'],
    [1.5e300, '1.5e+300'],
    [Number.NaN, '"NaN"'],
    [Number.NEGATIVE_INFINITY, '"-Infinity"'],
  ])('prints the double %d', (value, text) => {
    const message = create(TabletSchemaCloudPBSchema, { bfFpp: value });
    expect(writeProtobufJson(TabletSchemaCloudPBSchema, message)).toBe(`{"bf_fpp":${text}}`);
  });
});

describe('brpc JSON', () => {
  test('has bare integers, and unset fields are left out but set ones are not', () => {
    const message = create(BeginTxnResponseSchema, {
      status: { code: MetaServiceCode.OK, msg: '' },
      txnId: 9007199254740993n,
    });
    expect(writeBrpcJson(BeginTxnResponseSchema, message)).toBe(
      '{"status":{"code":"OK","msg":""},"txn_id":9007199254740993}',
    );
    expect(writeBrpcJson(BeginTxnResponseSchema, create(BeginTxnResponseSchema))).toBe('{}');
  });

  test('has maps with string keys at the end, even when empty, and others as lists', () => {
    expect(writeBrpcJson(StagePBSchema, stage)).toBe(
      '{"mysql_user_name":["x","y"],"stage_id":"s","create_time":5,"properties":{"a":"1"}}',
    );
    const status = create(TxnCommitAttachmentPB_LoadJobFinalOperationPB_EtlStatusPBSchema, { stats: { k: 'v' } });
    expect(writeBrpcJson(TxnCommitAttachmentPB_LoadJobFinalOperationPB_EtlStatusPBSchema, status)).toBe(
      '{"stats":{"k":"v"},"counters":{}}',
    );
    expect(writeBrpcJson(RoutineLoadProgressPBSchema, progress)).toBe(
      '{"partition_to_offset":[{"key":2,"value":9007199254740993},{"key":-1,"value":-5}],"stat":{"loaded_rows":0}}',
    );
    expect(writeBrpcJson(RoutineLoadProgressPBSchema, create(RoutineLoadProgressPBSchema))).toBe('{}');
  });

  test('has messages in maps', () => {
    const message = create(SchemaCloudDictionarySchema, { columnDict: { 1: { uniqueId: -1, type: 'INT' } } });
    expect(writeBrpcJson(SchemaCloudDictionarySchema, message)).toBe(
      '{"column_dict":[{"key":1,"value":{"unique_id":-1,"type":"INT"}}]}',
    );
  });

  test('escapes only what JSON must', () => {
    const message = create(TxnInfoPBSchema, { label: '"\\/<\b\t\n\v\f\r\u001f\u007f\u2028你😀' });
    expect(writeBrpcJson(TxnInfoPBSchema, message)).toBe(
      '{"label":"\\"\\\\/<\\b\\t\\n\\u000B\\f\\r\\u001F\u007f\u2028你😀"}',
    );
  });

  test.each([
    [0.05, '0.05'],
    [1, '1.0'],
    [-0, '-0.0'],
    [1e21, '1e21'],
    [1.5e-7, '1.5e-7'],
    [Number.POSITIVE_INFINITY, '"Infinity"'],
  ])('prints the double %d', (value, text) => {
    const message = create(TabletSchemaCloudPBSchema, { bfFpp: value, keysType: KeysType.DUP_KEYS });
    expect(writeBrpcJson(TabletSchemaCloudPBSchema, message)).toBe(`{"keys_type":"DUP_KEYS","bf_fpp":${text}}`);
  });
});

test('both print bytes in base64', () => {
  const message = create(PendingDeleteBitmapPBSchema, {
    deleteBitmapKeys: [Uint8Array.of(0xfb, 0xff), new Uint8Array()],
  });
  const text = '{"delete_bitmap_keys":["+/8=",""]}';
  expect(writeBrpcJson(PendingDeleteBitmapPBSchema, message)).toBe(text);
  expect(writeProtobufJson(PendingDeleteBitmapPBSchema, message)).toBe(text);
});
