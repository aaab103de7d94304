import { type DescMessage, equals, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { missingRequired } from '../check-required.ts';
import { GetClusterStatusResponseSchema } from '../gen/cloud/cluster_pb.ts';
import { UpdateDeleteBitmapRequestSchema } from '../gen/cloud/delete_bitmap_pb.ts';
import { InstanceInfoPBSchema } from '../gen/cloud/instance_pb.ts';
import { GetRowsetResponseSchema } from '../gen/cloud/rowset_pb.ts';
import { CreateTabletsRequestSchema } from '../gen/cloud/tablet_pb.ts';
import { TxnInfoPBSchema } from '../gen/cloud/txn_pb.ts';
import { arbitraryMessage } from '../testing/arbitrary-message.ts';
import { writeTextFormat } from '../text/write-text-format.ts';
import { JsonError } from './json-error.ts';
import { readBrpcJson } from './read-brpc-json.ts';
import { readProtobufJson } from './read-protobuf-json.ts';
import { writeBrpcJson } from './write-brpc-json.ts';
import { writeProtobufJson } from './write-protobuf-json.ts';

const schemas: DescMessage[] = [
  InstanceInfoPBSchema,
  GetClusterStatusResponseSchema,
  TxnInfoPBSchema,
  GetRowsetResponseSchema,
  CreateTabletsRequestSchema,
  UpdateDeleteBitmapRequestSchema,
];

describe.each(schemas)('$typeName', (schema) => {
  const messages = arbitraryMessage(schema);

  test('protobuf JSON reads back', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const text = writeProtobufJson(schema, message);
        expect(() => JSON.parse(text)).not.toThrow();
        const read = readProtobufJson(schema, text);
        expect(read.unknownEnums).toEqual([]);
        expect(equals(schema, read.message, message)).toBe(true);
      }),
    );
  });

  test('brpc JSON reads back', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const text = writeBrpcJson(schema, message);
        expect(() => JSON.parse(text)).not.toThrow();
        expect(equals(schema, readBrpcJson(schema, text), message)).toBe(true);
      }),
    );
  });

  test('random messages survive the binary form and lack nothing', () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(equals(schema, fromBinary(schema, toBinary(schema, message)), message)).toBe(true);
        expect(missingRequired(schema, message)).toBeUndefined();
        expect(writeTextFormat(schema, message)).toMatch(/^$|\n$/);
      }),
    );
  });

  test('mutated JSON is read or refused with a JsonError', () => {
    const mutation = fc.tuple(fc.nat(), fc.nat({ max: 6 }), fc.string({ unit: 'binary', maxLength: 3 }));
    fc.assert(
      fc.property(
        messages,
        fc.boolean(),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        (message, brpc, edits) => {
          let text = brpc ? writeBrpcJson(schema, message) : writeProtobufJson(schema, message);
          for (const [at, length, insert] of edits) {
            const start = at % (text.length + 1);
            text = text.slice(0, start) + insert + text.slice(start + length);
          }
          for (const read of [readProtobufJson, readBrpcJson]) {
            const error = errorOf(() => read(schema, text));
            if (error !== undefined) expect(error).toBeInstanceOf(JsonError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

function errorOf(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
}
