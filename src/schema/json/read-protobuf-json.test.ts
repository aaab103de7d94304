import { create, type DescMessage, equals } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { AlterClusterRequest_Operation, AlterClusterRequestSchema, ClusterPBSchema } from '../gen/cloud/cluster_pb.ts';
import { PendingDeleteBitmapPBSchema } from '../gen/cloud/delete_bitmap_pb.ts';
import { AlterInstanceRequest_Operation, AlterInstanceRequestSchema } from '../gen/cloud/instance_pb.ts';
import { ObjectStoreInfoPBSchema } from '../gen/cloud/object_store_pb.ts';
import { CreateRowsetRequestSchema } from '../gen/cloud/rowset_pb.ts';
import { StagePBSchema } from '../gen/cloud/stage_pb.ts';
import { RoutineLoadProgressPBSchema } from '../gen/cloud/txn_attachment_pb.ts';
import { GetTxnIdRequestSchema, TxnInfoPBSchema } from '../gen/cloud/txn_pb.ts';
import { HdfsBuildConfSchema } from '../gen/cloud/vault_pb.ts';
import { TabletSchemaCloudPBSchema } from '../gen/olap/tablet_schema_pb.ts';
import { decodeUtf8 } from './decode-utf8.ts';
import { JsonError } from './json-error.ts';
import { readProtobufJson } from './read-protobuf-json.ts';

function refusal(schema: DescMessage, text: string): JsonError {
  try {
    readProtobufJson(schema, text);
  } catch (error) {
    if (error instanceof JsonError) return error;
    throw error;
  }
  throw new Error('the text was read');
}

describe('forms of an object', () => {
  const expected = create(AlterInstanceRequestSchema, {
    instanceId: 'a',
    op: AlterInstanceRequest_Operation.SET_OVERDUE,
  });

  test.each([
    '{"instance_id":"a","op":"SET_OVERDUE"}',
    '{"instance_id":"a","op":"SET_OVERDUE",}',
    "{'instance_id':'a','op':'SET_OVERDUE'}",
    '{instance_id:"a",op:"SET_OVERDUE"}',
    '{"instanceId":"a","op":6}',
    '{"instance_id":"a","op":"6"}',
    '{"instance_id":"zzz","instance_id":"a","op":6.0}',
    ' \t\r\n\v\f{ "instance_id" : "a" , "op" : 60e-1 } \n',
    '{"op":"SET_OVERDUE","instance_id":"a","name":null,"unknown":{"x":[1,{"y":null}],z:\'w\',}}',
    '{"instance_id":"\\u0061","op":"SET_OVERDUE"}',
  ])('%s', (text) => {
    const { message, unknownEnums } = readProtobufJson(AlterInstanceRequestSchema, text);
    expect(equals(AlterInstanceRequestSchema, message, expected)).toBe(true);
    expect(unknownEnums).toEqual([]);
  });
});

describe('malformed texts', () => {
  test.each([
    ['', 'expected an object at line 1, column 1'],
    ['hello', 'expected an object at line 1, column 1'],
    ['null', 'expected an object at line 1, column 1'],
    ['[]', 'expected an object at line 1, column 1'],
    ['\ufeff{}', 'expected an object at line 1, column 1'],
    ['{', 'expected a key or "}" at line 1, column 2'],
    ['{,}', 'expected a key or "}" at line 1, column 2'],
    ['{null:1}', 'expected a key or "}" at line 1, column 2'],
    ['{/*c*/"op":1}', 'expected a key or "}" at line 1, column 2'],
    ['{"op":1} // c', 'expected the end of the text at line 1, column 10'],
    ['{}{}', 'expected the end of the text at line 1, column 3'],
    ['{"op"}', 'expected ":" after a key at line 1, column 6'],
    ['{"op":1 "name":"x"}', 'expected "," or "}" after an entry at line 1, column 9'],
    ['{"op":1,\n "name":\n  }', 'name: expected a string at line 3, column 3'],
    ['{"name":"x', 'name: expected a closing quote for the string at line 1, column 9'],
    ['{"name":"\\u12g4"}', 'name: expected four hexadecimal digits after "\\u" at line 1, column 10'],
    ['{"name":"\\ud800x"}', 'name: expected the second half of a Unicode character at line 1, column 10'],
    ['{"name":"\\udc00"}', 'name: expected a whole Unicode character at line 1, column 10'],
    ['{"name":"\ud800"}', 'name: expected whole Unicode characters at line 1, column 10'],
    ['{"x":[1 2]}', 'expected "," or "]" after an element at line 1, column 9'],
    ['{"x":[,]}', 'expected a value at line 1, column 7'],
    ['{"x":1-2}', 'expected a number at line 1, column 6'],
    ['{"x":01}', 'expected a number at line 1, column 6'],
    ['{"x":0x10}', 'expected a number at line 1, column 6'],
    ['{"x":1e999}', 'expected a number at line 1, column 6'],
    ['{"x":tru}', 'expected a value at line 1, column 6'],
  ])('%j', (text, message) => {
    expect(refusal(AlterInstanceRequestSchema, text).message).toBe(message);
  });

  test('the position counts lines from 1 and offsets from 0', () => {
    expect(refusal(AlterInstanceRequestSchema, '{\n\n  ]').position).toEqual({ offset: 5, line: 3, column: 3 });
  });

  test('bytes that are not UTF-8 are refused, and a byte order mark is kept', () => {
    expect(() => decodeUtf8(Uint8Array.of(0x7b, 0xff, 0x7d))).toThrow(JsonError);
    expect(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b))).toBe('\ufeff{');
  });
});

