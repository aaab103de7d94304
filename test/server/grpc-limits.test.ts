import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { GrpcCode } from '../../src/net/grpc/status.ts';
import { MOST_STREAMS } from '../../src/net/http2/session-options.ts';
import { type GrpcUnderTest, startGrpc } from '../support/grpc/grpc-server.ts';
import { frame, RawGrpc, replyOf, statusOf } from '../support/grpc/raw-call.ts';
import { deferred } from '../support/server-http.ts';

const MIB = 1024 * 1024;
const LARGEST = 64 * MIB;

let server: GrpcUnderTest;
const clients: RawGrpc[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.stop();
  expect(server.buffered.used).toBe(0);
});

function connect(options?: ConstructorParameters<typeof RawGrpc>[1]): RawGrpc {
  const client = new RawGrpc(server.base, options);
  clients.push(client);
  return client;
}

describe('messages of 64 MiB', () => {
  test('go both ways', async () => {
    server = await startGrpc(async (request) => request, { max_body_bytes: LARGEST, max_buffered_bytes: 4 * LARGEST });
    const body = frame(randomBytes(LARGEST));
    const reply = await connect().call(body);
    expect(statusOf(reply)).toBe(GrpcCode.ok);
    expect(reply.body.equals(body)).toBe(true);
  });
});

test('many large requests at a time stay within max_buffered_bytes, and those without room are refused', async () => {
  const large = 16 * MIB;
  let most = 0;
  server = await startGrpc(
    async () => {
      most = Math.max(most, server.buffered.used);
      return Buffer.alloc(0);
    },
    { max_body_bytes: large, max_buffered_bytes: 2 * large + 1000 },
  );
  const body = frame(Buffer.alloc(large));
  const replies = await Promise.all(Array.from({ length: 8 }, () => connect().call(body)));
  expect(new Set(replies.map(statusOf))).toEqual(new Set([GrpcCode.ok, GrpcCode.resource_exhausted]));
  expect(most).toBeLessThanOrEqual(2 * large + 1000);
});

test('an answer without room is refused, unless it is small', async () => {
  let answer = Buffer.alloc(40_000);
  server = await startGrpc(async () => answer, { max_buffered_bytes: 30_000 });
  expect(statusOf(await connect().call(frame(Buffer.from('a'))))).toBe(GrpcCode.ok);
  answer = Buffer.alloc(70_000);
  expect(statusOf(await connect().call(frame(Buffer.from('a'))))).toBe(GrpcCode.aborted);
});

test('a compressed request counts with what it becomes', async () => {
  server = await startGrpc(async (request) => request, { max_body_bytes: MIB, max_buffered_bytes: 100_000 });
  const zipped = frame(gzipSync(Buffer.alloc(200_000)), 1);
  expect(statusOf(await connect().call(zipped, { 'grpc-encoding': 'gzip' }))).toBe(GrpcCode.resource_exhausted);
});

