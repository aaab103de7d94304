import { once } from 'node:events';
import { constants } from 'node:http2';
import { afterEach, describe, expect, test } from 'vitest';
import { GrpcCode } from '../../src/net/grpc/status.ts';
import { type GrpcUnderTest, startGrpc } from '../support/grpc/grpc-server.ts';
import { frame, RawGrpc, replyOf, statusOf } from '../support/grpc/raw-call.ts';
import { deferred } from '../support/server-http.ts';

const MIB = 1024 * 1024;
/** More than a client takes without reading. */
const LARGE = Buffer.alloc(32 * MIB);

let server: GrpcUnderTest;
let client: RawGrpc;

afterEach(async () => {
  client.close();
  await server.stop();
  expect(server.buffered.used).toBe(0);
});

/** Starts a service whose answers hold something in common, counted by what is returned. */
async function startHolding(answer: Buffer): Promise<() => number> {
  let held = 0;
  const hold = () => {
    held++;
    return () => {
      held--;
    };
  };
  server = await startGrpc(
    async (_, untilSent) => {
      untilSent?.(hold());
      return answer;
    },
    { max_buffered_bytes: 64 * MIB, handler: () => ({ status: 200, body: answer, sent: hold() }) },
  );
  client = new RawGrpc(server.base);
  return () => held;
}

describe.each([
  ['gRPC', 'application/grpc'],
  ['other requests', 'application/json'],
])('what an answer holds in common is held, by %s,', (_, type) => {
  const headers = { 'content-type': type };

  test('until it was taken', async () => {
    const held = await startHolding(LARGE);
    const stream = client.open(headers);
    const reply = replyOf(stream);
    stream.end(frame(Buffer.from('a')));
    await once(stream, 'response');
    expect(held()).toBe(1);
    expect((await reply).body.length).toBeGreaterThanOrEqual(LARGE.length);
    await expect.poll(held).toBe(0);
  });

  test('until it can not be taken any more', async () => {
    const held = await startHolding(LARGE);
    const stream = client.open(headers);
    stream.end(frame(Buffer.from('a')));
    await once(stream.pause(), 'response');
    expect(held()).toBe(1);
    stream.close(constants.NGHTTP2_CANCEL);
    await expect.poll(held).toBe(0);
  });
});

test('a call that has passed its deadline lets go of what its answer would have held', async () => {
  let held = 0;
  const slow = deferred<void>();
  server = await startGrpc(async (_, untilSent) => {
    await slow.promise;
    held++;
    untilSent?.(() => held--);
    return Buffer.from('late');
  });
  client = new RawGrpc(server.base);
  const reply = await client.call(frame(Buffer.from('a')), { 'grpc-timeout': '20m' });
  expect(statusOf(reply)).toBe(GrpcCode.deadline_exceeded);
  slow.resolve();
  await slow.promise;
  await expect.poll(() => held).toBe(0);
});

test('an answer to a request that was cancelled holds no room', async () => {
  const slow = deferred<void>();
  const begun = deferred<void>();
  let sent = 0;
  server = await startGrpc(async (request) => request, {
    handler: async () => {
      begun.resolve();
      await slow.promise;
      return { status: 200, body: Buffer.alloc(1000), sent: () => sent++ };
    },
  });
  client = new RawGrpc(server.base);
  const stream = client.open({ ':path': '/', 'content-type': undefined });
  stream.end();
  await begun.promise;
  stream.close(constants.NGHTTP2_CANCEL);
  await replyOf(stream);
  // The reset has arrived when what came after it is answered.
  await client.call(frame(Buffer.from('a')));
  slow.resolve();
  await expect.poll(() => sent).toBe(1);
});
