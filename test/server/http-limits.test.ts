import { afterEach, describe, expect, test } from 'vitest';
import type { HttpAnswer, HttpHandler } from '../../src/admin/http-types.ts';
import { deferred, type HttpUnderTest, startHttp } from '../support/server-http.ts';
import { parseAnswers, RawClient } from '../support/server-socket.ts';

let http: HttpUnderTest;
const clients: RawClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await http.stop();
});

async function connect(): Promise<RawClient> {
  const client = await RawClient.connect(http.port);
  clients.push(client);
  return client;
}

const ok: HttpHandler = ({ path, body }) => ({ status: 200, body: `${path} ${body.length}` });
const statuses = (received: string) => parseAnswers(received).map(({ status }) => status);

describe('bodies over the limit', () => {
  const sent = (bytes: number) => `PUT /p HTTP/1.1\r\nContent-Length: ${bytes}\r\n\r\n`;

  test('of exactly the limit pass', async () => {
    http = await startHttp(ok, { max_body_bytes: 1024 });
    const client = await connect();
    client.send(sent(1024) + 'x'.repeat(1024));
    await client.until(/\/p 1024$/);
  });

  test('are 413 on their announced length alone, and the connection ends', async () => {
    http = await startHttp(ok, { max_body_bytes: 1024 });
    const client = await connect();
    client.send(sent(1025));
    const [answer] = parseAnswers(await client.untilClosed());
    expect(answer).toMatchObject({ status: 413, headers: { connection: 'close', 'content-type': 'application/json' } });
    expect(JSON.parse(answer?.body ?? '')).toEqual({
      code: 'INVALID_ARGUMENT',
      msg: 'the body is larger than 1024 bytes, the limit set by brpc_max_body_size',
    });
  });

  test('are 413 in chunks too, while they are still being sent', async () => {
    http = await startHttp(ok, { max_body_bytes: 100_000 });
    const client = await connect();
    client.send('PUT /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n');
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    while (!client.received.includes('413')) {
      client.send(chunk);
      await new Promise(setImmediate);
    }
    expect(statuses(await client.untilClosed())).toEqual([413]);
  });

  test('leave the memory that they held to others', async () => {
    http = await startHttp(ok, { max_body_bytes: 60_000, max_buffered_bytes: 70_000 });
    for (let round = 0; round < 5; round++) {
      const tooLarge = await connect();
      tooLarge.send(
        `PUT /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${`4000\r\n${'x'.repeat(0x4000)}\r\n`.repeat(4)}`,
      );
      expect(statuses(await tooLarge.untilClosed())).toEqual([413]);
      const broken = await connect();
      broken.send(sent(50_000) + 'x'.repeat(40_000));
      broken.socket.end();
      expect(statuses(await broken.untilClosed())).toEqual([400]);
    }
    const fitting = await connect();
    fitting.send(sent(60_000) + 'x'.repeat(60_000));
    await fitting.until(/\/p 60000$/);
  });

  test('together over the limit of all bodies are 503, and those within it are served', async () => {
    const gate = deferred<HttpAnswer>();
    http = await startHttp(() => gate.promise, { max_body_bytes: 1000, max_buffered_bytes: 1500 });
    const first = await connect();
    first.send(sent(1000) + 'x'.repeat(1000));
    await expect.poll(() => http.in_flight.count).toBe(1);
    const second = await connect();
    second.send(sent(1000) + 'x'.repeat(1000));
    const [busy] = parseAnswers(await second.untilClosed());
    expect(busy).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(busy?.body).toContain('max_buffered_bytes');
    gate.resolve({ status: 200, body: 'served' });
    await first.until(/served$/);
    const third = await connect();
    third.send(sent(1000) + 'x'.repeat(1000));
    await third.until(/served$/);
  });
});

describe('what comes too slowly', () => {
  test('headers that stop half-way are 408', async () => {
    http = await startHttp(ok, { headers_timeout_ms: 100, request_timeout_ms: 60_000 });
    const client = await connect();
    client.send('GET / HTTP/1.1\r\nHos');
    expect(statuses(await client.untilClosed())).toEqual([408]);
  });

  test('headers that drip in are 408 all the same', async () => {
    http = await startHttp(ok, { headers_timeout_ms: 300, request_timeout_ms: 60_000 });
    const client = await connect();
    client.send('GET / HTTP/1.1\r\n');
    const drip = setInterval(() => client.send('a: b\r\n'), 20);
    const received = await client.untilClosed();
    clearInterval(drip);
    expect(statuses(received)).toEqual([408]);
  });

  test('a connection on which nothing ever comes is closed', async () => {
    http = await startHttp(ok, { headers_timeout_ms: 100, request_timeout_ms: 60_000 });
    const client = await connect();
    expect(statuses(await client.untilClosed())).toEqual([408]);
  });

  test('a body that stops half-way is 408', async () => {
    http = await startHttp(ok, { headers_timeout_ms: 100, request_timeout_ms: 200 });
    const client = await connect();
    client.send('PUT / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc');
    const [answer] = parseAnswers(await client.untilClosed());
    expect(answer).toMatchObject({ status: 408, body: 'the request did not arrive in time\n' });
  });

  test('a handler may take longer than a request may take to arrive', async () => {
    http = await startHttp(
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 1500));
        return { status: 200, body: 'late' };
      },
      { headers_timeout_ms: 100, request_timeout_ms: 100, idle_timeout_ms: 100 },
    );
    const client = await connect();
    client.send('PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc');
    expect(statuses(await client.untilClosed())).toEqual([200]);
  });

  test('an idle connection is closed after its answer', async () => {
    http = await startHttp(ok, { idle_timeout_ms: 100 });
    const client = await connect();
    client.send('GET / HTTP/1.1\r\n\r\n');
    expect(statuses(await client.untilClosed())).toEqual([200]);
  });

  test('a client that does not read its answer is cut off', async () => {
    const large = Buffer.alloc(64 * 1024 * 1024);
    http = await startHttp(() => ({ status: 200, body: large }), { send_timeout_ms: 200 });
    const client = await connect();
    client.socket.pause();
    client.send('GET / HTTP/1.1\r\n\r\n');
    await expect.poll(() => http.connections.count).toBe(1);
    await expect.poll(() => http.connections.count, { timeout: 30_000 }).toBe(0);
  });

  test('a client that reads its answer slowly is not', async () => {
    const large = Buffer.alloc(16 * 1024 * 1024, 'x');
    http = await startHttp(() => ({ status: 200, body: large }), { send_timeout_ms: 1000 });
    const client = await connect();
    client.send('GET / HTTP/1.1\r\nConnection: close\r\n\r\n');
    let pauses = 0;
    client.socket.on('data', () => {
      if (++pauses % 16 !== 0) return;
      client.socket.pause();
      setTimeout(() => client.socket.resume(), 50);
    });
    const received = await client.untilClosed();
    expect(parseAnswers(received)[0]?.body.length).toBe(large.length);
  });
});

