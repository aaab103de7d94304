import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GrpcCode } from '../../src/net/grpc/status.ts';
import { RpcFault } from '../../src/net/rpc-fault.ts';
import { type GrpcUnderTest, startGrpc } from '../support/grpc/grpc-server.ts';
import { frame, RawGrpc } from '../support/grpc/raw-call.ts';

const MAX_BODY_BYTES = 20_000;
const NO_ERROR = 0;

let server: GrpcUnderTest;
let client: RawGrpc;
let answer: (request: Uint8Array) => Promise<Uint8Array>;

beforeEach(async () => {
  answer = async (request) => request;
  server = await startGrpc((request) => answer(request), { max_body_bytes: MAX_BODY_BYTES });
  client = new RawGrpc(server.base);
});
afterEach(async () => {
  client.close();
  await server.stop();
  expect(server.buffered.used).toBe(0);
});

describe('an error comes without a message, and in the headers:', () => {
  async function failure(body: Uint8Array, headers: Readonly<Record<string, string>> = {}) {
    const reply = await client.call(body, headers);
    expect(reply.headers).toMatchObject({ ':status': 200, 'content-type': 'application/grpc' });
    expect(reply.body).toHaveLength(0);
    expect(reply.trailers).toBeUndefined();
    expect(reply.code).toBe(NO_ERROR);
    const { 'grpc-status': status, 'grpc-message': message } = reply.headers;
    return { status: Number(status), message, headers: reply.headers };
  }

  test.each([
    '/doris.cloud.MetaService/get_nothing',
    '/doris.cloud.Nothing/get_version',
    '/',
    '/doris.cloud.MetaService',
  ])('nothing is served at %s', async (path) => {
    expect(await failure(frame(Buffer.alloc(0)), { ':path': path })).toMatchObject({ status: GrpcCode.unimplemented });
  });

  test('the admin API is served over HTTP', async () => {
    const { status, message } = await failure(frame(Buffer.alloc(0)), { ':path': '/doris.cloud.MetaService/http' });
    expect(status).toBe(GrpcCode.unimplemented);
    expect(message).toContain('operations are served over HTTP');
  });

  test('no message', async () => {
    expect(await failure(Buffer.alloc(0))).toMatchObject({ status: GrpcCode.unimplemented });
  });

  test('two messages', async () => {
    const two = Buffer.concat([frame(Buffer.from('a')), frame(Buffer.from('b'))]);
    expect(await failure(two)).toMatchObject({ status: GrpcCode.unimplemented });
    expect(await failure(two.subarray(0, -4))).toMatchObject({ status: GrpcCode.unimplemented });
  });

  test.each([1, 5, 9])('a message that is cut off after %i bytes', async (length) => {
    const cut = frame(Buffer.from('hello')).subarray(0, length);
    expect(await failure(cut)).toMatchObject({ status: GrpcCode.internal });
  });

  test('a message with a flag that is not known', async () => {
    expect(await failure(frame(Buffer.from('a'), 2))).toMatchObject({ status: GrpcCode.internal });
  });

  test('a message that is compressed, and the headers do not say how', async () => {
    expect(await failure(frame(gzipSync('a'), 1))).toMatchObject({ status: GrpcCode.internal });
    const identity = { 'grpc-encoding': 'identity' };
    expect(await failure(frame(gzipSync('a'), 1), identity)).toMatchObject({ status: GrpcCode.internal });
  });

  test('an encoding that is not known, beside those that are', async () => {
    const { status, headers } = await failure(frame(Buffer.from('a')), { 'grpc-encoding': 'snappy' });
    expect(status).toBe(GrpcCode.unimplemented);
    expect(headers).toMatchObject({ 'grpc-accept-encoding': 'identity,gzip' });
  });

  test.each(['', '1', 'S', '123456789S', '1s', '-1S', '1.5S', '1 S'])('the deadline %j', async (timeout) => {
    expect(await failure(frame(Buffer.from('a')), { 'grpc-timeout': timeout })).toMatchObject({
      status: GrpcCode.internal,
      message: 'malformed grpc-timeout',
    });
  });

  test.each([
    ['bad_request', GrpcCode.invalid_argument],
    ['busy', GrpcCode.resource_exhausted],
    ['defect', GrpcCode.internal],
  ] as const)('%s', async (kind, status) => {
    answer = () => Promise.reject(new RpcFault(kind, 'é 100%\n'));
    expect(await failure(frame(Buffer.from('a')))).toMatchObject({ status, message: '%C3%A9 100%25%0A' });
  });

  test('a defect, of which the log tells more', async () => {
    answer = () => Promise.reject(new Error('hidden'));
    const { status, message } = await failure(frame(Buffer.from('a')));
    expect(status).toBe(GrpcCode.internal);
    expect(message).toMatch(/^unexpected error, the log tells more about error_id=[0-9a-f]+$/);
    expect(server.log.join('')).toContain('hidden');
  });

  test('a text that is too long, cut off', async () => {
    answer = () => Promise.reject(new RpcFault('bad_request', '装'.repeat(5000)));
    const { message } = await failure(frame(Buffer.from('a')));
    expect(String(message).length).toBeLessThanOrEqual(1024);
    expect(decodeURIComponent(String(message))).toMatch(/^装+$/);
  });
});
