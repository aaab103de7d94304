import { describe, expect, test } from 'vitest';
import { ClusterPBSchema, ClusterStatus } from '../gen/cloud/cluster_pb.ts';
import { readProtobufJson } from './read-protobuf-json.ts';

test('an alias stands for the name of an enum value, not for other text', () => {
  const aliases = new Map([['STOPPED', 'SUSPENDED']]);
  const text = '{"cluster_name":"STOPPED","cluster_status":"STOPPED"}';
  const { message, unknownEnums } = readProtobufJson(ClusterPBSchema, text, { enumAliases: aliases });
  expect([message.clusterName, message.clusterStatus, unknownEnums]).toEqual(['STOPPED', ClusterStatus.SUSPENDED, []]);
  expect(readProtobufJson(ClusterPBSchema, text).unknownEnums).toEqual(['cluster_status']);
});

describe('a number for a text', () => {
  const numbersAsText = new Set(['doris.cloud.ClusterPB.cluster_id']);
  const read = (text: string) => readProtobufJson(ClusterPBSchema, text, { numbersAsText }).message;

  test.each(['0', '-7', '113974', '123456789012345678901234567890'])(
    'is its digits where that is allowed: %s',
    (text) => {
      expect(read(`{"cluster_id": ${text} }`).clusterId).toBe(text);
    },
  );

  test.each(['1.5', '1e3', '01', '-', 'true', '[1]'])('is refused when it is no whole number: %s', (text) => {
    expect(() => read(`{"cluster_id":${text}}`)).toThrow(/^cluster_id: expected a string/);
  });

  test('is refused in every other field', () => {
    expect(() => read('{"cluster_name":1}')).toThrow(/^cluster_name: expected a string at/);
    expect(() => readProtobufJson(ClusterPBSchema, '{"cluster_id":1}')).toThrow(/^cluster_id: expected a string at/);
  });
});
