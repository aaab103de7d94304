import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OneConnection } from '../support/one-connection.ts';
import { logged, makeDir, oneWorkerOf, type SpawnedServer, spawnServer, workersOf } from '../support/run-server.ts';
import { RawClient } from '../support/server-socket.ts';
import { isAlive } from '../support/simulation/processes.ts';

let dir: string;
const spawned: SpawnedServer[] = [];
const opened: OneConnection[] = [];
beforeEach(async () => {
  dir = await makeDir();
});
afterEach(async () => {
  for (const one of opened.splice(0)) one.close();
  for (const server of spawned.splice(0)) {
    const workers = workersOf(server);
    server.child.kill('SIGKILL');
    await server.exited;
    for (const pid of workers) await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
  }
  await rm(dir, { recursive: true });
});

function serve(...args: string[]): SpawnedServer {
  const server = spawnServer(['--listen', '127.0.0.1:0', '--data-dir', join(dir, 'data'), '--workers', '2', ...args]);
  spawned.push(server);
  return server;
}

/** A program of Linux that changes the limits of a process. */
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;

function limitFiles(pid: number, files: number): void {
  const { status } = spawnSync('prlimit', ['--pid', String(pid), `--nofile=${files}:`]);
  expect(status).toBe(0);
}

interface Reply {
  readonly status: { readonly code: string };
  readonly txn_id?: string;
  readonly versions?: readonly number[];
}

/** One connection; those that are opened one after the other get to the workers in turn. */
function connection(base: string) {
  const one = new OneConnection(base);
  opened.push(one);
  return async (method: string, body: unknown): Promise<Reply> =>
    JSON.parse(await one.ask(`/MetaService/${method}`, { body: JSON.stringify(body) }));
}

const INSTANCE = {
  instance_id: 'i',
  user_id: 'u',
  name: 'n',
  vault: { hdfs_info: { build_conf: { fs_name: 'hdfs://h' } } },
};
const beginTxn = (label: string) => ({
  cloud_unique_id: '1:i:fe',
  txn_info: { db_id: 1, table_ids: [2], label, timeout_ms: 60_000 },
});

