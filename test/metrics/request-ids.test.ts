import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GetVersionRequestSchema } from '../../src/schema/gen/cloud/version_pb.ts';
import { BaiduStdClient } from '../support/baidu-std-client.ts';
import { frame, RawGrpc } from '../support/grpc/raw-call.ts';
import { loggerTo } from '../support/logger-to.ts';
import { startTestServer, type TestServer } from '../support/run-server.ts';

const ID = 'the-id/of+this:call';
const TOO_LONG = 'x'.repeat(129);
/** Refused, and so logged. */
const request = toBinary(GetVersionRequestSchema, create(GetVersionRequestSchema, { cloudUniqueId: 'nobody' }));

let server: TestServer;
let lines: Record<string, unknown>[];
beforeEach(async () => {
  lines = [];
  server = await startTestServer({ logger: loggerTo((line) => void lines.push(JSON.parse(line)), 'info') });
});
afterEach(() => server.stop());

const logged = () => lines.filter(({ msg }) => msg === 'call').map(({ request_id }) => request_id);
const port = () => Number(new URL(server.base).port);

describe('the id that a caller gives its call stands in the log, once, and comes back', () => {
  test('by HTTP', async () => {
    for (const path of ['get_version', `http/get_cluster?token=${server.token}`]) {
      const url = `${server.base}/MetaService/${path}`;
      const post = (id: string) =>
        fetch(url, {
          method: 'POST',
          body: '{"cloud_unique_id":"x","cluster_name":"c"}',
          headers: { 'x-request-id': id },
        });
      const response = await post(ID);
      expect(response.headers.get('x-request-id'), path).toBe(ID);
      expect((await post(TOO_LONG)).headers.get('x-request-id')).toBe(null);
    }
    expect(logged()).toEqual([ID, undefined, ID, undefined]);
    expect(
      (await fetch(`${server.base}/health`, { headers: { 'x-request-id': ID } })).headers.get('x-request-id'),
    ).toBe(ID);
  });

  test('by gRPC, with an answer and with an error', async () => {
    const client = new RawGrpc(server.base);
    const { headers } = await client.call(frame(request), { 'x-request-id': ID });
    expect(headers['x-request-id']).toBe(ID);
    const broken = await client.call(frame(Buffer.from('no message')), { 'x-request-id': ID });
    expect(broken.headers['grpc-status']).not.toBe('0');
    expect(broken.headers['x-request-id']).toBe(ID);
    expect((await client.call(frame(request), { 'x-request-id': TOO_LONG })).headers['x-request-id']).toBe(undefined);
    expect(logged()).toEqual([ID, undefined]);
    client.close();
  });

  test('by baidu_std, as a request id, or as a number for logs, which stays here', async () => {
    const client = await BaiduStdClient.connect(port());
    const names = { serviceName: 'MetaService', methodName: 'get_version' };
    const call = (correlationId: bigint, meta: object) =>
      client.send('get_version', request, { meta: { correlationId, request: { ...names, ...meta } } });
    expect((await call(1n, { requestId: ID })).meta.userFields).toEqual({ 'x-request-id': ID });
    expect((await call(2n, { logId: 2n ** 40n + 3n })).meta.userFields).toEqual({});
    expect((await call(3n, { requestId: TOO_LONG })).meta.userFields).toEqual({});
    expect((await call(4n, {})).meta.userFields).toEqual({});
    expect(logged()).toEqual([ID, String(2n ** 40n + 3n), undefined, undefined]);
    client.close();
  });
});