describe('strings', () => {
  test.each([
    ["'it\\'s'", "it's"],
    ["'\"'", '"'],
    ['"\\b\\f\\n\\r\\t\\v\\q\\/"', '\b\f\n\r\t\vq/'],
    ['"raw\ttab\nand line"', 'raw\ttab\nand line'],
    ['"\\ud83d\\ude00 😀 \\😀"', '😀 😀 😀'],
  ])('%s', (text, value) => {
    expect(readProtobufJson(AlterInstanceRequestSchema, `{"name":${text}}`).message.name).toBe(value);
  });
});

describe('integers', () => {
  test.each([
    ['9007199254740993', 9007199254740993n],
    ['-9223372036854775808', -9223372036854775808n],
    ['"9223372036854775807"', 9223372036854775807n],
    ['"+0007"', 7n],
    ['"\\t7\\n"', 7n],
    ['9e3', 9000n],
    ['1.0', 1n],
    ['1e18', 1000000000000000000n],
    ['-0', 0n],
  ])('%s', (text, value) => {
    expect(readProtobufJson(TxnInfoPBSchema, `{"db_id":${text}}`).message.dbId).toBe(value);
  });

  test.each([
    '9223372036854775808',
    '1.5',
    '1e19',
    '"1.0"',
    '"9e3"',
    '" 7"',
    '""',
    '"x"',
    'true',
    '{}',
    '[]',
    `${'9'.repeat(400)}`,
  ])('%s is none', (text) => {
    expect(refusal(TxnInfoPBSchema, `{"db_id":${text}}`).message).toMatch(/^db_id: expected a 64-bit integer at /);
  });

  test('32 bits', () => {
    const text = '{"nodes":[{"heartbeat_port":9e3,"edit_log_port":"-2147483648"}]}';
    const [node] = readProtobufJson(ClusterPBSchema, text).message.nodes;
    expect([node?.heartbeatPort, node?.editLogPort]).toEqual([9000, -2147483648]);
    expect(refusal(ClusterPBSchema, '{"nodes":[{},{"heartbeat_port":2147483648}]}').message).toBe(
      'nodes[1].heartbeat_port: expected a 32-bit integer at line 1, column 32',
    );
  });
});

describe('other types', () => {
  test.each([
    ['{"sse_enabled":"yes"}', true],
    ['{"sse_enabled":"F"}', false],
    ['{"sse_enabled":true}', true],
    ['{"sse_enabled":null}', undefined],
  ])('%s', (text, value) => {
    const { message } = readProtobufJson(ObjectStoreInfoPBSchema, text);
    expect(Object.hasOwn(message, 'sseEnabled') ? message.sseEnabled : undefined).toBe(value);
  });

  test.each([
    [ObjectStoreInfoPBSchema, '{"sse_enabled":1}', 'sse_enabled: expected true or false'],
    [ObjectStoreInfoPBSchema, '{"sk":5}', 'sk: expected a string'],
    [ObjectStoreInfoPBSchema, '{"sk":["a"]}', 'sk: expected a string'],
    [ObjectStoreInfoPBSchema, '{"encryption_info":"x"}', 'encryption_info: expected an object'],
    [ObjectStoreInfoPBSchema, '{"encryption_info":[{}]}', 'encryption_info: expected an object'],
    [ClusterPBSchema, '{"nodes":[1]}', 'nodes[0]: expected an object'],
    [ClusterPBSchema, '{"type":true}', 'type: expected a name or number of doris.cloud.ClusterPB.Type'],
    [
      PendingDeleteBitmapPBSchema,
      '{"delete_bitmap_keys":["AB=D"]}',
      'delete_bitmap_keys[0]: expected a string in base64',
    ],
    [StagePBSchema, '{"properties":[]}', 'properties: expected an object'],
    [StagePBSchema, '{"properties":{"a":"1","a":"2"}}', 'properties: expected each key only once'],
    [StagePBSchema, '{"properties":{"a":1}}', 'properties: expected a string'],
    [
      RoutineLoadProgressPBSchema,
      '{"partition_to_offset":{"x":1}}',
      'partition_to_offset: expected a key that is a 32-bit integer',
    ],
  ] as [DescMessage, string, string][])('$typeName %s', (schema, text, message) => {
    expect(refusal(schema, text).message.replace(/ at line 1, column \d+$/, '')).toBe(message);
  });

  test('bytes in either alphabet, padded or not', () => {
    const text = '{"delete_bitmap_keys":["+/8=","-_8","",null]}';
    const keys = readProtobufJson(PendingDeleteBitmapPBSchema, text).message.deleteBitmapKeys;
    expect(keys.map((key) => Buffer.from(key).toString('hex'))).toEqual(['fbff', 'fbff', '']);
  });

  test('doubles', () => {
    const read = (text: string) => readProtobufJson(TabletSchemaCloudPBSchema, `{"bf_fpp":${text}}`).message.bfFpp;
    expect(['0.05', '"5e-2"', '1', '"-Infinity"', '01.5', '123456789012345678901234567890'].map(read)).toEqual([
      0.05,
      0.05,
      1,
      Number.NEGATIVE_INFINITY,
      1.5,
      123456789012345680000000000000,
    ]);
  });

  test('maps', () => {
    const text = '{"partition_to_offset":{"1":"5","-2":9007199254740993,"3":null}}';
    expect(readProtobufJson(RoutineLoadProgressPBSchema, text).message.partitionToOffset).toEqual({
      1: 5n,
      [-2]: 9007199254740993n,
      3: 0n,
    });
    const { properties } = readProtobufJson(StagePBSchema, '{"properties":{"__proto__":"x"}}').message;
    expect(Object.entries(properties)).toEqual([['__proto__', 'x']]);
  });
});

