import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GrpcCode } from '../../src/net/grpc/status.ts';
import { type GrpcUnderTest, startGrpc } from '../support/grpc/grpc-server.ts';
import { frame, GET_VERSION, RawGrpc, replyOf } from '../support/grpc/raw-call.ts';
import { deferred } from '../support/server-http.ts';

const MAX_BODY_BYTES = 20_000;
const NO_ERROR = 0;
const CANCEL = 8;

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

test('an answer is headers, the message and trailers', async () => {
  const { headers, body, trailers, code } = await client.call(frame(Buffer.from('hello')));
  expect(headers).toMatchObject({ ':status': 200, 'content-type': 'application/grpc' });
  expect(headers['grpc-status']).toBeUndefined();
  expect(body).toEqual(frame(Buffer.from('hello')));
  expect(trailers).toMatchObject({ 'grpc-status': '0' });
  expect(code).toBe(NO_ERROR);
});

test.each(['application/grpc', 'application/grpc+proto', 'application/grpc; charset=utf-8', 'Application/gRPC+proto'])(
  'messages are %s',
  async (type) => {
    const { trailers } = await client.call(frame(Buffer.from('x')), { 'content-type': type });
    expect(trailers).toMatchObject({ 'grpc-status': '0' });
  },
);

test('an empty message is a message', async () => {
  const { body, trailers } = await client.call(frame(Buffer.alloc(0)));
  expect(body).toEqual(frame(Buffer.alloc(0)));
  expect(trailers).toMatchObject({ 'grpc-status': '0' });
});

test('a message may come byte by byte', async () => {
  const stream = client.open();
  const reply = replyOf(stream);
  for (const byte of frame(Buffer.from('hello'))) {
    await new Promise((resolve) => stream.write(Buffer.of(byte), resolve));
  }
  stream.end();
  expect((await reply).body).toEqual(frame(Buffer.from('hello')));
});

describe('no call of gRPC is', () => {
  test('a request that is no POST', async () => {
    const { headers, body } = await client.call(Buffer.alloc(0), { ':method': 'PUT' });
    expect(headers).toMatchObject({ ':status': 405, allow: 'POST' });
    expect(body.toString()).toBe('calls by gRPC are POST requests\n');
  });

  test.each(['application/grpc+json', 'application/grpc-web', 'application/grpc-web+proto'])('%s', async (type) => {
    const { headers } = await client.call(frame(Buffer.from('{}')), { 'content-type': type });
    expect(headers).toMatchObject({ ':status': 415 });
  });

  test.each(['application/json', 'application/grpcish', undefined])('one with the content type %s', async (type) => {
    const { headers } = await client.call(Buffer.from('{}'), { 'content-type': type });
    expect(headers).toMatchObject({ ':status': 404 });
  });
});

describe('a message that is too large', () => {
  test('is refused as soon as its size is known', async () => {
    const stream = client.open();
    const reply = replyOf(stream);
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(MAX_BODY_BYTES + 1, 1);
    stream.write(prefix);
    const headers = await new Promise((resolve) => stream.once('response', resolve));
    expect(headers).toMatchObject({ 'grpc-status': String(GrpcCode.resource_exhausted) });
    stream.end();
    expect((await reply).code).toBe(NO_ERROR);
  });

  test('leaves the connection to other calls, however much of it still comes', async () => {
    for (let i = 0; i < 40; i++) {
      const { headers } = await client.call(frame(Buffer.alloc(1024 * 1024)));
      expect(headers).toMatchObject({ 'grpc-status': String(GrpcCode.resource_exhausted) });
    }
    expect((await client.call(frame(Buffer.from('a')))).trailers).toMatchObject({ 'grpc-status': '0' });
  });

  test('is one that becomes so when it is decompressed', async () => {
    const bomb = frame(gzipSync(Buffer.alloc(MAX_BODY_BYTES + 1)), 1);
    const { headers } = await client.call(bomb, { 'grpc-encoding': 'gzip' });
    expect(headers).toMatchObject({ 'grpc-status': String(GrpcCode.resource_exhausted) });
  });
});

describe('compression', () => {
  const gzip = { 'grpc-encoding': 'gzip', 'grpc-accept-encoding': 'identity, gzip' };

  test('of a request', async () => {
    const { body } = await client.call(frame(gzipSync('hello'), 1), { 'grpc-encoding': 'gzip' });
    expect(body).toEqual(frame(Buffer.from('hello')));
  });

  test('of a request that is the largest there may be', async () => {
    const largest = Buffer.alloc(MAX_BODY_BYTES, 'x');
    const { body } = await client.call(frame(gzipSync(largest), 1), { 'grpc-encoding': 'gzip' });
    expect(body).toEqual(frame(largest));
  });

  test('is not needed where it is announced', async () => {
    expect((await client.call(frame(Buffer.from('hello')), gzip)).body).toEqual(frame(Buffer.from('hello')));
  });

  test('of a large answer to a client that compresses and takes it', async () => {
    const large = Buffer.alloc(10_000, 'x');
    const { headers, body } = await client.call(frame(gzipSync(large), 1), gzip);
    expect(headers).toMatchObject({ 'grpc-encoding': 'gzip' });
    expect(body.readUInt8(0)).toBe(1);
    expect(gunzipSync(body.subarray(5))).toEqual(large);
  });

  test('of no answer to any other', async () => {
    const large = Buffer.alloc(10_000, 'x');
    for (const headers of [{ 'grpc-accept-encoding': 'gzip' }, { 'grpc-encoding': 'gzip' }, {}]) {
      expect((await client.call(frame(large), headers)).body).toEqual(frame(large));
    }
  });

  const lies = Buffer.from(gzipSync(Buffer.alloc(1000)));
  lies.writeUInt32LE(10, lies.length - 4);
  test.each([
    ['empty', Buffer.alloc(0)],
    ['short', Buffer.alloc(10)],
    ['no gzip', Buffer.alloc(1000, 1)],
    ['cut off', gzipSync('hello'.repeat(100)).subarray(0, -9)],
    ['larger than it says', lies],
  ])('of what is %s', async (_, bytes) => {
    const { headers } = await client.call(frame(bytes, 1), { 'grpc-encoding': 'gzip' });
    expect(headers).toMatchObject({ 'grpc-status': String(GrpcCode.internal) });
  });
});

