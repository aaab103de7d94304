import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { CreateInstanceRequestSchema } from '../schema/gen/cloud/instance_pb.ts';
import { secretsIn, secretsOf, withoutSecrets } from './secrets.ts';

test('the secrets of a request are those that would be masked in it', () => {
  const request = create(CreateInstanceRequestSchema, {
    instanceId: 'i1',
    objInfo: { ak: 'access-of-i1', sk: 'secret/of+i1', bucket: 'b', endpoint: 'e' },
  });
  expect(secretsOf(CreateInstanceRequestSchema, request).sort()).toEqual(['access-of-i1', 'secret/of+i1']);
});

test('the secrets of an admin body are what stands under names that say so, at any depth', () => {
  const body = {
    name: 'n',
    obj_info: [{ ak: 'a1', bucket: 'b' }, { secret_key: ['s1', { inner: 's2' }] }],
    http_token: 't',
  };
  expect(secretsIn(body)).toEqual(['a1', 's1', 's2', 't']);
  expect(secretsIn(undefined)).toEqual([]);
});

test.each([
  ['a secret as it is', 'no such key secret/1 here', ['secret/1'], 'no such key ****** here'],
  ['as a URL has it', 'GET ?token=secret%2F1', ['secret/1'], 'GET ?token=******'],
  ['as JSON has it', '{"sk":"se\\"cret"}', ['se"cret'], '{"sk":"******"}'],
  ['one that holds another', 'abcdefgh abcdef', ['abcdef', 'abcdefgh'], '****** ******'],
  ['a short one only where it stands alone', 'ask sk=sk', ['sk'], 'ask ******=******'],
  ['signs of patterns', 'key a.* and abb', ['a.*'], 'key ****** and abb'],
  ['a password in a URL', 'http://u:pw@host/', [], 'http://******@host/'],
  ['no secret at all', 'plain', [''], 'plain'],
])('a text is told without %s', (_, text, secrets, expected) => {
  expect(withoutSecrets(text, secrets)).toBe(expected);
});