describe('lists and repeated names', () => {
  test('a value alone is a list of one, nulls are left out, lists inside are flattened', () => {
    const text = '{"mysql_user_name":"a","mysql_user_name":[null,"b",["c",["d"],],],"nodes":{"ip":"e"}}';
    const { message } = readProtobufJson(ClusterPBSchema, text);
    expect(message.mysqlUserName).toEqual(['a', 'b', 'c', 'd']);
    expect(message.nodes.map((node) => node.ip)).toEqual(['e']);
  });

  test('messages given twice merge', () => {
    const text =
      '{"cluster":{"cluster_id":"a","nodes":[{"ip":"1"}]},"cluster":{"cluster_name":"b","nodes":[{"ip":"2"}]}}';
    const { message } = readProtobufJson(AlterClusterRequestSchema, text);
    expect([message.cluster?.clusterId, message.cluster?.clusterName]).toEqual(['a', 'b']);
    expect(message.cluster?.nodes.map((node) => node.ip)).toEqual(['1', '2']);
  });
});

describe('unknown enum values', () => {
  test('leave the field unset and are told by path', () => {
    const text = '{"op":"WEIRD","cluster":{"type":9,"cluster_status":"NORMAL","nodes":[{},{"node_type":"fe_master"}]}}';
    const { message, unknownEnums } = readProtobufJson(AlterClusterRequestSchema, text);
    expect(unknownEnums).toEqual(['op', 'cluster.type', 'cluster.nodes[1].node_type']);
    expect(Object.hasOwn(message, 'op')).toBe(false);
    expect(message.cluster?.clusterStatus).toBe(1);
  });

  test('are left out of lists', () => {
    const { message, unknownEnums } = readProtobufJson(
      GetTxnIdRequestSchema,
      '{"txn_status":["X","TXN_STATUS_ABORTED"]}',
    );
    expect(message.txnStatus).toEqual([4]);
    expect(unknownEnums).toEqual(['txn_status[0]']);
  });

  test('do not undo an earlier value', () => {
    const { message } = readProtobufJson(AlterClusterRequestSchema, '{"op":"ADD_NODE","op":"WEIRD"}');
    expect(message.op).toBe(AlterClusterRequest_Operation.ADD_NODE);
  });
});

test('a missing required field is named, and null counts as missing', () => {
  expect(refusal(CreateRowsetRequestSchema, '{"rowset_meta": {"txn_id":1}}').message).toBe(
    'rowset_meta: expected the required field "rowset_id" in the object at line 1, column 17',
  );
  expect(refusal(HdfsBuildConfSchema, '{"hdfs_confs":[{"key":"a","value":null}]}').message).toBe(
    'hdfs_confs[0]: expected the required field "value" in the object at line 1, column 16',
  );
});

test('an error says nothing of the values', () => {
  const text = '{"ak":"HIDDEN1","sk":"HIDDEN2","bucket":HIDDEN3}';
  expect(refusal(ObjectStoreInfoPBSchema, text).message).toBe('bucket: expected a string at line 1, column 41');
});

describe('depth', () => {
  const nested = (open: string, close: string, times: number) => `{"u":${open.repeat(times)}1${close.repeat(times)}}`;

  test.each([
    ['{"a":', '}'],
    ['[', ']'],
  ])('100 levels of %s and no more', (open, close) => {
    expect(() => readProtobufJson(ClusterPBSchema, nested(open, close, 99))).not.toThrow();
    expect(refusal(ClusterPBSchema, nested(open, close, 100)).message).toMatch('at most 100 levels of nesting');
    expect(refusal(ClusterPBSchema, nested(open, close, 1_000_000)).message).toMatch('at most 100 levels of nesting');
  });

  test('in known fields too', () => {
    const text = `{"mysql_user_name":${'['.repeat(100_000)}`;
    expect(refusal(ClusterPBSchema, text).message).toMatch('at most 100 levels of nesting');
  });
});
