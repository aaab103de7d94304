import { afterEach, describe, expect, test } from 'vitest';
import type { HttpHandler } from '../../src/admin/http-types.ts';
import { type HttpUnderTest, startHttp } from '../support/server-http.ts';
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

describe('what is no HTTP', () => {
  test.each([
    ['a word', 'nonsense\r\n\r\n', 400],
    ['an unknown method', 'FROB / HTTP/1.1\r\n\r\n', 400],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['a protocol to come', 'PRPC\x00\x00\x00\x10\x00\x00\x00\x08', 400],
    ['zeros', '\0'.repeat(100), 400],
    ['a header without a colon', 'GET / HTTP/1.1\r\nbroken\r\n\r\n', 400],
    ['a blank in the target', 'GET /a b HTTP/1.1\r\n\r\n', 400],
    ['two lengths', 'PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 400],
    ['a length and chunks', 'PUT / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
    ['a negative length', 'PUT / HTTP/1.1\r\nContent-Length: -1\r\n\r\n', 400],
    ['a huge length', 'PUT / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n', 400],
    ['a chunk of no size', 'PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 400],
    ['too long a header', `GET / HTTP/1.1\r\na: ${'b'.repeat(5000)}\r\n\r\n`, 431],
    ['too long a target', `GET /${'b'.repeat(5000)} HTTP/1.1\r\n\r\n`, 431],
    ['too many headers', `GET / HTTP/1.1\r\n${'aa: bb\r\n'.repeat(2000)}\r\n`, 431],
  ])('%s', async (_, bytes, status) => {
    http = await startHttp(ok);
    const client = await connect();
    client.send(Buffer.from(bytes, 'latin1'));
    const [answer] = parseAnswers(await client.untilClosed());
    expect(answer).toMatchObject({ status, headers: { connection: 'close', 'content-type': 'text/plain' } });
    const next = await connect();
    next.send('GET /alive HTTP/1.1\r\n\r\n');
    await next.until(/\/alive 0$/);
  });

  test('a request cut off half-way is 400', async () => {
    http = await startHttp(ok);
    for (const bytes of ['GET / HTTP/1.1\r\nHo', 'PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab']) {
      const client = await connect();
      client.socket.end(bytes);
      expect(statuses(await client.untilClosed())).toEqual([400]);
    }
  });

  test('connections that are reset at any moment leave nothing behind', async () => {
    http = await startHttp(async (call) => {
      await new Promise(setImmediate);
      return ok(call);
    });
    const whole = 'PUT /p HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcdeGET / HTTP/1.1\r\n\r\n';
    for (let cut = 0; cut <= whole.length; cut++) {
      const client = await connect();
      client.send(whole.slice(0, cut));
      if (cut % 2 === 0) await new Promise(setImmediate);
      client.socket.resetAndDestroy();
    }
    await expect.poll(() => http.connections.count).toBe(0);
    await http.in_flight.idle();
    expect(http.log.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });

  test('connections that ask for a tunnel end, whatever the client does then', async () => {
    http = await startHttp(ok);
    const connectRequest = 'CONNECT example.com:443 HTTP/1.1\r\n\r\n';
    for (let turns = 0; turns < 20; turns++) {
      const client = await connect();
      client.send(connectRequest);
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      client.socket.resetAndDestroy();
    }
    const staying = await RawClient.connect(http.port, { allowHalfOpen: true });
    clients.push(staying);
    staying.send(`GET /before HTTP/1.1\r\n\r\n${connectRequest}what a tunnel would carry`);
    await expect.poll(() => http.connections.count, { timeout: 10_000 }).toBe(0);
    expect(statuses(staying.received)).toEqual([200, 405]);
  });
});
