import { afterEach, describe, expect, test } from 'vitest';
import type { HttpAnswer, HttpHandler } from '../../src/admin/http-types.ts';
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

const answersSoFar = (count: number) => (received: string) => received.split('HTTP/1.1 ').length > count;

describe('pipelining', () => {
  test('answers come in the order of the requests, one call at a time', async () => {
    let running = 0;
    let most = 0;
    client = await talk(async (call) => {
      most = Math.max(most, ++running);
      // The later the request, the quicker its answer would be, if they ran side by side.
      for (let turns = 20 - Number(call.query); turns > 0; turns--) await new Promise(setImmediate);
      running--;
      return echo(call);
    });
    const numbers = Array.from({ length: 20 }, (_, i) => String(i));
    client.send(
      numbers.map((i) => `PUT /p?${i} HTTP/1.1\r\nHost: x\r\nContent-Length: ${i.length}\r\n\r\n${i}`).join(''),
    );
    const received = await client.until((all) => answersSoFar(20)(all) && all.endsWith('"body":"19"}'));
    expect(echoed(received).map(({ body }) => body)).toEqual(numbers);
    expect(most).toBe(1);
  });

  test('a request without a body does not overtake one with a body', async () => {
    const paths: string[] = [];
    client = await talk((call) => {
      paths.push(call.path);
      return echo(call);
    });
    const requests = ['PUT /1 HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi', 'GET /2 HTTP/1.1\r\n\r\n'];
    client.send(`${requests.join('').repeat(20)}GET /3 HTTP/1.1\r\nConnection: close\r\n\r\n`);
    await client.untilClosed();
    expect(paths.join('')).toBe(`${'/1/2'.repeat(20)}/3`);
  });

  test('two thousand requests in one write are all answered', async () => {
    client = await talk(slowEcho);
    client.send(`${'GET /p HTTP/1.1\r\n\r\n'.repeat(1999)}GET /last HTTP/1.1\r\nConnection: close\r\n\r\n`);
    const got = echoed(await client.untilClosed());
    expect(got).toHaveLength(2000);
    expect(got.at(-1).path).toBe('/last');
  });

  test('thousands of requests that are answered at once leave others their turn in between', async () => {
    let in_this_turn = 0;
    let most = 0;
    client = await talk((call) => {
      if (in_this_turn++ === 0) {
        setImmediate(() => {
          in_this_turn = 0;
        });
      }
      most = Math.max(most, in_this_turn);
      return echo(call);
    });
    client.send(`${'GET /p HTTP/1.1\r\n\r\n'.repeat(2999)}GET /last HTTP/1.1\r\nConnection: close\r\n\r\n`);
    const got = echoed(await client.untilClosed());
    expect(got).toHaveLength(3000);
    expect(got.at(-1).path).toBe('/last');
    expect(most).toBeLessThan(10);
  });

  test('requests without end are cut off after those that were taken', async () => {
    const gate = deferred<HttpAnswer>();
    client = await talk((call) => (call.path === '/gate' ? gate.promise : echo(call)));
    client.send(`GET /gate HTTP/1.1\r\n\r\n${'GET /p HTTP/1.1\r\n\r\n'.repeat(20_000)}`);
    await expect.poll(() => http?.in_flight.count).toBe(1);
    gate.resolve({ status: 200, body: '' });
    const answers = parseAnswers(await client.untilClosed());
    expect(answers.at(-1)).toMatchObject({ status: 503, headers: { connection: 'close' } });
    expect(answers.length).toBeLessThan(5000);
    expect(answers.slice(0, -1).every(({ status }) => status === 200)).toBe(true);
  });

  test('garbage after requests is answered after them', async () => {
    client = await talk(slowEcho);
    client.send('GET /1 HTTP/1.1\r\n\r\nPUT /2 HTTP/1.1\r\nContent-Length: 2\r\n\r\nhinonsense\r\n\r\n');
    const answers = parseAnswers(await client.untilClosed());
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400]);
  });

  test('what follows a request that ends the connection is not run', async () => {
    const paths: string[] = [];
    client = await talk(async (call) => {
      paths.push(call.path);
      return echo(call);
    });
    client.send('GET /1 HTTP/1.1\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\n\r\n');
    expect(parseAnswers(await client.untilClosed())).toHaveLength(1);
    expect(paths).toEqual(['/1']);
  });
});
