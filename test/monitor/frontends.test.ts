import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NodeInfoPB_NodeType as NodeType } from '../../src/schema/gen/cloud/cluster_pb.ts';
import { loggerTo } from '../support/logger-to.ts';
import {
  answers,
  type FakeFrontend,
  FOLLOWER,
  type FrontendDoes,
  startFrontends,
} from '../support/monitor/fake-frontend.ts';
import { basic, PAGE, putInstance, type StatusServer, startStatusServer } from '../support/monitor/status-server.ts';

const { FE_MASTER, FE_FOLLOWER, FE_OBSERVER } = NodeType;
const PASSWORD = 'only-the-frontend-may-hear-it';
const AUTHORIZATION = basic('admin', PASSWORD);

const BACKEND = {
  host: '127.0.0.1',
  heartbeatPort: 11102,
  bePort: 11100,
  httpPort: 11101,
  brpcPort: 11103,
  currentFragmentNum: 3,
  lastFragmentUpdateTime: 1684152350291,
};
const UNANSWERED = {
  ...BACKEND,
  bePort: -1,
  httpPort: -1,
  brpcPort: -1,
  currentFragmentNum: 0,
  lastFragmentUpdateTime: 0,
};
const MASTER = answers(0, 'success', { c: [BACKEND] });
const BACKENDS = { c: [{ ip: BACKEND.host, heartbeat_port: BACKEND.heartbeatPort }] };

let server: StatusServer;
let frontends: FakeFrontend[] = [];
let log: string[] = [];

beforeEach(() => {
  log = [];
});
afterEach(async () => {
  await server.stop();
  await Promise.all(frontends.map((frontend) => frontend.stop()));
});

/** A server whose instance `i` has these frontends, registered in this order as followers, at 127.0.0.2 and so on. */
async function serve(does: readonly FrontendDoes[], timeout_ms = 30_000): Promise<void> {
  const hosts = does.map((_, place) => `127.0.0.${place + 2}`);
  frontends = await startFrontends(Object.fromEntries(hosts.map((host, place) => [host, does[place] as FrontendDoes])));
  const settings = {
    frontend_http_port: frontends[0]?.port ?? 1,
    frontend_timeout_ms: timeout_ms,
    cluster_status_users: new Map([['admin', PASSWORD]]),
  };
  server = await startStatusServer(
    settings,
    loggerTo((line) => log.push(line)),
  );
  const nodes = hosts.map((ip) => ({ ip, type: FE_FOLLOWER }));
  await putInstance(server.store, 'i', { frontends: nodes, backends: BACKENDS });
}

const ask = (query = '?instance_id=i') => server.status(query, AUTHORIZATION);

describe('the answer of the master', () => {
  test('is taken though a follower is asked first, and the caller is who asks', async () => {
    await serve([FOLLOWER, FOLLOWER, FOLLOWER, MASTER]);
    expect(await ask()).toEqual({
      http: 200,
      body: { msg: 'success', code: 0, data: { c: [BACKEND] }, count: 0 },
    });
    for (const { requests } of frontends) {
      expect(requests.map(({ method, url, headers }) => [method, url, headers.authorization])).toEqual([
        ['GET', PAGE, AUTHORIZATION],
      ]);
    }
  });

  test('is that of the one registered as the master, where all of them answer', async () => {
    const stale = answers(0, 'success', { c: [{ ...BACKEND, currentFragmentNum: 99 }] });
    await serve([stale, stale, MASTER]);
    const nodes = [
      { ip: '127.0.0.2', type: FE_OBSERVER },
      { ip: '127.0.0.3', type: FE_FOLLOWER },
      { host: '127.0.0.4', type: FE_MASTER },
    ];
    await putInstance(server.store, 'i', { frontends: nodes, backends: BACKENDS });
    expect((await ask()).body.data).toEqual({ c: [BACKEND] });
  });

  test('is found behind frontends that are dead, slow or mad', async () => {
    await serve(
      [(request) => request.socket.destroy(), answers(0, 'success', 'all is well'), () => undefined, MASTER],
      1500,
    );
    expect((await ask()).body).toMatchObject({ code: 0, data: { c: [BACKEND] } });
  });

  test('holds nothing but what belongs there', async () => {
    const chatty = { ...BACKEND, password: 'leaked', nested: { deep: 1 } };
    await serve([answers(0, 'success; and more', { c: [chatty], d: [] })]);
    expect((await ask()).body).toEqual({ msg: 'success', code: 0, data: { c: [BACKEND], d: [] }, count: 0 });
  });
});

