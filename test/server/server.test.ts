import { rm } from 'node:fs/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { HttpAnswer } from '../../src/admin/http-types.ts';
import { StoreError, StoreErrorCode } from '../../src/kv/store-error.ts';
import { healthPage } from '../../src/server/health.ts';
import { makeDir, startTestServer, type TestServer, type TestServerOptions } from '../support/run-server.ts';
import { deferred } from '../support/server-http.ts';
import { parseAnswers, RawClient } from '../support/server-socket.ts';

const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await startTestServer(options);
  cleanups.push(() => server.stop());
  return server;
}

async function connect(server: TestServer): Promise<RawClient> {
  const client = await RawClient.connect(Number(new URL(server.base).port));
  cleanups.push(() => client.close());
  return client;
}

describe('/health', () => {
  test('is 200 when the server serves, for any method, without a token', async () => {
    const { base } = await start();
    for (const method of ['GET', 'HEAD', 'PUT']) {
      const response = await fetch(`${base}/health?x`, { method });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('application/json');
    }
    for (const path of ['/health', '/health/']) {
      expect(await (await fetch(`${base}${path}`)).json()).toEqual({ status: 'serving' });
    }
  });

  test('is 503 while the server starts or drains, and when the store does not answer', async () => {
    const broken = {
      begin: () => ({
        get: () => Promise.reject(new StoreError(StoreErrorCode.Storage, 'The disk is gone.')),
        cancel: () => undefined,
      }),
    };
    const status = async (phase: 'starting' | 'serving' | 'draining') => {
      const answer = await healthPage(broken as never, () => phase)({} as never);
      return [answer.status, answer.body];
    };
    expect(await status('starting')).toEqual([503, '{"status":"starting"}\n']);
    expect(await status('draining')).toEqual([503, '{"status":"draining"}\n']);
    expect(await status('serving')).toEqual([503, '{"status":"the store does not answer"}\n']);
  });
});

describe('stopping', () => {
  test('answers what is in flight, closes idle connections, and takes no new ones', async () => {
    const gate = deferred<HttpAnswer>();
    const reached = deferred<void>();
    const server = await start({
      createHandler: () => (call) => {
        if (call.path !== '/wait') return { status: 200, body: 'at once' };
        reached.resolve();
        return gate.promise;
      },
    });
    const idle = await connect(server);
    idle.send('GET /idle HTTP/1.1\r\n\r\n');
    await idle.until(/at once$/);
    const silent = await connect(server);
    const busy = await connect(server);
    busy.send('PUT /wait HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi');
    await reached.promise;
    const sending = await connect(server);
    sending.send('PUT /body HTTP/1.1\r\nContent-Length: 4\r\n\r\nha');
    await fetch(server.base, { headers: { connection: 'close' } });

    const stopped = server.stop();
    expect(parseAnswers(await idle.untilClosed())).toHaveLength(1);
    expect(await silent.untilClosed()).toBe('');
    await expect(RawClient.connect(Number(new URL(server.base).port))).rejects.toThrow('ECONNREFUSED');
    sending.send('lf');
    gate.resolve({ status: 200, body: 'answered' });
    for (const client of [busy, sending]) {
      const [answer] = parseAnswers(await client.untilClosed());
      expect(answer).toMatchObject({ status: 200, headers: { connection: 'close' } });
    }
    await stopped;
  });

  test('answers a request that was on its way', async () => {
    const server = await start({ createHandler: () => (call) => ({ status: 200, body: call.path }) });
    const client = await connect(server);
    client.send('GET /before HTTP/1.1\r\n\r\n');
    await client.until(/\/before$/);
    const stopped = server.stop();
    client.send('GET /after HTTP/1.1\r\n\r\n');
    const [, after] = parseAnswers(await client.untilClosed());
    expect(after).toMatchObject({ body: '/after', headers: { connection: 'close' } });
    await stopped;
  });

  test('answers every pipelined request that came before, and closes after the last', async () => {
    const gate = deferred<void>();
    const server = await start({
      createHandler: () => async (call) => {
        await gate.promise;
        return { status: 200, body: call.path };
      },
    });
    const client = await connect(server);
    client.send('GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n');
    client.send('GET /4 HTTP/1.1\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const stopped = server.stop();
    gate.resolve();
    const answers = parseAnswers(await client.untilClosed());
    expect(answers.map(({ body }) => body)).toEqual(['/1', '/2', '/3', '/4']);
    expect(answers.map(({ headers }) => headers.connection)).toEqual([
      'keep-alive',
      'keep-alive',
      'keep-alive',
      'close',
    ]);
    await stopped;
  });

  test('waits for a call whose client has gone', async () => {
    const gate = deferred<HttpAnswer>();
    const reached = deferred<void>();
    const server = await start({
      createHandler: () => () => {
        reached.resolve();
        return gate.promise;
      },
    });
    const client = await connect(server);
    client.send('GET /wait HTTP/1.1\r\n\r\n');
    await reached.promise;
    client.socket.resetAndDestroy();
    let stopped = false;
    const stopping = server.stop().then(() => {
      stopped = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(stopped).toBe(false);
    gate.resolve({ status: 200, body: '' });
    await stopping;
  });

  test('does not wait longer than drain_timeout_ms', async () => {
    const reached = deferred<void>();
    const server = await start({
      settings: { drain_timeout_ms: 100 },
      createHandler: () => () => {
        reached.resolve();
        return new Promise(() => undefined);
      },
    });
    const client = await connect(server);
    client.send('GET /never HTTP/1.1\r\n\r\n');
    await reached.promise;
    await server.stop();
    expect(await client.untilClosed()).toBe('');
  });
});

describe('starting', () => {
  test('what was written is there after a restart, and the directory is free again after a stop', async () => {
    const dir = await makeDir();
    cleanups.push(() => rm(dir, { recursive: true }));
    const key = Buffer.from('kept');
    const createHandler: TestServerOptions['createHandler'] = (store) => async (call) => {
      if (call.method === 'PUT') await store.transact(async (txn) => txn.set(key, call.body));
      const value = await store.transact((txn) => txn.get(key));
      return { status: 200, body: value === undefined ? 'nothing' : Buffer.from(value) };
    };
    const first = await startTestServer({ dir, createHandler });
    expect(await (await fetch(first.base)).text()).toBe('nothing');
    await fetch(first.base, { method: 'PUT', body: 'something' });
    await first.stop();
    const second = await start({ dir, createHandler });
    expect(await (await fetch(second.base)).text()).toBe('something');
  });

  test('on an address in use is refused with what to do, and leaves the directory free', async () => {
    const first = await start();
    const dir = await makeDir();
    cleanups.push(() => rm(dir, { recursive: true }));
    const { host, port } = new URL(first.base);
    const settings = { brpc_listen_port: Number(port), listen: { host: '127.0.0.1', port: Number(port) } };
    await expect(startTestServer({ dir, settings })).rejects.toThrow(
      `can't listen on ${host}: EADDRINUSE: another program, perhaps another Nereus, listens there; stop it, or choose another port (--listen HOST:PORT)`,
    );
    await start({ dir });
  });

  test('that fails in the services leaves the directory free', async () => {
    const dir = await makeDir();
    cleanups.push(() => rm(dir, { recursive: true }));
    const createHandler = () => Promise.reject(new Error('no services'));
    await expect(startTestServer({ dir, createHandler })).rejects.toThrow('no services');
    await start({ dir });
  });
});
