import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { BaiduStdClient, requestFrame } from '../support/baidu-std-client.ts';
import { type BaiduStdUnderTest, echo, startBaiduStd, waiting } from '../support/baidu-std-server.ts';

let server: BaiduStdUnderTest;
const clients: BaiduStdClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.stop();
});

async function connect(options?: { readonly allowHalfOpen?: boolean }): Promise<BaiduStdClient> {
  const client = await BaiduStdClient.connect(server.port, options);
  clients.push(client);
  return client;
}

const said = (line: string) => server.log.filter((one) => one.includes(line));

describe('calls of one connection', () => {
  test('are answered as they are done, each with its own answer', async () => {
    const { call, let_go, begun } = waiting();
    server = await startBaiduStd(call);
    const client = await connect();
    const replies = ['a', 'b', 'c'].map((name) => client.send('m', Buffer.from(name)));
    await expect.poll(begun).toEqual(['a', 'b', 'c']);
    for (const name of ['c', 'a', 'b']) {
      let_go(name);
      await sleep(5);
    }
    expect((await Promise.all(replies)).map(({ message }) => message.toString())).toEqual(['a', 'b', 'c']);
    const [first = 0n, second, third] = client.answered;
    expect([second, third]).toEqual([first - 2n, first - 1n]);
  });

  test('may be hundreds, of any size, in whatever pieces they come', async () => {
    server = await startBaiduStd(echo, { max_buffered_bytes: 64 * 1024 * 1024 });
    const client = await connect();
    const sizes = Array.from({ length: 600 }, (_, i) => (i % 50 === 0 ? 100_000 + i : (i * 37) % 500));
    const frames = sizes.map((bytes, i) => requestFrame(BigInt(i + 1), 'm', Buffer.alloc(bytes, i)));
    const replies = sizes.map((_, i) => client.replyTo(BigInt(i + 1)));
    const all = Buffer.concat(frames);
    for (let at = 0, piece = 1; at < all.length; at += piece, piece = (piece * 7 + 13) % 50_000) {
      client.socket.write(all.subarray(at, at + piece));
      if (at % 3 === 0) await new Promise(setImmediate);
    }
    for (const [i, reply] of (await Promise.all(replies)).entries()) {
      expect(reply.message.equals(Buffer.alloc(sizes[i] ?? 0, i))).toBe(true);
    }
    expect(server.buffered.used).toBe(0);
  });

  test('are understood when each byte comes alone', async () => {
    server = await startBaiduStd(echo);
    const client = await connect();
    const reply = client.replyTo(-5n);
    for (const byte of requestFrame(-5n, 'm', Buffer.from('slowly'))) {
      client.socket.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    expect((await reply).message.toString()).toBe('slowly');
    expect(server.buffered.used).toBe(0);
  });

  test('are answered on a connection whose client has ended its side', async () => {
    const { call, let_go, begun } = waiting();
    server = await startBaiduStd(call);
    const client = await connect({ allowHalfOpen: true });
    const reply = client.send('m', Buffer.from('a'));
    client.socket.end();
    await expect.poll(begun).toEqual(['a']);
    await sleep(20);
    let_go('a');
    expect((await reply).message.toString()).toBe('a');
    await client.closed();
  });

  test('of a client that is gone leave nothing behind', async () => {
    const { call, let_go, begun } = waiting();
    server = await startBaiduStd(call);
    const client = await connect();
    client.send('m', Buffer.from('a')).catch(() => undefined);
    client.socket.write(requestFrame(9n, 'm', Buffer.alloc(1000)).subarray(0, 500));
    await expect.poll(begun).toEqual(['a']);
    await expect.poll(() => server.buffered.used).toBeGreaterThan(400);
    client.socket.resetAndDestroy();
    await expect.poll(() => server.connections.count).toBe(0);
    let_go('a');
    await expect.poll(() => server.buffered.used).toBe(0);
    expect(said('"level":"error"')).toEqual([]);
  });

  test('of clients that are gone at any moment leave nothing behind', async () => {
    server = await startBaiduStd(async (_, request) => {
      await new Promise(setImmediate);
      return request;
    });
    const frames = [requestFrame(1n, 'm', Buffer.alloc(20)), requestFrame(2n, 'm', Buffer.alloc(5))];
    const bytes = Buffer.concat(frames);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const client = await connect();
      client.socket.write(bytes.subarray(0, cut));
      if (cut % 2 === 0) await new Promise(setImmediate);
      if (cut % 3 === 0) client.socket.end();
      else client.socket.resetAndDestroy();
    }
    await expect.poll(() => server.connections.count, { timeout: 10_000 }).toBe(0);
    await expect.poll(() => server.buffered.used).toBe(0);
    expect(said('"level":"error"')).toEqual([]);
  });

  test('that fail for a defect are answered with an id that the log has', async () => {
    server = await startBaiduStd(() => Promise.reject(new Error('secret')));
    const { error_code, error_text } = await (await connect()).send('m', Buffer.of());
    expect(error_code).toBe(2001);
    expect(error_text).not.toContain('secret');
    const [, id = '?'] = /error_id=(\w+)/.exec(error_text) ?? [];
    expect(said(id)).toHaveLength(1);
  });
});