describe('a client that takes too long', () => {
  test('to send its request is answered', async () => {
    server = await startGrpc(async (request) => request, { request_timeout_ms: 100 });
    const stream = connect().open();
    stream.write(Buffer.alloc(3));
    const [headers] = await once(stream, 'response');
    expect(headers['grpc-status']).toBe(String(GrpcCode.deadline_exceeded));
    stream.end();
    await replyOf(stream);
  });

  test('to read its answer is cut off, and the memory is given back', async () => {
    const answer = Buffer.alloc(LARGEST);
    server = await startGrpc(async () => answer, { max_buffered_bytes: 2 * LARGEST, send_timeout_ms: 200 });
    const stream = connect().open();
    stream.end(frame(Buffer.from('a')));
    await once(stream, 'response');
    expect(server.buffered.used).toBeGreaterThanOrEqual(LARGEST);
    // Nothing reads it.
    await once(stream.pause(), 'close');
    while (server.buffered.used > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  test('to say anything is closed', async () => {
    server = await startGrpc(async (request) => request, { headers_timeout_ms: 100 });
    const socket = connectTcp(server.port, '127.0.0.1');
    socket.write('PRI * HTTP/2.0\r\n\r\n');
    await once(socket.resume(), 'close');
  });
});

test('a connection without calls is closed in time, and told so', async () => {
  server = await startGrpc(async (request) => request, { idle_timeout_ms: 100, send_timeout_ms: 200 });
  const client = connect();
  const goaway = once(client.session, 'goaway');
  await client.call(frame(Buffer.from('a')));
  expect((await goaway)[0]).toBe(0);
  await server.connections.ended();
});

describe('floods:', () => {
  test('a client is told how many calls it may make at a time', async () => {
    server = await startGrpc(async (request) => request);
    const client = connect();
    await once(client.session, 'remoteSettings');
    expect(client.session.remoteSettings.maxConcurrentStreams).toBe(MOST_STREAMS);
  });

  test('calls that are reset at once end the connection', async () => {
    server = await startGrpc(async (request) => request);
    const client = connect();
    const goaway = once(client.session, 'goaway');
    for (let i = 0; !client.session.destroyed && i < 20_000; i++) {
      client.open().destroy();
      if (i % 100 === 0) await new Promise(setImmediate);
    }
    await goaway;
  });

  test('headers that are too large are refused', async () => {
    server = await startGrpc(async (request) => request);
    const client = connect();
    const reply = await client.call(frame(Buffer.from('a')), { 'x-large': 'x'.repeat(100_000) });
    expect(reply.code).not.toBe(0);
    expect(reply.headers).toEqual({});
  });

  test('settings without end close the connection', async () => {
    server = await startGrpc(async (request) => request);
    const socket = connectTcp(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    const settings = Buffer.from('000000040000000000', 'hex');
    socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), ...Array(5000).fill(settings)]));
    await once(socket, 'close');
    expect(server.log.join('')).toContain('settings were sent more than');
  });

  test('continuations without end close the connection', async () => {
    server = await startGrpc(async (request) => request);
    const socket = connectTcp(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    // HEADERS without END_HEADERS, and then one CONTINUATION after another.
    const start = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
    const open = Buffer.from('000000040000000000' + '000001010000000001' + '83', 'hex');
    const more = Buffer.from('000001090000000001' + '83', 'hex');
    socket.write(Buffer.concat([Buffer.from(start), open, ...Array(20_000).fill(more)]));
    await once(socket, 'close');
  });
});

describe('when the service stops', () => {
  test('calls in flight and on their way are answered, and the client is told to go elsewhere', async () => {
    const hold = deferred<Uint8Array>();
    const begun = deferred<void>();
    server = await startGrpc(() => {
      begun.resolve();
      return hold.promise;
    });
    const client = connect();
    const running = client.call(frame(Buffer.from('a')));
    await begun.promise;
    const goaway = once(client.session, 'goaway');
    const late = client.call(frame(Buffer.from('b')));
    // By then it is on its way; a client that hears first that it should go elsewhere sends nothing.
    await new Promise((resolve) => setTimeout(resolve, 1));
    server.front.drain();
    const [code, last] = await goaway;
    expect([code, last]).toEqual([0, 2 ** 31 - 1]);
    hold.resolve(Buffer.from('x'));
    for (const reply of await Promise.all([running, late])) expect(statusOf(reply)).toBe(GrpcCode.ok);
    await server.connections.ended();
  });

  test('a connection that comes late is served and closed', async () => {
    server = await startGrpc(async (request) => request);
    server.front.drain();
    expect(statusOf(await connect().call(frame(Buffer.from('a'))))).toBe(GrpcCode.ok);
    await server.connections.ended();
  });
});

test('a client that closes its side after a call gets its answer', async () => {
  const hold = deferred<Uint8Array>();
  const begun = deferred<void>();
  server = await startGrpc(() => {
    begun.resolve();
    return hold.promise;
  });
  const client = connect();
  const reply = client.call(frame(Buffer.from('a')));
  await begun.promise;
  client.session.close();
  hold.resolve(Buffer.from('x'));
  expect(statusOf(await reply)).toBe(GrpcCode.ok);
  await server.connections.ended();
});
