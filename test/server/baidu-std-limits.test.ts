import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { BaiduStdClient, frameOf, requestFrame } from '../support/baidu-std-client.ts';
import { type AnyCall, type BaiduStdUnderTest, echo, startBaiduStd, waiting } from '../support/baidu-std-server.ts';
import { varint } from '../support/snappy-block.ts';

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

describe('a connection is closed with a line in the log', () => {
  const huge = frameOf(Buffer.alloc(0), Buffer.alloc(0));
  huge.writeUInt32BE(0xffff_fff0, 4);
  const crooked = frameOf(Buffer.alloc(0), Buffer.alloc(4));
  crooked.writeUInt32BE(5, 8);
  test.each([
    ['a body over the limit', huge, 'body_size=4294967280 is too large'],
    ['a meta larger than the body', crooked, 'meta_size=5 is bigger than body_size=4'],
    ['a meta over its limit', frameOf(Buffer.alloc(70_000), Buffer.alloc(0)), 'meta_size=70000 is too large'],
    ['a meta that is none', frameOf(Buffer.from('junk'), Buffer.from('x')), "sent a meta that can't be read"],
    ['a meta without a method', frameOf(Buffer.from('0a030a0141', 'hex'), Buffer.of()), 'a name is missing'],
    ['what is no frame', Buffer.from('PRPX01234567'), 'sent bytes that begin no frame'],
  ])('for %s, and what came before is answered', async (_, bytes, why) => {
    const { call, let_go, begun } = waiting();
    server = await startBaiduStd(call);
    const client = await connect();
    const before = client.send('m', Buffer.from('before'));
    client.socket.write(bytes);
    client.socket.write(requestFrame(77n, 'm', Buffer.from('after')));
    await expect.poll(() => said('a connection of baidu_std was closed')).toHaveLength(1);
    expect(said('a connection of baidu_std was closed')[0]).toContain(why);
    let_go('before');
    expect((await before).message.toString()).toBe('before');
    await client.closed();
    expect(begun()).toEqual(['before']);
    expect(server.buffered.used).toBe(0);
  });

  test('for a frame that does not come whole in time, at the latest', async () => {
    server = await startBaiduStd(echo, { request_timeout_ms: 200 });
    const stopped = await connect();
    stopped.socket.write(requestFrame(1n, 'm', Buffer.alloc(100)).subarray(0, 60));
    const dripping = await connect();
    const frame = requestFrame(1n, 'm', Buffer.alloc(10_000));
    let at = 0;
    const drip = setInterval(() => dripping.socket.write(frame.subarray(at, ++at)), 10);
    await Promise.all([stopped.closed(), dripping.closed()]);
    clearInterval(drip);
    expect(said('sent a part of a frame and not the rest within 200 ms')).toHaveLength(1);
    expect(server.buffered.used).toBe(0);
  });

  test('for answers that are not taken', async () => {
    const large = Buffer.alloc(32 * 1024 * 1024);
    server = await startBaiduStd(async () => large, { send_timeout_ms: 200 });
    const client = await connect();
    client.socket.pause();
    client.send('m', Buffer.of()).catch(() => undefined);
    await expect.poll(() => server.connections.count, { timeout: 30_000 }).toBe(0);
    expect(said('did not take its answers')).toHaveLength(1);
  });
});