describe('time', () => {
  test('frames may go on coming for longer than one may take', async () => {
    server = await startBaiduStd(echo, { request_timeout_ms: 500 });
    const client = await connect();
    const frames = Buffer.concat(
      Array.from({ length: 40 }, (_, i) => requestFrame(BigInt(i + 1), 'm', Buffer.from('x'))),
    );
    const last = client.replyTo(40n);
    // Each piece ends within a frame.
    for (let at = 0; at < frames.length; at += 61) {
      client.socket.write(frames.subarray(at, at + 61));
      await sleep(30);
    }
    expect((await last).message.toString()).toBe('x');
  });

  test('an idle connection is closed without a word, one with a call in flight is not', async () => {
    const { call, let_go, begun } = waiting();
    server = await startBaiduStd(call, { idle_timeout_ms: 100 });
    const client = await connect();
    const reply = client.send('m', Buffer.from('a'));
    await expect.poll(begun).toEqual(['a']);
    await sleep(400);
    let_go('a');
    expect((await reply).message.toString()).toBe('a');
    await client.closed();
    expect(server.log).toEqual([]);
  });

  test('an answer that comes after the caller’s time is not sent, and the connection serves on', async () => {
    const { call, let_go, begun } = waiting();
    server = await startBaiduStd(call);
    const client = await connect();
    const late = client.send('m', Buffer.from('late'), { timeout_ms: 50 });
    const other = client.send('m', Buffer.from('other'));
    await expect(late).rejects.toThrow('timed out');
    expect(begun()).toEqual(['late', 'other']);
    // The service counts from when the call came.
    await sleep(60);
    let_go('late');
    await sleep(20);
    let_go('other');
    expect((await other).message.toString()).toBe('other');
    expect(client.answered).toHaveLength(1);
  });

  test('a call whose time is over before it can begin is not run', async () => {
    const { call, let_go, begun } = waiting();
    server = await startBaiduStd(call);
    const client = await connect();
    const ids = Array.from({ length: 256 }, (_, i) => BigInt(i + 1));
    const replies = ids.map((id) => client.replyTo(id));
    const frames = ids.map((id) => requestFrame(id, 'm', Buffer.from(`${id}`)));
    const held = client.replyTo(1000n);
    client.socket.write(Buffer.concat([...frames, requestFrame(1000n, 'm', Buffer.from('held'), { timeout_ms: 30 })]));
    await expect.poll(() => begun().length).toBe(256);
    await sleep(60);
    for (const id of ids) let_go(`${id}`);
    await Promise.all(replies);
    const { error_code, error_text } = await held;
    expect(error_code).toBe(1008);
    expect(error_text).toContain('Reached timeout=30ms');
    expect(begun()).not.toContain('held');
    expect(server.buffered.used).toBe(0);
  });
});

describe('when the service stops', () => {
  test('what is in flight is answered, what comes is sent elsewhere, and connections end', async () => {
    const { call, let_go, begun } = waiting();
    server = await startBaiduStd(call);
    const [idle, busy] = [await connect(), await connect()];
    const before = busy.send('m', Buffer.from('before'));
    await expect.poll(begun).toEqual(['before']);
    server.front.drain();
    const after = await busy.send('m', Buffer.from('after'));
    expect(after).toMatchObject({ error_code: 2003 });
    expect(after.error_text).toMatch(/^\[127\.0\.0\.1:\d+\]\[E2003\]Server is stopping$/);
    await idle.closed();
    const later = await busy.send('m', Buffer.from('later'));
    expect(later.error_code).toBe(2003);
    let_go('before');
    expect((await before).message.toString()).toBe('before');
    await busy.closed();
    expect(begun()).toEqual(['before']);
    const late = await connect();
    expect(await late.send('m', Buffer.of())).toMatchObject({ error_code: 2003 });
    await late.closed();
  });
});
