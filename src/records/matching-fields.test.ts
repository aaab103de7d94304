import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { takeoverPairs } from '../../test/keys/recorded.ts';
import { allKinds } from '../keys/key-table.ts';
import { InstanceInfoPBSchema } from '../schema/gen/cloud/instance_pb.ts';
import { RoutineLoadProgressPBSchema } from '../schema/gen/cloud/txn_attachment_pb.ts';
import { RecycleTxnPBSchema } from '../schema/gen/cloud/txn_pb.ts';
import { VersionPBSchema } from '../schema/gen/cloud/version_pb.ts';
import { keepMatchingFields } from './matching-fields.ts';

function keep(schema: Parameters<typeof keepMatchingFields>[0], hex: string): { hex: string; whole: boolean } {
  const { bytes, whole } = keepMatchingFields(schema, Buffer.from(hex, 'hex'));
  return { hex: Buffer.from(bytes).toString('hex'), whole };
}

const schemas = allKinds.flatMap((kind) => ('schema' in kind.shape.value ? [kind.shape.value.schema] : []));

describe('fields that match their declaration', () => {
  test('are all kept in a value of the right kind', () => {
    const instance = create(InstanceInfoPBSchema, {
      instanceId: 'i',
      clusters: [{ clusterId: 'c', nodes: [{ ip: '::1' }] }],
    });
    const bytes = toBinary(InstanceInfoPBSchema, instance);
    expect(keepMatchingFields(InstanceInfoPBSchema, bytes)).toEqual({ bytes, whole: true });
    const progress = create(RoutineLoadProgressPBSchema, {
      partitionToOffset: { 0: 5n, 1: -1n },
      stat: { loadedRows: 3n },
    });
    const map = toBinary(RoutineLoadProgressPBSchema, progress);
    expect(keepMatchingFields(RoutineLoadProgressPBSchema, map)).toEqual({ bytes: map, whole: true });
  });

  test('are kept alone when others have another wire type or are not declared', () => {
    // RecycleTxnPB has creation_time = 1 and label = 2: here the label is a number, and a field 99 follows.
    expect(keep(RecycleTxnPBSchema, '0805' + '1007' + '980601')).toEqual({ hex: '0805', whole: true });
  });

  test('in messages within messages too', () => {
    // Field 7 of an instance is a cluster, whose field 1 is text: the number there is dropped, the text kept.
    const clusters = InstanceInfoPBSchema.field.clusters.number;
    const tag = ((clusters << 3) | 2).toString(16).padStart(2, '0');
    expect(keep(InstanceInfoPBSchema, `${tag}0508010a0163`)).toEqual({ hex: `${tag}030a0163`, whole: true });
  });

  test('do not include numbers that an enum lacks', () => {
    const status = InstanceInfoPBSchema.field.status.number;
    const tag = Buffer.from([
      ((status << 3) & 0x7f) | (status > 15 ? 0x80 : 0),
      ...(status > 15 ? [status >> 4] : []),
    ]).toString('hex');
    expect(keep(InstanceInfoPBSchema, `${tag}63`)).toEqual({ hex: '', whole: true });
  });

  test.each([
    ['0200000000000000', 'field number 0'],
    ['08', 'a number that is missing'],
    ['08ffffffffffffffffffffff01', 'a number that is too long'],
    ['1205', 'text that is cut short'],
    ['0c', 'the end of a group that did not begin'],
    ['0f', 'no wire type'],
  ])('%s ends with %s', (hex) => {
    expect(keep(VersionPBSchema, hex).whole).toBe(false);
  });

  test('come with what stood before the error', () => {
    expect(keep(VersionPBSchema, '080500')).toEqual({ hex: '0805', whole: false });
  });
});

describe('any bytes', () => {
  const stored = takeoverPairs().map(({ value }) => value);
  const value = fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.constantFrom(...stored), mutated(stored));

  test('leave something that decodes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...schemas), value, (schema, bytes) => {
        fromBinary(schema, keepMatchingFields(schema, bytes).bytes);
      }),
      { verbose: true, numRuns: 5000 },
    );
  });
});

function mutated(values: readonly Buffer[]): fc.Arbitrary<Buffer> {
  return fc.tuple(fc.constantFrom(...values), fc.nat(), fc.nat(255)).map(([original, at, byte]) => {
    const copy = Buffer.from(original);
    copy[at % Math.max(1, copy.length)] = byte;
    return copy;
  });
}
