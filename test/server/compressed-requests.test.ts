import { afterEach, expect, test } from 'vitest';
import { BaiduStdClient } from '../support/baidu-std-client.ts';
import { type BaiduStdUnderTest, startBaiduStd } from '../support/baidu-std-server.ts';

let server: BaiduStdUnderTest;
const clients: BaiduStdClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.stop();
});

async function connect(): Promise<BaiduStdClient> {
  const client = await BaiduStdClient.connect(server.port);
  clients.push(client);
  return client;
}

const BOMB = Buffer.alloc(200 * 1024);
const COMPRESSED = { compression: 'gzip' } as const;

test('many compressed requests at a time hold no more memory than a few', async () => {
  server = await startBaiduStd(async (_, request) => Buffer.from(String(request.length)), {
    max_buffered_bytes: 2 * 1024 * 1024,
  });
  const client = await connect();
  const replies = await Promise.all(Array.from({ length: 200 }, () => client.send('m', BOMB, COMPRESSED)));
  expect(new Set(replies.map(({ message }) => message.toString()))).toEqual(new Set([String(BOMB.length)]));
  expect(server.buffered.used).toBe(0);
});

test('one connection with many compressed requests does not keep another waiting', async () => {
  server = await startBaiduStd(async () => Buffer.alloc(0));
  const [bomber, neighbour] = [await connect(), await connect()];
  const bombs = Array.from({ length: 200 }, () => bomber.send('m', BOMB, COMPRESSED));
  await bombs[0];
  expect((await neighbour.send('m', Buffer.from('x'), COMPRESSED)).error_code).toBe(0);
  expect(bomber.answered.length).toBeLessThan(100);
  await Promise.all(bombs);
});

test('what nobody waits for any more is not decompressed', async () => {
  let run = 0;
  server = await startBaiduStd(async () => {
    run++;
    return Buffer.alloc(0);
  });
  const [gone, hurried] = [await connect(), await connect()];
  const bombs = Array.from({ length: 200 }, () => gone.send('m', BOMB, COMPRESSED));
  await bombs[0];
  gone.socket.resetAndDestroy();
  await Promise.allSettled(bombs);
  await expect.poll(() => server.connections.count).toBe(1);
  expect(run).toBeLessThan(150);

  // Those that had begun are not answered any more.
  const late = Array.from({ length: 200 }, () => hurried.send('m', BOMB, { ...COMPRESSED, meta: shortly('m') }));
  expect((await Promise.any(late.slice(100))).error_code).toBe(1008);
  await expect.poll(() => server.buffered.used).toBe(0);
  hurried.close();
  await Promise.allSettled(late);
});

const shortly = (methodName: string) => ({ request: { serviceName: 'MetaService', methodName, timeoutMs: 2 } });