describe('a deadline', () => {
  test('that passes ends the call, and the answer is thrown away', async () => {
    const slow = deferred<Uint8Array>();
    answer = () => slow.promise;
    const { headers } = await client.call(frame(Buffer.from('a')), { 'grpc-timeout': '20m' });
    expect(headers).toMatchObject({ 'grpc-status': String(GrpcCode.deadline_exceeded) });
    expect(server.buffered.used).toBeGreaterThan(0);
    slow.resolve(Buffer.from('late'));
    await slow.promise;
  });

  test('that passes while the request comes ends the call', async () => {
    const stream = client.open({ 'grpc-timeout': '20000u' });
    const reply = replyOf(stream);
    stream.write(frame(Buffer.from('hello')).subarray(0, 6));
    await new Promise((resolve) => stream.once('response', resolve));
    stream.end();
    expect((await reply).headers).toMatchObject({ 'grpc-status': String(GrpcCode.deadline_exceeded) });
  });

  test.each(['0n', '0S', '1n'])('of %s passes at once', async (timeout) => {
    answer = () => new Promise((resolve) => setTimeout(() => resolve(Buffer.alloc(0)), 100));
    const { headers } = await client.call(frame(Buffer.from('a')), { 'grpc-timeout': timeout });
    expect(headers).toMatchObject({ 'grpc-status': String(GrpcCode.deadline_exceeded) });
    await new Promise((resolve) => setTimeout(resolve, 150));
  });

  test.each(['1H', '60M', '99999999H', '90S', '90000m', '90000000u'])('of %s lets the call be', async (timeout) => {
    const { trailers } = await client.call(frame(Buffer.from('a')), { 'grpc-timeout': timeout });
    expect(trailers).toMatchObject({ 'grpc-status': '0' });
  });
});

test('a call that is cancelled gives back what it held when its method is through', async () => {
  const slow = deferred<Uint8Array>();
  const begun = deferred<void>();
  answer = () => {
    begun.resolve();
    return slow.promise;
  };
  const stream = client.open();
  stream.end(frame(Buffer.from('hello')));
  await begun.promise;
  stream.close(CANCEL);
  await replyOf(stream);
  expect(server.buffered.used).toBeGreaterThan(0);
  slow.resolve(Buffer.from('late'));
  await slow.promise;
  expect((await client.call(frame(Buffer.from('a')))).trailers).toMatchObject({ 'grpc-status': '0' });
});

test('a request that is cancelled before it is whole runs nothing', async () => {
  let runs = 0;
  answer = async (request) => {
    runs++;
    return request;
  };
  const stream = client.open();
  await new Promise((resolve) => stream.write(frame(Buffer.from('hello')), resolve));
  stream.destroy();
  await replyOf(stream);
  await client.call(frame(Buffer.from('a')));
  expect(runs).toBe(1);
});

test('other requests of the connection get what they would get by HTTP/1', async () => {
  const paths: string[] = [];
  const plain = await startGrpc(answer, {
    handler: async ({ method, path, query, body, headers }) => {
      paths.push(`${method} ${path} ${query} ${body}`);
      return { status: 201, contentType: 'text/plain', body: String(headers['x-one']), headers: { 'x-two': 'two' } };
    },
  });
  const other = new RawGrpc(plain.base);
  const reply = await other.call(Buffer.from('body'), {
    ':path': '/some?q=1',
    'content-type': undefined,
    'x-one': 'one',
  });
  expect(paths).toEqual(['POST /some q=1 body']);
  expect(reply.headers).toMatchObject({
    ':status': 201,
    'content-length': '3',
    'content-type': 'text/plain',
    'x-two': 'two',
  });
  expect(reply.body.toString()).toBe('one');
  const large = await other.call(Buffer.alloc(2000), { ':path': '/some', 'content-type': 'text/plain' });
  expect(large.headers).toMatchObject({ ':status': 413 });
  const calls = await other.call(frame(Buffer.from('a')), { ':path': GET_VERSION });
  expect(calls.trailers).toMatchObject({ 'grpc-status': '0' });
  other.close();
  await plain.stop();
});
