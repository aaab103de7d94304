import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Client, createClient } from '../../src/client/client.ts';
import { frame } from '../../src/client/grpc/frame.ts';
import { MetaServiceCode } from '../../src/schema/gen/cloud/status_pb.ts';
import { GetTxnIdResponseSchema } from '../../src/schema/gen/cloud/txn_pb.ts';

const OK = { code: MetaServiceCode.OK, msg: '' };
const REQUEST = { cloudUniqueId: '1:inst:fe', dbId: 1n, label: 'l' };

/** What the server does with each call, in their order; the last one with all that follow. */
type Answer = (stream: ServerHttp2Stream) => void;

let http2: Http2Server;
let client: Client;
let answers: Answer[];
let headers: unknown[][];
let sessions: ServerHttp2Session[];
let sockets: Socket[];
beforeEach(async () => {
  [answers, headers, sessions, sockets] = [[], [], [], []];
  http2 = createServer();
  http2.on('connection', (socket: Socket) => sockets.push(socket));
  http2.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => undefined);
  });
  http2.on('stream', (stream, given) => {
    headers.push([given[':path'], given['content-type'], given.te, given['grpc-timeout']]);
    stream.on('error', () => undefined);
    stream.resume();
    answers[Math.min(headers.length, answers.length) - 1]?.(stream);
  });
  http2.listen(0, '127.0.0.1');
  await once(http2, 'listening');
  const { port } = http2.address() as AddressInfo;
  client = createClient({ endpoints: `127.0.0.1:${port}`, transport: 'grpc', timeout_ms: 5_000 });
});
afterEach(async () => {
  client.close();
  for (const session of sessions) session.destroy();
  http2.close();
  await once(http2, 'close');
});

function respond(stream: ServerHttp2Stream, body: Buffer, status = '0', message = ''): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status, 'grpc-message': message }));
  stream.end(body);
}

function answered(txnId = 7n): Answer {
  return (stream) => {
    const response = create(GetTxnIdResponseSchema, { status: OK, txnId });
    respond(stream, frame(toBinary(GetTxnIdResponseSchema, response)));
  };
}

/** Headers alone, which are trailers at once. */
function refusedWith(status: number, message = ''): Answer {
  return (stream) =>
    stream.respond({ ':status': 200, 'grpc-status': status, 'grpc-message': message }, { endStream: true });
}

/** Not to be repeated: the answer to a lost one is an error. */
const unsafely = () => client.clean_txn_label({ cloudUniqueId: '1:inst:fe', dbId: 1n });
const safely = () => client.get_txn_id(REQUEST);

