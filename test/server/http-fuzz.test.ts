import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HttpUnderTest, startHttp } from '../support/server-http.ts';
import { RawClient } from '../support/server-socket.ts';

let http: HttpUnderTest;
beforeAll(async () => {
  http = await startHttp(async (call) => {
    await new Promise(setImmediate);
    return { status: 200, body: call.body };
  });
});
afterAll(() => http.stop());

const REQUESTS = [
  'GET /MetaService/http/get_instance?token=t&instance_id=i HTTP/1.1\r\nHost: x\r\n\r\n',
  'PUT /p HTTP/1.1\r\nHost: x\r\nContent-Length: 13\r\n\r\n{"a":"bcdef"}',
  'PUT /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;a=b\r\nabc\r\n0\r\nT: v\r\n\r\n',
  'PUT /p HTTP/1.1\r\nExpect: 100-continue\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc',
  'GET http://h/ HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
];

const edit = fc.record({
  at: fc.nat(),
  remove: fc.nat({ max: 8 }),
  insert: fc.oneof(
    fc.constantFrom(
      '',
      '\r\n',
      '\r\n\r\n',
      '\n',
      '\0',
      ' ',
      ':',
      '-1',
      'fffffffff',
      'Connection: close\r\n',
      'chunked',
    ),
    fc.string({ maxLength: 5 }),
  ),
});

/** Some requests in a row, with some bytes of them removed and others put in, cut into pieces. */
const hostile = fc.record({
  requests: fc.array(fc.constantFrom(...REQUESTS), { minLength: 1, maxLength: 5 }),
  edits: fc.array(edit, { maxLength: 4 }),
  pieces: fc.integer({ min: 1, max: 4 }),
  reset: fc.boolean(),
});

test('whatever bytes come, there is an answer or an end, and the next client is served', async () => {
  await fc.assert(
    fc.asyncProperty(hostile, async ({ requests, edits, pieces, reset }) => {
      let bytes = requests.join('');
      for (const { at, remove, insert } of edits) {
        const from = at % (bytes.length + 1);
        bytes = bytes.slice(0, from) + insert + bytes.slice(from + remove);
      }
      const client = await RawClient.connect(http.port);
      const size = Math.ceil(bytes.length / pieces);
      for (let from = 0; from < bytes.length; from += size) {
        client.send(Buffer.from(bytes.slice(from, from + size), 'latin1'));
        if (pieces > 1) await new Promise(setImmediate);
      }
      if (reset) {
        client.socket.resetAndDestroy();
      } else {
        client.socket.end();
        expect(await client.untilClosed()).toMatch(/^(HTTP\/1\.1 [1-5]\d\d |$)/);
      }
    }),
    { numRuns: 500 },
  );
  const next = await RawClient.connect(http.port);
  next.send(REQUESTS[1] ?? '');
  expect(await next.until(/bcdef"}$/)).toMatch(/^HTTP\/1\.1 200 OK/);
  next.close();
  expect(http.log.filter((line) => !line.includes('"level":"debug"'))).toEqual([]);
});
