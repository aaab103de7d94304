import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { encodeField } from '../encoded-fields.ts';
import { CreateRowsetRequestSchema } from '../gen/cloud/rowset_pb.ts';
import { BeginTxnRequestSchema } from '../gen/cloud/txn_pb.ts';
import { BinaryError, readBinary } from './read-binary.ts';

describe('a message in its binary form', () => {
  test('is read, with the fields that the schema does not know', () => {
    const unknownField = Buffer.from('f2ffff0f0568656c6c6f', 'hex');
    const known = toBinary(BeginTxnRequestSchema, create(BeginTxnRequestSchema, { cloudUniqueId: '1:i:fe' }));
    const message = readBinary(BeginTxnRequestSchema, Buffer.concat([known, unknownField]));
    expect(message.cloudUniqueId).toBe('1:i:fe');
    expect(message.$unknown).toHaveLength(1);
  });

  test('must have its required fields, at any depth', () => {
    const schema = CreateRowsetRequestSchema;
    const bytes = encodeField(schema, 'rowset_meta', new Uint8Array());
    expect(() => readBinary(schema, bytes)).toThrow(new BinaryError('missing required field: rowset_meta.rowset_id'));
  });

  test.each([
    ['a length that goes beyond the end', '0aff01'],
    ['a group that never ends', '0b'],
    ['an end of a group that never began', '0c'],
    ['a field number of zero', '0001'],
    ['a number that never ends', '08ffffffffffffffffffff01'],
    ['a wire type that there is not', '0f00'],
    ['a length that is cut off', '0a80'],
  ])('is refused for %s', (_, hex) => {
    expect(() => readBinary(BeginTxnRequestSchema, Buffer.from(hex, 'hex'))).toThrow(BinaryError);
  });
});
