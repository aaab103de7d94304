import { inspect } from 'node:util';
import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { GetInstanceResponseSchema } from '../schema/gen/cloud/instance_pb.ts';
import { MetaServiceCode } from '../schema/gen/cloud/status_pb.ts';
import { ClientError, ServiceError } from './client-error.ts';

const facts = { method: 'get_instance', endpoint: 'meta:5000', attempts: 2, maybe_executed: false };

test('an error says what was called, where, and how often', () => {
  expect(new ClientError('unavailable', 'ECONNREFUSED', facts).message).toBe(
    'get_instance at meta:5000: ECONNREFUSED (after 2 attempts)',
  );
  const none = new ClientError('bad_request', 'no', { method: 'm', attempts: 0, maybe_executed: false });
  expect(none.message).toBe('m: no');
});

test('a refusal has the response, and does not show it', () => {
  const response = create(GetInstanceResponseSchema, { instance: { objInfo: [{ sk: 'a-secret-key' }] } });
  const error = new ServiceError(MetaServiceCode.CLUSTER_NOT_FOUND, 'no such thing', response, facts);
  expect(error).toBeInstanceOf(ClientError);
  expect(error).toMatchObject({ kind: 'refused', code: MetaServiceCode.CLUSTER_NOT_FOUND, msg: 'no such thing' });
  expect(error.response).toBe(response);
  expect(inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(error)).not.toContain('a-secret-key');
});

test('a code that the schema does not know is told by its number', () => {
  const response = create(GetInstanceResponseSchema);
  expect(new ServiceError(4711 as MetaServiceCode, 'new', response, facts).message).toContain('4711 new');
});
