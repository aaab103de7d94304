import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { metaService } from '../../src/rpc/service.ts';
import { MetaServiceCode } from '../../src/schema/gen/cloud/status_pb.ts';
import { BeginTxnRequestSchema, BeginTxnResponseSchema } from '../../src/schema/gen/cloud/txn_pb.ts';
import { startTestServer, type TestServer } from '../support/run-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

function post(path: string, body: string | Uint8Array, type: string): Promise<Response> {
  return fetch(`${server.base}${path}`, { method: 'POST', body, headers: { 'content-type': type } });
}

describe('a method over HTTP', () => {
  const request = toBinary(BeginTxnRequestSchema, create(BeginTxnRequestSchema, { cloudUniqueId: '1:i:fe' }));

  test.each(['application/proto', 'application/x-protobuf', 'application/x-protobuf; charset=none'])(
    'takes and answers binary messages as %s',
    async (type) => {
      const answer = await post('/MetaService/begin_txn', request, type);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe(type);
      const response = fromBinary(BeginTxnResponseSchema, new Uint8Array(await answer.arrayBuffer()));
      expect(response.status).toMatchObject({
        code: MetaServiceCode.INVALID_ARGUMENT,
        msg: 'invalid argument, missing txn info',
      });
    },
  );

  test('takes JSON under any other content type', async () => {
    for (const type of ['application/json', 'text/plain', 'application/protocol', '']) {
      const answer = await post('/MetaService/begin_txn', '{"cloud_unique_id":"1:i:fe"}', type);
      expect(await answer.json()).toMatchObject({ status: { code: 'INVALID_ARGUMENT' } });
    }
  });

  test('refuses bytes that are no message, without their values', async () => {
    const answer = await post('/MetaService/begin_txn', Buffer.from('0aff01736563726574', 'hex'), 'application/proto');
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('text/plain');
    const text = await answer.text();
    expect(text).toMatch(/^\[127\.0\.0\.1:\d+\]\[E1003\]Fail to parse http body as doris\.cloud\.BeginTxnRequest, /);
    expect(text).not.toContain('secret');
  });

  test('is found under the full name of its service, too', async () => {
    const answer = await post('/doris.cloud.MetaService/begin_txn', '{}', 'application/json');
    expect(await answer.json()).toMatchObject({ status: { code: 'INVALID_ARGUMENT' } });
  });

  test.each(['/MetaService', '/MetaService/', '/doris.cloud.MetaService'])('is listed at %s', async (path) => {
    const answer = await fetch(`${server.base}${path}`);
    expect(answer.status).toBe(404);
    const text = await answer.text();
    expect(text).toMatch(
      /\[E1002\]Missing method name for service=(doris\.cloud\.)?MetaService\. Available methods are: \n\n/,
    );
    expect(text.match(/^rpc .*$/gm)).toHaveLength(metaService.methods.size);
    expect(text).toContain('\nrpc get_version (GetVersionRequest) returns (GetVersionResponse);\n');
  });
});

test.each(['/version', '/version/'])('%s tells the version', async (path) => {
  const answer = await fetch(`${server.base}${path}`);
  expect(answer.status).toBe(200);
  expect(await answer.text()).toBe('nereus test\n');
});
