import { afterEach, describe, expect, test } from 'vitest';
import type { HttpAnswer, HttpCall, HttpHandler } from '../../src/admin/http-types.ts';
import { deferred, echo, echoed, type HttpUnderTest, slowEcho, startHttp } from '../support/server-http.ts';
import { parseAnswers, RawClient } from '../support/server-socket.ts';

let http: HttpUnderTest | undefined;
let client: RawClient;
afterEach(async () => {
  client?.close();
  await http?.stop();
});

async function talk(handler: HttpHandler, options: Parameters<typeof startHttp>[1] = {}): Promise<RawClient> {
  http = await startHttp(handler, options);
  client = await RawClient.connect(http.port);
  return client;
}

describe('requests in all their shapes', () => {
  test('an answer has a length, its content type, and the headers that the handler gave', async () => {
    const { send } = wrap(
      await talk(() => ({ status: 409, contentType: 'text/plain', body: 'é', headers: { 'x-a': 'b' } })),
    );
    const [answer] = parseAnswers(await send('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'));
    expect(answer).toMatchObject({ status: 409, body: '\u00c3\u00a9' });
    expect(answer?.headers).toMatchObject({ 'content-length': '2', 'content-type': 'text/plain', 'x-a': 'b' });
  });

  test('an answer without a content type carries none, and bytes go out as they are', async () => {
    const { send } = wrap(await talk(() => ({ status: 200, body: Buffer.from([0, 255, 10]) })));
    const [answer] = parseAnswers(await send('GET / HTTP/1.1\r\nConnection: close\r\n\r\n'));
    expect(answer?.headers).not.toHaveProperty('content-type');
    expect(answer?.body).toBe('\u0000\u00ff\n');
  });

  test('what an answer holds is given back when it has gone out, or can go nowhere', async () => {
    const sent: string[] = [];
    const gate = deferred<void>();
    await talk(async ({ path }) => {
      if (path === '/lost') await gate.promise;
      return { status: 200, body: 'x', sent: () => void sent.push(path) };
    });
    client.send('GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n');
    await expect.poll(() => sent).toEqual(['/a', '/b']);
    client.send('GET /lost HTTP/1.1\r\n\r\n');
    await expect.poll(() => http?.in_flight.count).toBe(1);
    client.close();
    gate.resolve();
    await expect.poll(() => sent).toEqual(['/a', '/b', '/lost']);
  });

  test('an answer in pieces is one body', async () => {
    const pieces = [Buffer.from('é'), Buffer.alloc(300_000, 'a'), Buffer.alloc(0), Buffer.from('z')];
    const { send } = wrap(await talk(async () => ({ status: 200, body: pieces })));
    const [answer] = parseAnswers(await send('GET / HTTP/1.1\r\nConnection: close\r\n\r\n'));
    expect(answer?.headers).toMatchObject({ 'content-length': '300003' });
    expect(answer?.body).toBe(Buffer.concat(pieces).toString('latin1'));
  });

  test.each([
    ['/a%20b/c?x=1&y=%3F?z', '/a%20b/c', 'x=1&y=%3F?z'],
    ['/a?', '/a', ''],
    ['http://example.com:5000/a/b?c=d', '/a/b', 'c=d'],
    ['HTTP://example.com?c=d', '/', 'c=d'],
    ['http://example.com', '/', ''],
  ])('the target %s', async (target, path, query) => {
    const { send } = wrap(await talk(echo));
    const [got] = echoed(await send(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`));
    expect(got).toEqual({ method: 'GET', path, query, body: '' });
  });

  test.each(['PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'GET'])('%s with a body', async (method) => {
    const { send } = wrap(await talk(echo));
    const request = `${method} /p HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\n{"a}`;
    expect(echoed(await send(request))).toEqual([{ method, path: '/p', query: '', body: '{"a}' }]);
  });

  test('a chunked body, in pieces', async () => {
    client = await talk(echo);
    for (const piece of [
      'PUT /p HTTP/1.1\r\nTransfer-Enc',
      'oding: chunked\r\nConnection: close\r\n\r\n3\r\nab',
      'c\r\n2;x=y\r\nde\r\n',
      '0\r\n\r\n',
    ]) {
      client.send(piece);
      await new Promise(setImmediate);
    }
    expect(echoed(await client.untilClosed())).toMatchObject([{ body: 'abcde' }]);
  });

  test('HEAD tells the length and sends no body', async () => {
    const { send } = wrap(await talk(echo));
    const received = await send('HEAD /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\ncontent-length: 50\r\n(.+\r\n)+\r\n$/);
  });

  test('HTTP/1.0 without a host, and the connection ends', async () => {
    const { send } = wrap(await talk(slowEcho));
    const received = await send('GET /old HTTP/1.0\r\n\r\n');
    expect(echoed(received)).toMatchObject([{ path: '/old' }]);
  });

  test('HTTP/1.0 that asks to keep the connection', async () => {
    client = await talk(echo);
    client.send('GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    const first = await client.until(/"path":"\/1".*}$/);
    expect(parseAnswers(first)[0]?.headers.connection).toBe('keep-alive');
    client.send('GET /2 HTTP/1.0\r\n\r\n');
    expect(echoed(await client.untilClosed())).toMatchObject([{ path: '/1' }, { path: '/2' }]);
  });

  test('a client that closes its side after the request still gets its answer', async () => {
    http = await startHttp(slowEcho);
    client = await RawClient.connect(http.port, { allowHalfOpen: true });
    client.socket.end('PUT /p HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi');
    expect(echoed(await client.untilClosed())).toMatchObject([{ path: '/p', body: 'hi' }]);
  });

  test('Expect: 100-continue is told to go on, and with too large a body not to', async () => {
    client = await talk(echo);
    client.send('PUT /p HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n');
    await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    client.send('hi');
    await client.until(/"body":"hi"}$/);
    client.send('PUT /p HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2000\r\n\r\n');
    const answers = parseAnswers(await client.untilClosed());
    expect(answers.map(({ status }) => status)).toEqual([100, 200, 413]);
  });

  test('any other expectation is 417, CONNECT is 405', async () => {
    const first = wrap(await talk(echo));
    const [refused] = parseAnswers(await first.send('PUT / HTTP/1.1\r\nExpect: the-unexpected\r\n\r\n'));
    expect(refused).toMatchObject({ status: 417, body: expect.stringContaining('100-continue') });
    const second = wrap(await RawClient.connect(http?.port ?? 0));
    expect(parseAnswers(await second.send('CONNECT example.com:443 HTTP/1.1\r\n\r\n'))[0]?.status).toBe(405);
  });

  test('an offer to upgrade the protocol is passed over', async () => {
    const { send } = wrap(await talk(echo));
    const received = await send(
      'GET /u HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n\r\n',
    );
    expect(echoed(received)).toMatchObject([{ path: '/u' }]);
  });
});

describe('what a handler sees', () => {
  test('headers in lower case, and the address of the peer', async () => {
    const seen: HttpCall[] = [];
    const { send } = wrap(
      await talk((call) => {
        seen.push(call);
        return { status: 200, body: `${call.remote} ${call.headers['x-custom']}` };
      }),
    );
    const [answer] = parseAnswers(await send('GET / HTTP/1.1\r\nX-Custom: Value\r\nConnection: close\r\n\r\n'));
    expect(answer?.body).toMatch(/^127\.0\.0\.1:\d+ Value$/);
    expect(seen[0]?.signal.aborted).toBe(false);
  });

  test('the signal fires when the connection breaks before the answer', async () => {
    const aborted = deferred<void>();
    const answer = deferred<HttpAnswer>();
    client = await talk((call) => {
      call.signal.addEventListener('abort', () => aborted.resolve());
      return answer.promise;
    });
    client.send('GET / HTTP/1.1\r\n\r\n');
    await expect.poll(() => http?.in_flight.count).toBe(1);
    client.socket.resetAndDestroy();
    await aborted.promise;
    answer.resolve({ status: 200, body: 'to nobody' });
    await http?.in_flight.idle();
    expect(http?.in_flight.count).toBe(0);
  });
});

describe('a handler that fails', () => {
  const failures: [string, HttpHandler][] = [
    [
      'throws',
      () => {
        throw new Error('sk=SECRET');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('sk=SECRET');
      },
    ],
    [
      'throws what is no error',
      () => {
        throw 'SECRET';
      },
    ],
    ['answers what HTTP can not carry', () => ({ status: 200, body: '', headers: { 'x-a': 'SECRET\r\nx-b: c' } })],
    ['answers with no status', () => ({ status: 7, body: 'SECRET' })],
  ];
  test.each(failures)('%s: 500 with an id that the log has, and not with its text', async (_, handler) => {
    client = await talk((call) => (call.path === '/ok' ? echo(call) : handler(call)));
    client.send('GET /fail?token=TOKEN HTTP/1.1\r\n\r\nGET /ok HTTP/1.1\r\nConnection: close\r\n\r\n');
    const [failed, next] = parseAnswers(await client.untilClosed());
    expect(failed?.status).toBe(500);
    expect(failed?.body).not.toContain('SECRET');
    const { code, msg } = JSON.parse(failed?.body ?? '');
    expect(code).toBe('INTERNAL_ERROR');
    const id = /error_id=([0-9a-f]{12})$/.exec(msg)?.[1];
    const line = JSON.parse(http?.log.find((one) => one.includes(`"error_id":"${id}"`)) ?? '');
    expect(line).toMatchObject({ level: 'error', method: 'GET', url: '/fail?token=******' });
    expect(next?.status).toBe(200);
  });
});

/** Sends one request on `rawClient` and waits for the end of the connection. */
function wrap(rawClient: RawClient) {
  return {
    send: (request: string) => {
      rawClient.send(request);
      return rawClient.untilClosed();
    },
  };
}