describe('without an answer of the master', () => {
  test.each<[string, FrontendDoes, RegExp]>([
    ['is a follower', FOLLOWER, /127\.0\.0\.2:\d+ is not the master/],
    [
      'is in trouble',
      answers(500, 'Internal Error', 'Catalog is "gone"'),
      /answered code 500: "Catalog is \\"gone\\""/,
    ],
    ['closes the connection', (request) => request.socket.destroy(), /can not be asked: ECONNRESET/],
    ['closes it in the middle of the answer', half, /can not be asked: ECONNRESET/],
    ['answers another status', (_, response) => response.writeHead(503).end(), /answered HTTP 503/],
    ['sends the caller elsewhere', redirect, /answered HTTP 307/],
    ['answers a page', (_, response) => response.end('<html>'), /answered what is no cluster status/],
    ['answers nothing', (_, response) => response.end(), /answered what is no cluster status/],
    ['answers null', (_, response) => response.end('null'), /answered what is no cluster status/],
    ['nests without end', (_, response) => response.end('['.repeat(1_000_000)), /answered what is no cluster status/],
    ['answers a list', answers(0, 'success', [[BACKEND]]), /answered what is no cluster status/],
    ['has a backend that is none', answers(0, 'success', { c: [BACKEND, 7] }), /answered what is no cluster status/],
    ['has no host', answers(0, 'success', { c: [{ ...BACKEND, host: '' }] }), /answered what is no cluster status/],
    ['has a text for a port', answers(0, 'success', { c: [{ ...BACKEND, bePort: '1' }] }), /no cluster status/],
    ['has a port that can not be', answers(0, 'success', { c: [{ ...BACKEND, bePort: 65536 }] }), /no cluster status/],
    [
      'has half a fragment',
      answers(0, 'success', { c: [{ ...BACKEND, currentFragmentNum: 0.5 }] }),
      /no cluster status/,
    ],
    ['answers without end', endless, /answered more than 2097152 bytes/],
    ['never answers', () => undefined, /did not answer within 300 ms/],
    ['answers byte by byte', drip, /did not answer within 300 ms/],
  ])('of one that %s, it says so, and what it knows itself', async (_name, does, why) => {
    await serve([does], why.source.includes('300 ms') ? 300 : 30_000);
    const { http, body } = await ask();
    expect(http).toBe(200);
    expect(body).toMatchObject({ code: 1, data: { c: [UNANSWERED] }, count: 0 });
    expect(body.msg).toMatch(/^the frontends of instance i: 127\.0\.0\.2:/);
    expect(body.msg).toMatch(why);
  });

  test('it names each frontend, wherever it was registered', async () => {
    await serve([FOLLOWER, FOLLOWER], 300);
    const bad = ['127.0.0.2', '127.0.0.3', 'a b\r\nx: y', '::1', 'no-such-host.invalid', '\0', '%00', 'ü'.repeat(300)];
    await putInstance(server.store, 'i', { frontends: bad.map((ip) => ({ ip })), backends: BACKENDS });
    const { body } = await ask();
    expect(body).toMatchObject({ code: 1, data: { c: [UNANSWERED] } });
    expect(body.msg.split(', ').length).toBe(bad.length);
  });

  test('and with backends of many megabytes, it is refused', async () => {
    const many = answers(0, 'success', { c: Array.from({ length: 10_001 }, () => ({ ...BACKEND })) });
    await serve([many]);
    expect((await ask()).body).toMatchObject({ code: 403, data: expect.stringContaining('more than 10000 backends') });
  });
});

describe('who may not see it', () => {
  test('is told what the frontend says, if the service lets it ask', async () => {
    await serve([
      FOLLOWER,
      answers(401, 'Unauthorized', "Access denied for user 'admin@10.0.0.1' (using password: YES)"),
    ]);
    expect((await ask()).body).toEqual({
      ...{ msg: 'Unauthorized', code: 401, count: 0 },
      data: "Access denied for user 'admin@10.0.0.1' (using password: YES)",
    });
  });

  test('does not get a frontend asked', async () => {
    await serve([MASTER]);
    expect((await server.status('?instance_id=i', basic('admin', 'guessed'))).body.code).toBe(401);
    expect(frontends[0]?.requests).toEqual([]);
  });
});

test('all instances are shown together, with what some of them lack', async () => {
  await serve([MASTER, answers(401, 'Unauthorized', 'no')]);
  await putInstance(server.store, 'i', { frontends: [{ ip: '127.0.0.2' }] });
  await putInstance(server.store, 'j', {
    frontends: [{ ip: '127.0.0.3' }],
    backends: { d: [{ ip: '10.0.0.9', heartbeat_port: 1 }] },
  });
  await putInstance(server.store, 'k', { backends: { c: [{ ip: '10.0.0.8', heartbeat_port: 2 }] } });
  const { body } = await ask('');
  expect(body.msg).toBe('the frontends of instance j: no');
  expect(body).toMatchObject({
    code: 1,
    data: { c: [BACKEND, { host: '10.0.0.8' }], d: [{ host: '10.0.0.9', bePort: -1 }] },
  });
});

test('no password stands in the log, whatever came of it', async () => {
  await serve([redirect, (request) => request.socket.destroy(), (_, response) => response.end('{')], 300);
  await ask();
  await server.status('', basic('admin', `${PASSWORD}x`));
  expect(log.length).toBeGreaterThan(0);
  for (const secret of [PASSWORD, AUTHORIZATION, Buffer.from(PASSWORD).toString('base64')]) {
    expect(log.join('')).not.toContain(secret);
  }
});

function half(...[, response]: Parameters<FrontendDoes>): void {
  response.writeHead(200, { 'content-length': '1000' });
  response.write('{"msg": "success", "code": 0, "data": {');
  setImmediate(() => response.socket?.destroy());
}

function redirect(...[, response]: Parameters<FrontendDoes>): void {
  response.writeHead(307, { location: `http://127.0.0.1:${frontends[0]?.port}${PAGE}` }).end();
}

function endless(...[, response]: Parameters<FrontendDoes>): void {
  const more = () => {
    while (!response.destroyed && response.write('"'.repeat(65_536)));
  };
  response.on('drain', more);
  more();
}

function drip(...[, response]: Parameters<FrontendDoes>): void {
  const timer = setInterval(() => response.write(' '), 5);
  response.on('close', () => clearInterval(timer));
}