describe('a client that sends calls and does not read the answers', () => {
  const BODY = Buffer.alloc(64 * 1024, 'x');
  const CALLS = 500;

  test.each([
    ['answered at once', () => ({ status: 200, body: BODY })],
    ['answered later', () => Promise.resolve({ status: 200, body: BODY })],
  ])('waits with calls that are %s, and gets every answer once it reads', async (_, answer) => {
    let begun = 0;
    http = await startHttp(() => {
      begun++;
      return answer();
    });
    const client = await connect();
    client.socket.pause();
    client.send(`${'GET / HTTP/1.1\r\n\r\n'.repeat(CALLS - 1)}GET / HTTP/1.1\r\nConnection: close\r\n\r\n`);
    await expect.poll(() => begun).toBeGreaterThan(16);
    await new Promise((resolve) => setTimeout(resolve, 200));
    // 1 MiB waits in the service; how much of the rest is on its way is for the system to say.
    expect(begun * BODY.length).toBeLessThan(16 * 1024 * 1024);
    client.socket.resume();
    expect(statuses(await client.untilClosed())).toEqual(Array.from({ length: CALLS }, () => 200));
  });
});

test('large bodies that do not come to their end leave room for small ones', async () => {
  const MIB = 1024 * 1024;
  http = await startHttp(ok, { max_body_bytes: MIB, max_buffered_bytes: MIB });
  const large = (bytes: number) => `PUT /large HTTP/1.1\r\nConnection: close\r\nContent-Length: ${bytes}\r\n\r\n`;
  const hoarder = await connect();
  hoarder.send(large(MIB) + 'x'.repeat(MIB - 1));
  const sendAnother = async () => {
    const another = await connect();
    another.send(large(100_000) + 'x'.repeat(100_000));
    return statuses(await another.untilClosed());
  };
  await expect.poll(sendAnother, { timeout: 10_000 }).toEqual([503]);
  const small = await connect();
  small.send(`PUT /small HTTP/1.1\r\nContent-Length: 1000\r\n\r\n${'x'.repeat(1000)}`);
  await small.until(/\/small 1000$/);
});

describe('caps', () => {
  test('connections over the cap are closed, with one line in the log for many', async () => {
    http = await startHttp(ok, { max_connections: 3 });
    const kept = [await connect(), await connect(), await connect()];
    await expect.poll(() => http.connections.count).toBe(3);
    for (let extra = 0; extra < 20; extra++) expect(await (await connect()).untilClosed()).toBe('');
    const lines = http.log.filter((line) => line.includes('connections refused'));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'warn', max_connections: 3, peer: '127.0.0.1' });
    for (const client of kept) {
      client.send('GET /kept HTTP/1.1\r\n\r\n');
      await client.until(/\/kept 0$/);
    }
    kept[0]?.close();
    await expect.poll(() => http.connections.count).toBe(2);
    const next = await connect();
    next.send('GET /next HTTP/1.1\r\n\r\n');
    await next.until(/\/next 0$/);
  });

  test('requests over the cap of those in flight are 503 on a connection that stays', async () => {
    const gate = deferred<HttpAnswer>();
    http = await startHttp((call) => (call.path === '/wait' ? gate.promise : ok(call)), { max_requests_in_flight: 2 });
    const holding = [await connect(), await connect()];
    for (const client of holding) client.send('GET /wait HTTP/1.1\r\n\r\n');
    await expect.poll(() => http.in_flight.count).toBe(2);
    const client = await connect();
    client.send('GET /p HTTP/1.1\r\n\r\n');
    const [busy] = parseAnswers(await client.until(/}$/));
    expect(busy).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(JSON.parse(busy?.body ?? '')).toMatchObject({ code: 'INTERNAL_ERROR' });
    gate.resolve({ status: 200, body: 'done' });
    for (const holder of holding) await holder.until(/done$/);
    client.send('GET /p HTTP/1.1\r\n\r\n');
    await client.until(/\/p 0$/);
  });
});