describe('workers', () => {
  test('each write to the one store, and see at once what the other has written', async () => {
    const server = serve();
    const base = await server.base();
    const connections = [connection(base), connection(base)];
    expect(await connections[0]?.('create_instance', INSTANCE)).toMatchObject({ status: { code: 'OK' } });
    const ids = new Set<bigint>();
    let newest = 0n;
    for (let round = 0; round < 50; round++) {
      for (const [index, call] of connections.entries()) {
        const begun = await call('begin_txn', beginTxn(`l${round}_${index}`));
        expect(begun.status.code).toBe('OK');
        const other = connections[1 - index];
        const again = await other?.('begin_txn', beginTxn(`l${round}_${index}`));
        expect(again?.status.code).toBe('TXN_LABEL_ALREADY_USED');
        const id = BigInt(begun.txn_id ?? 0);
        expect(id).toBeGreaterThan(newest);
        newest = id;
        ids.add(id);
      }
    }
    expect(ids.size).toBe(100);
    expect(workersOf(server)).toHaveLength(2);
  });

  test('go on when one is killed, which is started again, and nothing acknowledged is lost', async () => {
    const server = serve();
    const base = await server.base();
    expect(await connection(base)('create_instance', INSTANCE)).toMatchObject({ status: { code: 'OK' } });
    const acknowledged: string[] = [];
    let stop = false;
    const loaders = Array.from({ length: 8 }, async (_, loader) => {
      let call = connection(base);
      for (let load = 0; !stop; load++) {
        const label = `l${loader}_${load}`;
        try {
          if ((await call('begin_txn', beginTxn(label))).status.code === 'OK') acknowledged.push(label);
          // On a machine where workers start slowly there would be more of them than can be looked at.
          await sleep(10);
        } catch {
          call = connection(base);
        }
      }
    });
    for (let kill = 0; kill < 4; kill++) {
      const before = acknowledged.length;
      await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(before + 20);
      const alive = workersOf(server).filter(isAlive);
      const victim = alive[kill % alive.length];
      // 0 would be this process and all of its group.
      if (victim === undefined) throw new Error('no worker is alive');
      process.kill(victim, 'SIGKILL');
      await expect.poll(() => workersOf(server).length, { timeout: 20_000 }).toBe(3 + kill);
    }
    stop = true;
    await Promise.all(loaders);
    const checks = Array.from({ length: 8 }, async () => {
      const call = connection(base);
      for (let label = acknowledged.pop(); label !== undefined; label = acknowledged.pop()) {
        expect((await call('begin_txn', beginTxn(label))).status.code, label).toBe('TXN_LABEL_ALREADY_USED');
      }
    });
    await Promise.all(checks);
    expect(logged(server, /^a worker ended by SIGKILL$/)).toHaveLength(4);
  });

  test('end at SIGTERM when what is in flight is answered, and with their supervisor', async () => {
    const stopped = serve();
    await stopped.base();
    stopped.child.kill('SIGTERM');
    expect(await stopped.exited).toBe(0);
    expect(workersOf(stopped).map(isAlive)).toEqual([false, false]);
    expect(logged(stopped, /^stopped$/)).toHaveLength(2);

    const killed = serve();
    await killed.base();
    killed.child.kill('SIGKILL');
    for (const pid of workersOf(killed)) await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
    const next = serve();
    await next.base();
  });

  test('end at once at a second signal, whatever is in flight', async () => {
    const server = serve('--drain-timeout-ms', '600000', '--request-timeout-ms', '600000');
    const base = await server.base();
    const client = await RawClient.connect(Number(new URL(base).port));
    client.send('POST /MetaService/get_txn HTTP/1.1\r\ncontent-length: 10\r\n\r\n');
    server.child.kill('SIGTERM');
    await expect.poll(() => logged(server, /^draining$/).length, { timeout: 20_000 }).toBe(2);
    const second = setInterval(() => server.child.kill('SIGTERM'), 100);
    expect(await server.exited).toBe(1);
    clearInterval(second);
    for (const pid of workersOf(server)) await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
  });

  test('get the connections that were meant for one that has died', async () => {
    const server = serve();
    const port = Number(new URL(await server.base()).port);
    const hung = await oneWorkerOf(server);
    process.kill(hung, 'SIGSTOP');
    const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(port)));
    for (const client of clients) client.send('GET /version HTTP/1.1\r\nconnection: close\r\n\r\n');
    const replies = clients.map((client) => client.untilClosed());
    await expect.poll(() => clients.filter(({ received }) => received !== '').length).toBeGreaterThan(0);
    process.kill(hung, 'SIGKILL');
    const answered = (await Promise.all(replies)).filter((reply) => reply.includes('nereus'));
    // The one that was on its way may have been lost with the worker.
    expect(answered.length).toBeGreaterThanOrEqual(19);
  });

  test('get no more connections while they do not answer', async () => {
    const server = serve();
    const port = Number(new URL(await server.base()).port);
    const hung = await oneWorkerOf(server);
    process.kill(hung, 'SIGSTOP');
    const areAllAnswered = async () => {
      const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.connect(port)));
      for (const client of clients) client.send('GET /version HTTP/1.1\r\n\r\n');
      await sleep(200);
      return clients.every(({ received }) => received !== '');
    };
    await expect.poll(areAllAnswered, { timeout: 20_000, interval: 500 }).toBe(true);
    process.kill(hung, 'SIGCONT');
  });

  test('do not share their store with another service', async () => {
    const first = serve();
    await first.base();
    const second = serve();
    expect(await second.exited).toBe(1);
    expect(second.output().stderr).toMatch(/^nereus: The store in .* is in use by process \d+ /);
    expect(logged(first, /^a worker ended/)).toEqual([]);
  });

  test('are not left behind when the port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const server = serve('--listen', `127.0.0.1:${port}`);
    expect(await server.exited).toBe(1);
    expect(server.output().stderr).toContain('EADDRINUSE');
    expect(workersOf(server).filter(isAlive)).toEqual([]);
    taken.close();
  });

  test('take no more connections together than max_connections', async () => {
    const server = serve('--max-connections', '3');
    const base = await server.base();
    const sockets = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const socket = connect(Number(new URL(base).port), '127.0.0.1');
        socket.on('error', () => undefined);
        const closed = once(socket, 'close').then(() => 'closed');
        await once(socket, 'connect');
        return { socket, closed };
      }),
    );
    const open = () => sockets.filter(({ socket }) => !socket.destroyed && socket.readable).length;
    await expect.poll(open).toBe(3);
    for (const { socket } of sockets) socket.destroy();
    const answered = () =>
      connection(base)('get_txn', {}).then(
        ({ status }) => status.code,
        () => 'refused',
      );
    await expect.poll(answered).toBe('INVALID_ARGUMENT');
  });

  test.skipIf(!hasPrlimit)('count no connection that one has not got for want of descriptors', async () => {
    const server = serve('--max-connections', '6');
    const port = Number(new URL(await server.base()).port);
    const poor = await oneWorkerOf(server);
    const open = (await readdir(`/proc/${poor}/fd`)).length;
    limitFiles(poor, open);
    const lost = await Promise.all(Array.from({ length: 6 }, () => RawClient.connect(port)));
    await expect.poll(() => server.output().stderr).toContain('SentHandleNotReceivedWarning');
    for (const client of lost) client.close();
    limitFiles(poor, 1024);
    const areAllServed = async () => {
      const clients = await Promise.all(Array.from({ length: 6 }, () => RawClient.connect(port)));
      for (const client of clients) client.send('GET /version HTTP/1.1\r\n\r\n');
      await sleep(200);
      const served = clients.every(({ received }) => received !== '');
      for (const client of clients) client.close();
      return served;
    };
    await expect.poll(areAllServed, { timeout: 20_000, interval: 500 }).toBe(true);
  });

  test('keep a rate limit together', async () => {
    const server = serve('--specific-max-qps-limit', 'get_txn:1');
    const base = await server.base();
    const connections = [connection(base), connection(base)];
    expect(await connections[0]?.('create_instance', INSTANCE)).toMatchObject({ status: { code: 'OK' } });
    const began_ms = performance.now();
    const calls = Array.from({ length: 60 }, (_, i) =>
      connections[i % 2]?.('get_txn', { cloud_unique_id: '1:i:fe', txn_id: 1, db_id: 1 }),
    );
    const codes = (await Promise.all(calls)).map((reply) => reply?.status.code);
    const most = 1 + Math.floor((performance.now() - began_ms) / 1000);
    const admitted = codes.filter((code) => code !== 'MAX_QPS_LIMIT');
    expect(admitted.length).toBeGreaterThan(0);
    expect(admitted.length).toBeLessThanOrEqual(most);
  });

  test('log into one file, without secrets', async () => {
    const token = 'T0kenOfTheWorkers';
    const server = serve('--log-dir', join(dir, 'logs'), '--http-token', token, '--log-level', 'debug');
    // Nothing comes on the standard output then, so the file tells where it serves.
    const read = () => readFile(join(dir, 'logs', 'nereus.log'), 'utf8').catch(() => '');
    await expect.poll(read, { timeout: 20_000 }).toContain('"msg":"serving"');
    const address = /"address":"([^"]+)"/.exec(await read())?.[1];
    for (let call = 0; call < 4; call++) {
      const path = `/MetaService/http/get_instance?token=${token}&instance_id=${token}`;
      await fetch(`http://${address}${path}`, { headers: { connection: 'close' } });
    }
    server.child.kill('SIGTERM');
    expect(await server.exited).toBe(0);
    expect(await readdir(join(dir, 'logs'))).toEqual(['nereus.log']);
    const lines = (await read())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(
      lines
        .filter(({ msg }) => msg === 'stopped')
        .map(({ worker }) => worker)
        .sort(),
    ).toEqual([1, 2]);
    expect(await read()).not.toContain(token);
  });
});