describe('memory', () => {
  test('a body for which there is no room is refused and not kept, and the connection serves on', async () => {
    const { call, let_go, begun } = waiting();
    server = await startBaiduStd(call, { max_buffered_bytes: 150_000 });
    const client = await connect();
    const first = client.send('m', Buffer.alloc(100_000, 'a'));
    await expect.poll(() => begun().length).toBe(1);
    const refused = await client.send('m', Buffer.alloc(100_000, 'b'));
    expect(refused).toMatchObject({ error_code: 2004 });
    expect(refused.error_text).toContain('max_buffered_bytes');
    expect(server.buffered.used).toBe(100_000);
    let_go('a'.repeat(100_000));
    expect((await first).message.length).toBe(100_000);
    await expect.poll(() => server.buffered.used).toBe(0);
    const third = client.send('m', Buffer.alloc(100_000, 'c'));
    await expect.poll(() => begun().length).toBe(2);
    let_go('c'.repeat(100_000));
    expect((await third).message.length).toBe(100_000);
  });

  test('a body is counted as it comes, and not as it is announced', async () => {
    server = await startBaiduStd(echo);
    const client = await connect();
    const frame = requestFrame(1n, 'm', Buffer.alloc(200_000));
    client.socket.write(frame.subarray(0, 5000));
    await expect.poll(() => server.buffered.used).toBeGreaterThan(0);
    expect(server.buffered.used).toBeLessThan(5000);
    client.close();
    await expect.poll(() => server.buffered.used).toBe(0);
  });

  test('what becomes too large is refused before it has become it', async () => {
    server = await startBaiduStd(echo, { max_buffered_bytes: 4 * 1024 * 1024 });
    const client = await connect();
    for (const compression of ['gzip', 'zlib', 'snappy'] as const) {
      const bomb = await client.send('m', Buffer.alloc(1024 * 1024), { compression });
      expect(bomb).toMatchObject({ error_code: 1003 });
      expect(bomb.error_text).toContain(`CompressType=${compression}, request_size=`);
    }
    const lie = Buffer.concat([varint(0xffff_ffff), Buffer.of(0, 0)]);
    expect(await client.send('m', lie, { meta: { compressType: 1 } })).toMatchObject({ error_code: 1003 });
    expect(server.buffered.used).toBe(0);
    const fitting = await client.send('m', Buffer.alloc(200_000, 'x'), { compression: 'gzip' });
    expect(fitting.message.length).toBe(200_000);
    await expect.poll(() => server.buffered.used).toBe(0);
  });

  test('a client that takes no answers is read no further, and gets them all when it does', async () => {
    const answer = Buffer.alloc(64 * 1024);
    let calls = 0;
    server = await startBaiduStd(async () => {
      calls++;
      return answer;
    });
    const client = await connect();
    client.socket.pause();
    const replies = Array.from({ length: 2000 }, () => client.send('m', Buffer.of()));
    await expect.poll(() => calls).toBeGreaterThan(10);
    let before = -1;
    while (before !== calls) {
      before = calls;
      await sleep(50);
    }
    // What the system buffers of two sockets, one MiB, and the calls that had begun by then.
    expect(calls).toBeLessThan(1000);
    client.socket.resume();
    for (const { message } of await Promise.all(replies)) expect(message.length).toBe(answer.length);
    expect(calls).toBe(2000);
  });

  test('what an answer holds in common is held until the answer was taken, or can not be', async () => {
    const large = Buffer.alloc(32 * 1024 * 1024);
    let held = 0;
    const answers: AnyCall = async (name, _, untilSent) => {
      held++;
      untilSent?.(() => held--);
      return name === 'large' ? large : Buffer.of();
    };
    server = await startBaiduStd(answers);
    const client = await connect();
    await client.send('small', Buffer.of());
    await expect.poll(() => held).toBe(0);
    for (const isTaken of [true, false]) {
      client.socket.pause();
      const reply = client.send('large', Buffer.of()).catch(() => undefined);
      await expect.poll(() => held).toBe(1);
      await sleep(20);
      expect(held).toBe(1);
      if (isTaken) client.socket.resume();
      else client.close();
      await reply;
      await expect.poll(() => held).toBe(0);
    }
  });

  test('one connection has no more than so many calls in flight, and leaves the others theirs', async () => {
    const { call, let_go, begun } = waiting();
    server = await startBaiduStd(call);
    const greedy = await connect();
    const replies = Array.from({ length: 1000 }, (_, i) => greedy.send('m', Buffer.from(`${i}`)));
    await expect.poll(() => begun().length).toBe(256);
    await sleep(20);
    expect(begun()).toHaveLength(256);
    const modest = await connect();
    const reply = modest.send('m', Buffer.from('modest'));
    await expect.poll(() => begun().length).toBe(257);
    let_go('modest');
    expect((await reply).message.toString()).toBe('modest');
    for (let done = 0; done < 1000; done++) {
      await expect.poll(() => begun().includes(`${done}`), { interval: 1 }).toBe(true);
      let_go(`${done}`);
    }
    expect((await Promise.all(replies)).map(({ message }) => Number(message))).toEqual([...replies.keys()]);
  });
});
