import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keys } from '../../src/keys/key-table.ts';
import { Heartbeats } from '../../src/monitor/heartbeat/heartbeats.ts';
import { holdLease } from '../../src/monitor/heartbeat/lease.ts';
import { recordExists } from '../../src/records/message-record.ts';
import { loggerTo } from '../support/logger-to.ts';
import { FakeBackend, type FakeBackendOptions } from '../support/monitor/fake-backend.ts';
import { putInstance, type StatusServer, startStatusServer } from '../support/monitor/status-server.ts';
import { until } from '../support/until.ts';

/** The beginning of an answer, and of one with a text of two gigabytes in a field that is not known. */
const header = Buffer.from('80010002000000096865617274626561740000000100', 'hex').subarray(0, 21);
const huge = Buffer.concat([header, Buffer.from('0c00000c00010b00637fffffff', 'hex')]);

let server: StatusServer;
let log: Record<string, unknown>[] = [];
const backends: FakeBackend[] = [];
const running: Heartbeats[] = [];

beforeEach(async () => {
  log = [];
  server = await startStatusServer();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((heartbeats) => heartbeats.stop()));
  await server.stop();
  await Promise.all(backends.splice(0).map((backend) => backend.stop()));
});

async function startBackend(options?: FakeBackendOptions): Promise<FakeBackend> {
  const backend = await FakeBackend.start(options);
  backends.push(backend);
  return backend;
}

const logger = loggerTo((line) => log.push(JSON.parse(line)), 'info');

/** Asks every few milliseconds, for a process of this name. */
function startHeartbeats(
  options: { owner?: string; timeout_ms?: number; tolerance?: number; at_a_time?: number } = {},
) {
  const { owner = 'one', timeout_ms = 20_000, tolerance = 1, at_a_time = 4 } = options;
  const { store } = server;
  const heartbeats = new Heartbeats({
    ...{ store, logger, timeout_ms, tolerance, at_a_time, now_ms: Date.now, interval_ms: 20 },
  });
  heartbeats.start(owner);
  running.push(heartbeats);
  return heartbeats;
}

/** Registers backends of an instance without frontends. */
const register = (...all: readonly FakeBackend[]) =>
  putInstance(server.store, 'i', {
    backends: { c: all.map(({ port }) => ({ ip: '127.0.0.1', heartbeat_port: port })) },
  });

/** What is known of a backend. */
async function factsOf(heartbeats: Heartbeats, { port }: FakeBackend) {
  return (await heartbeats.known()).get(`127.0.0.1:${port}`)?.facts;
}

const rounds = async (backend: FakeBackend, count: number) => {
  const before = backend.heartbeats.length;
  await until(() => backend.heartbeats.length >= before + count);
};

describe('a heartbeat', () => {
  test('brings what the backend has going on, and leaves nothing behind in it', async () => {
    const state = {
      be_port: 11100,
      http_port: 11101,
      brpc_port: 11103,
      fragment_num: 3,
      last_fragment_update_ms: 1684152350291,
    };
    const backend = await startBackend({ state });
    await register(backend);
    const heartbeats = startHeartbeats();
    await until(async () => (await factsOf(heartbeats, backend)) !== undefined);
    expect(await factsOf(heartbeats, backend)).toEqual(state);
    backend.state.fragment_num = 0;
    await until(async () => (await factsOf(heartbeats, backend))?.fragment_num === 0);
    expect(backend.heartbeats[0]).toEqual({ 1: { 1: '', 2: 0 }, 2: -1, 3: 0 });
    expect(backend.memory).toEqual({ cluster_id: -1, master: ':0', epoch: 0, token: undefined });
  });

  test.each<[string, FakeBackendOptions['memory'], RegExp]>([
    ['belongs to a cluster', { cluster_id: 77 }, /with status 6: invalid cluster id/],
    ['has a master', { master: '10.0.0.1:9020', epoch: 1 }, /with status 6: epoch is not greater than local/],
  ])('is refused by one that %s, which stays as it was', async (_name, memory, why) => {
    const backend = await startBackend({ memory: memory ?? {} });
    const before = { ...backend.memory };
    await register(backend);
    const heartbeats = startHeartbeats();
    await rounds(backend, 3);
    expect(await factsOf(heartbeats, backend)).toBeUndefined();
    expect(backend.memory).toEqual(before);
    // Told once, not with each round.
    const told = log.filter(({ msg }) => msg === 'a backend does not answer heartbeats');
    expect(told).toEqual([
      expect.objectContaining({ backend: `127.0.0.1:${backend.port}`, why: expect.stringMatching(why) }),
    ]);
  });

  test('has a connection of its own, which ends with it, and never stands in line with another', async () => {
    const backend = await startBackend();
    await register(backend, backend);
    startHeartbeats();
    await rounds(backend, 5);
    expect(backend.connections).toBeGreaterThanOrEqual(5);
    expect(backend.most_connections).toBe(1);
  });
});

