import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Client, createClient } from '../../src/client/client.ts';
import { CleanTxnLabelResponseSchema } from '../../src/schema/gen/cloud/txn_pb.ts';

const PROTO = { 'content-type': 'application/proto' };
const OK = toBinary(CleanTxnLabelResponseSchema, create(CleanTxnLabelResponseSchema, { status: { code: 0, msg: '' } }));
const done: RequestListener = (_, response) => response.writeHead(200, PROTO).end(OK);
const status =
  (code: number, text = ''): RequestListener =>
  (_, response) =>
    response.writeHead(code).end(text);

let http: Server;
let client: Client;
/** What the server does with each call, in their order; the last one with all that follow. */
let answers: RequestListener[];
let calls: unknown[];
beforeEach(async () => {
  [answers, calls] = [[], []];
  http = createServer((request, response) => {
    calls.push([request.method, request.url, request.headers['content-type']]);
    request.resume();
    answers[Math.min(calls.length, answers.length) - 1]?.(request, response);
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  client = createClient({ endpoints: `127.0.0.1:${(http.address() as AddressInfo).port}`, timeout_ms: 5_000 });
});
afterEach(async () => {
  client.close();
  http.closeAllConnections();
  http.close();
  await once(http, 'close');
});

/** Not to be repeated when it may have been executed. */
const call = () => client.clean_txn_label({ cloudUniqueId: '1:inst:fe', dbId: 1n });

describe('a call by HTTP', () => {
  test('is a POST of a binary message to the method', async () => {
    answers = [done];
    await call();
    expect(calls).toEqual([['POST', '/MetaService/clean_txn_label', 'application/proto']]);
  });

  test.each([503, 429])('is sent again after HTTP %i', async (code) => {
    answers = [status(code), done];
    await call();
    expect(calls.length).toBe(2);
  });

  test.each<[string, RequestListener, object]>([
    ['HTTP 400', status(400, 'no such token'), { kind: 'bad_request', message: /HTTP 400: no such token/ }],
    ['HTTP 404', status(404), { kind: 'bad_request', maybe_executed: false }],
    ['HTTP 500', status(500), { kind: 'failed', maybe_executed: true }],
    ['HTTP 502 of a proxy', status(502), { kind: 'unavailable', maybe_executed: true }],
    ['a redirection', status(302), { kind: 'protocol' }],
    [
      'a page',
      (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('hi'),
      { kind: 'protocol' },
    ],
    [
      'nothing at all',
      (_, response) => response.writeHead(200, PROTO).end(),
      { kind: 'protocol', message: /no status/ },
    ],
    ['no message', (_, response) => response.writeHead(200, PROTO).end('\xff'), { kind: 'protocol' }],
    [
      'a part of an answer',
      (_, response) => response.writeHead(200, { ...PROTO, 'content-length': 9 }).write('a', () => response.destroy()),
      { kind: 'unavailable', maybe_executed: true },
    ],
  ])('that is answered with %s is an error, and not sent again', async (_, answer, expected) => {
    answers = [answer];
    await expect(call()).rejects.toMatchObject({ ...expected, attempts: 1 });
    expect(calls.length).toBe(1);
  });

  test('is sent again by a read that a proxy gave up on', async () => {
    answers = [status(504), done];
    await client.get_txn({ cloudUniqueId: '1:inst:fe', txnId: 1n });
    expect(calls.length).toBe(2);
  });

  test('tells no secret, whatever the service repeats of its request', async () => {
    const { port } = http.address() as AddressInfo;
    const careless = createClient({ endpoints: `127.0.0.1:${port}`, token: 'the token' });
    const repeated = `obj_info { ak: "access-key" sk: "secret"key" } /MetaService/http/x?token=the%20token`;
    answers = [
      (_, response) => response.writeHead(400).end(JSON.stringify({ code: 'INVALID_ARGUMENT', msg: repeated })),
      (_, response) => response.writeHead(500).end(repeated),
      (_, response) => response.writeHead(500).end(repeated),
    ];
    const obj = { ak: 'access-key', sk: 'secret"key' };
    const errors = [
      await careless.admin('x', { obj_info: obj }).catch(String),
      await careless.admin('x', { obj_info: obj }).catch(String),
      await careless.alter_obj_store_info({ obj }).catch(String),
    ];
    for (const error of errors) {
      expect(error).toContain('obj_info { ak: "******" sk: "******" }');
      expect(error).not.toMatch(/access-key|secret/);
    }
    for (const error of errors.slice(0, 2)) expect(error).toContain('?token=******');
    careless.close();
  });

  test('to something that is no HTTP is lost', async () => {
    const other = createTcpServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-OpenSSH_9.6\r\n'));
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const stranger = createClient({ endpoints: `127.0.0.1:${port}` });
    await expect(stranger.clean_txn_label({ dbId: 1n })).rejects.toMatchObject({ attempts: 1, maybe_executed: true });
    stranger.close();
    other.close();
  });
});