describe('a call by gRPC', () => {
  test('has the headers that gRPC asks for, and its deadline', async () => {
    answers = [answered()];
    expect((await client.get_txn_id(REQUEST, { timeout_ms: 4_000 })).txnId).toBe(7n);
    expect(headers).toEqual([
      ['/doris.cloud.MetaService/get_txn_id', 'application/grpc+proto', 'trailers', expect.stringMatching(/^\d{4}m$/)],
    ]);
  });

  test.each<[string, Answer]>([
    ['a stream that was refused', (stream) => stream.close(7)],
    ['UNAVAILABLE', refusedWith(14, 'draining')],
    ['RESOURCE_EXHAUSTED', refusedWith(8)],
    ['HTTP 503', (stream) => stream.respond({ ':status': 503 }, { endStream: true })],
  ])('is sent again after %s, whatever it does', async (_, first) => {
    answers = [first, answered()];
    await unsafely();
    expect(headers.length).toBe(2);
  });

  test.each<[string, Answer, object]>([
    ['INVALID_ARGUMENT', refusedWith(3, 'no%20such'), { kind: 'bad_request', message: /INVALID_ARGUMENT no such/ }],
    ['UNIMPLEMENTED', refusedWith(12), { kind: 'bad_request', maybe_executed: false }],
    ['INTERNAL', refusedWith(13), { kind: 'failed', maybe_executed: true }],
    ['OK without a message', refusedWith(0), { kind: 'protocol' }],
    ['a status after its message', (stream) => respond(stream, frame(new Uint8Array()), '13'), { kind: 'failed' }],
    ['no status', (stream) => stream.respond({ ':status': 200 }, { endStream: true }), { kind: 'protocol' }],
    ['HTTP 404', (stream) => stream.respond({ ':status': 404 }, { endStream: true }), { kind: 'bad_request' }],
    ['a broken message', (stream) => respond(stream, Buffer.from([0, 0, 0, 0, 9, 1])), { kind: 'protocol' }],
    ['bytes that are no message', (stream) => respond(stream, frame(Buffer.from([255]))), { kind: 'protocol' }],
    ['a message without a status', (stream) => respond(stream, frame(new Uint8Array())), { kind: 'protocol' }],
    ['a compressed message', (stream) => respond(stream, Buffer.from([1, 0, 0, 0, 0])), { kind: 'protocol' }],
  ])('that is answered with %s is an error, and not sent again', async (_, answer, expected) => {
    answers = [answer];
    await expect(safely()).rejects.toMatchObject({ ...expected, attempts: 1 });
    expect(headers.length).toBe(1);
  });

  test.each<[string, Answer]>([
    ['its stream was cancelled', (stream) => stream.close(8)],
    ['its connection broke', (stream) => stream.session?.destroy()],
    [
      'its connection broke after the headers of the answer',
      (stream) => {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
        setTimeout(() => sockets.at(-1)?.destroy(), 50);
      },
    ],
  ])('is sent again when %s only if it may be', async (_, lost) => {
    answers = [lost, lost, answered()];
    await expect(unsafely()).rejects.toMatchObject({ kind: 'unavailable', maybe_executed: true, attempts: 1 });
    expect((await safely()).txnId).toBe(7n);
    expect(headers.length).toBe(3);
  });

  test('is sent again when its answer found no room only if it may be', async () => {
    answers = [refusedWith(10), refusedWith(10), answered()];
    await expect(unsafely()).rejects.toMatchObject({ kind: 'busy', maybe_executed: true, attempts: 1 });
    expect((await safely()).txnId).toBe(7n);
  });

  test('comes to its end on a connection that takes no more, and others go on another', async () => {
    let end = () => {};
    const going = new Promise<void>((resolve) => {
      answers = [
        (stream) => {
          end = () => answered()(stream);
          stream.session?.goaway(0);
          resolve();
        },
        answered(),
      ];
    });
    const first = unsafely();
    await going;
    while ((await safely()) && sessions.length < 2);
    end();
    await first;
  });

  test('is sent again when it came after the last one that the service took', async () => {
    const last = (stream: ServerHttp2Stream) => stream.session?.goaway(0, (stream.id ?? 2) - 2);
    answers = [answered(), last, answered()];
    await unsafely();
    await unsafely();
    expect([headers.length, sessions.length]).toEqual([3, 2]);
  });

  test('leaves a connection that was silent for its whole time', async () => {
    answers = [answered(), () => undefined, answered()];
    await safely();
    await expect(client.get_txn_id(REQUEST, { timeout_ms: 50 })).rejects.toMatchObject({ kind: 'deadline' });
    await safely();
    expect(sessions.length).toBe(2);
  });

  test('to something that is no gRPC is an error at once', async () => {
    const http1 = createTcpServer((socket) =>
      socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    http1.listen(0, '127.0.0.1');
    await once(http1, 'listening');
    const { port } = http1.address() as AddressInfo;
    const other = createClient({ endpoints: `127.0.0.1:${port}`, transport: 'grpc' });
    await expect(other.get_txn_id(REQUEST)).rejects.toMatchObject({ kind: 'protocol', maybe_executed: false });
    other.close();
    http1.close();
  });

  test('to something that says nothing waits no longer than for a connection', async () => {
    const mute = createTcpServer();
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as AddressInfo;
    const options = {
      endpoints: `127.0.0.1:${port}`,
      transport: 'grpc',
      connect_timeout_ms: 50,
      retry: false,
    } as const;
    const other = createClient(options);
    await expect(other.get_txn_id(REQUEST)).rejects.toMatchObject({
      kind: 'unavailable',
      message: /no connection in 50 ms/,
    });
    other.close();
    mute.close();
  });
});