describe('backends that can not be relied on', () => {
  const says = (bytes: Buffer) => (socket: Socket) => void socket.write(bytes);

  test.each<[string, (socket: Socket) => void, RegExp]>([
    ['speak HTTP', says(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')), /what is no answer|within 400 ms/],
    ['answer zeros', says(Buffer.alloc(64)), /what is no answer/],
    ['answer half', says(header), /within 400 ms/],
    ['promise huge texts', says(huge), /within 400 ms/],
    ['write without end', endless, /more than 16384 bytes|no answer|another call/],
    ['write byte by byte', drip, /within 400 ms/],
    ['close the connection', (socket) => socket.end(), /without an answer/],
    ['reset the connection', (socket) => socket.resetAndDestroy(), /ECONNRESET|without an answer/],
  ])('that %s do not keep the others from being asked', async (_name, writes, why) => {
    const liars = await Promise.all([startBackend({ writes }), startBackend({ writes })]);
    const good = await startBackend({ state: { fragment_num: 5 } });
    await register(...liars, good);
    const heartbeats = startHeartbeats({ timeout_ms: 400, at_a_time: 2 });
    await until(async () => (await factsOf(heartbeats, good))?.fragment_num === 5);
    for (const liar of liars) expect(await factsOf(heartbeats, liar)).toBeUndefined();
    const told = log.filter(({ backend }) => backend === `127.0.0.1:${liars[0]?.port}`);
    // On a machine that stands still for so long, whatever they say comes too late.
    expect(told[0]?.why).toMatch(new RegExp(`${why.source}|within 400 ms`));
  });

  test.each(['fragment_num', 'last_fragment_update_ms', 'be_port', 'http_port', 'brpc_port'])(
    'that lie about their %s are not believed',
    async (name) => {
      const good = await startBackend();
      const liar = await startBackend({ state: { [name]: name.endsWith('port') ? 65_536 : -1 } });
      await register(liar, good);
      const heartbeats = startHeartbeats();
      await until(async () => (await factsOf(heartbeats, good)) !== undefined);
      await rounds(liar, 2);
      expect(await factsOf(heartbeats, liar)).toBeUndefined();
    },
  );

  test('that are slow or dead are asked beside the others', async () => {
    const slow = await startBackend({ silent: true });
    const dead = await startBackend();
    await dead.stop();
    const good = await startBackend();
    await register(slow, dead, good);
    const heartbeats = startHeartbeats({ timeout_ms: 400 });
    await until(async () => (await factsOf(heartbeats, good)) !== undefined);
    expect([await factsOf(heartbeats, slow), await factsOf(heartbeats, dead)]).toEqual([undefined, undefined]);
    const reasons = log.map(({ why }) => String(why));
    expect(reasons).toEqual(
      expect.arrayContaining(['it did not answer within 400 ms', 'it can not be asked: ECONNREFUSED']),
    );
  });

  test('that are registered where there can be none do no harm', async () => {
    const good = await startBackend();
    const hosts = ['\0', 'a b', 'no-such-host.invalid', 'x'.repeat(10_000), '::1'];
    const bad = hosts.map((host) => ({ host, heartbeat_port: 1 }));
    const ports = [0, -1, 65_536, 2 ** 31 - 1].map((heartbeat_port) => ({ ip: '127.0.0.1', heartbeat_port }));
    await putInstance(server.store, 'i', {
      backends: { c: [...bad, ...ports, { ip: '127.0.0.1', heartbeat_port: good.port }] },
    });
    const heartbeats = startHeartbeats();
    await until(async () => (await factsOf(heartbeats, good)) !== undefined);
    expect((await heartbeats.known()).size).toBe(1);
  });

  test('that restart answer again, and only then', async () => {
    const first = await startBackend({ state: { fragment_num: 1 } });
    await register(first);
    const heartbeats = startHeartbeats();
    await until(async () => (await factsOf(heartbeats, first))?.fragment_num === 1);
    await first.stop();
    await until(async () => (await factsOf(heartbeats, first)) === undefined);
    await startBackend({ port: first.port, state: { fragment_num: 2 } });
    await until(async () => (await factsOf(heartbeats, first))?.fragment_num === 2);
    await until(() => log.some(({ msg }) => msg === 'a backend answers heartbeats again'));
  });

  test('keep what they said last for as many heartbeats as are tolerated', async () => {
    const backend = await startBackend();
    await register(backend);
    const heartbeats = startHeartbeats({ tolerance: 1000 });
    await until(async () => (await factsOf(heartbeats, backend)) !== undefined);
    await backend.stop();
    const name = `127.0.0.1:${backend.port}`;
    await until(async () => ((await heartbeats.known()).get(name)?.failures ?? 0) >= 3);
    expect(await factsOf(heartbeats, backend)).toBeDefined();
  });
});

describe('which backends are asked', () => {
  test('those of instances without frontends, as long as they are there', async () => {
    const [own, mastered, dropped] = await Promise.all([startBackend(), startBackend(), startBackend()]);
    const of = ({ port }: FakeBackend) => ({ c: [{ ip: '127.0.0.1', heartbeat_port: port }] });
    await putInstance(server.store, 'i', { backends: of(own) });
    await putInstance(server.store, 'm', { frontends: [{ ip: '127.0.0.1' }], backends: of(mastered) });
    await putInstance(server.store, 'd', { backends: of(dropped), dropped: true });
    const heartbeats = startHeartbeats();
    await until(async () => (await factsOf(heartbeats, own)) !== undefined);
    await rounds(own, 3);
    expect([mastered.connections, dropped.connections]).toEqual([0, 0]);
    // From the first frontend on, Nereus asks no more, and forgets what it has heard.
    await putInstance(server.store, 'i', { frontends: [{ ip: '127.0.0.1' }], backends: of(own) });
    await until(async () => (await heartbeats.known()).size === 0);
    const asked = own.connections;
    await putInstance(server.store, 'm', { backends: of(mastered) });
    await rounds(mastered, 3);
    expect(own.connections - asked).toBeLessThanOrEqual(1);
  });

  test('by one process at a time, and by the next when that has ended', async () => {
    const backend = await startBackend();
    await register(backend);
    const first = startHeartbeats({ owner: 'first' });
    await until(async () => (await factsOf(first, backend)) !== undefined);
    const second = startHeartbeats({ owner: 'second' });
    // The other hears of it, too.
    expect(await factsOf(second, backend)).toEqual(await factsOf(first, backend));
    await rounds(backend, 5);
    expect(backend.most_connections).toBe(1);
    await first.stop();
    await rounds(backend, 3);
    await second.stop();
    expect(await server.store.transact((txn) => recordExists(txn, keys.systemHeartbeatLease, {}))).toBe(false);
  });

  test('and by another when that has died without a word', async () => {
    const backend = await startBackend();
    await register(backend);
    const dead = startHeartbeats({ owner: 'dead', timeout_ms: 100 });
    await rounds(backend, 1);
    await dead.stop();
    const claim = { owner: 'dead', now_ms: Date.now(), lease_ms: 500 };
    expect(await server.store.transact((txn) => holdLease(txn, claim))).toBe(true);
    expect(await server.store.transact((txn) => holdLease(txn, { ...claim, owner: 'alive' }))).toBe(false);
    startHeartbeats({ owner: 'alive', timeout_ms: 100 });
    await rounds(backend, 1);
    expect(Date.now()).toBeGreaterThanOrEqual(claim.now_ms + claim.lease_ms);
  });
});

function endless(socket: Socket): void {
  const more = () => {
    while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 0x0f)));
  };
  socket.on('drain', more);
  more();
}

function drip(socket: Socket): void {
  socket.write(huge);
  const timer = setInterval(() => socket.write(' '), 5);
  socket.on('close', () => clearInterval(timer));
}
