import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeBackend } from '../support/monitor/fake-backend.ts';
import { putInstance, type StatusServer, startStatusServer } from '../support/monitor/status-server.ts';
import { until } from '../support/until.ts';

const STATE = {
  be_port: 11100,
  http_port: 11101,
  brpc_port: 11103,
  fragment_num: 3,
  last_fragment_update_ms: 1684152350291,
};

let backend: FakeBackend;
let server: StatusServer;

beforeEach(async () => {
  backend = await FakeBackend.start({ state: STATE });
});
afterEach(async () => {
  await server.stop();
  await backend.stop();
});

test('a service that sends heartbeats shows what backends have answered, and which have not', async () => {
  server = await startStatusServer({ backend_heartbeat: true, heartbeat_interval_second: 1 });
  await putInstance(server.store, 'i', {
    backends: {
      regression_cluster_id2: [{ ip: '127.0.0.1', heartbeat_port: 1 }],
      regression_test_cluster_id0: [{ ip: '127.0.0.1', heartbeat_port: backend.port }],
    },
  });
  await until(async () => JSON.stringify((await server.status()).body).includes('11100'));
  expect((await server.status()).body).toEqual({
    ...{ msg: 'success', code: 0, count: 0 },
    data: {
      regression_cluster_id2: [
        {
          ...{ host: '127.0.0.1', heartbeatPort: 1, bePort: -1, httpPort: -1, brpcPort: -1 },
          ...{ currentFragmentNum: 0, lastFragmentUpdateTime: 0 },
        },
      ],
      regression_test_cluster_id0: [
        {
          ...{ host: '127.0.0.1', heartbeatPort: backend.port, bePort: 11100, httpPort: 11101, brpcPort: 11103 },
          ...{ currentFragmentNum: 3, lastFragmentUpdateTime: 1684152350291 },
        },
      ],
    },
  });
});

test('one that does not has no backend asked', async () => {
  server = await startStatusServer();
  await putInstance(server.store, 'i', { backends: { c: [{ ip: '127.0.0.1', heartbeat_port: backend.port }] } });
  for (let times = 0; times < 3; times++) {
    const { data } = (await server.status()).body;
    expect(data).toMatchObject({ c: [{ heartbeatPort: backend.port, bePort: -1, brpcPort: -1 }] });
  }
  expect(backend.connections).toBe(0);
});
