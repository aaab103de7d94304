import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Client, createClient } from '../../src/client/client.ts';
import { newInstance } from '../support/client/counted-server.ts';
import { makeDir, type SpawnedServer, spawnServer, startTestServer } from '../support/run-server.ts';

const cloudUniqueId = '1:inst:fe';
let dir: string;
beforeEach(async () => {
  dir = await makeDir();
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Loads without rowsets, one after the other until it is told to stop. The transactions that became visible go to `visible`. */
async function load(client: Client, name: string, visible: bigint[], goesOn: () => boolean): Promise<void> {
  for (let n = 1; goesOn(); n++) {
    const label = `${name}-${n}`;
    const requestId = { hi: BigInt(n), lo: BigInt(name.length) };
    const txnInfo = { label, dbId: 1n, tableIds: [2n], timeoutMs: 60_000n, requestId };
    const { txnId } = await client.begin_txn({ cloudUniqueId, txnInfo });
    await client.precommit_txn({ cloudUniqueId, txnId, dbId: 1n });
    await client.commit_txn({ cloudUniqueId, txnId, dbId: 1n, is2pc: true });
    expect((await client.get_txn_id({ cloudUniqueId, dbId: 1n, label })).txnId).toBe(txnId);
    visible.push(txnId);
  }
}

/** Loads by several clients while the service is restarted three times, each time after everyone has got on. */
async function loadMeanwhile(clients: readonly Client[], restart: () => Promise<void>): Promise<void> {
  const loaded = clients.map((): bigint[] => []);
  let more = true;
  const loads = Promise.all(clients.map((client, i) => load(client, 'x'.repeat(i + 1), loaded[i] ?? [], () => more)));
  const everyoneGetsOn = async () => {
    const before = loaded.map(({ length }) => length);
    while (loaded.some(({ length }, i) => length === before[i])) {
      // Rejects when one of them has met an error.
      await Promise.race([loads, new Promise((resolve) => setTimeout(resolve, 5))]);
    }
  };
  for (let i = 0; i < 3; i++) {
    await everyoneGetsOn();
    await restart();
  }
  await everyoneGetsOn();
  more = false;
  await loads;
  const visible = loaded.flat();
  expect(new Set(visible).size).toBe(visible.length);
}

describe.each(['http', 'grpc'] as const)('clients over %s see no error', (transport) => {
  test('while the service is stopped in order and started again', async () => {
    let server = await startTestServer({ dir });
    const { base, token } = server;
    const brpc_listen_port = Number(new URL(base).port);
    const clients = Array.from({ length: 4 }, () => createClient({ endpoints: base, transport, token }));
    await clients[0]?.admin('create_instance', newInstance('inst'));
    await loadMeanwhile(clients, async () => {
      await server.stop();
      server = await startTestServer({ dir, settings: { brpc_listen_port } });
    });
    for (const client of clients) client.close();
    await server.stop();
  });

  test('while the service is killed and started again', async () => {
    const start = (port: number) => spawnServer(['--listen', `127.0.0.1:${port}`, '--data-dir', dir]);
    let server: SpawnedServer = start(0);
    const base = await server.base();
    const clients = Array.from({ length: 4 }, () =>
      createClient({ endpoints: base, transport, token: 'greedisgood9999' }),
    );
    await clients[0]?.admin('create_instance', newInstance('inst'));
    await loadMeanwhile(clients, async () => {
      server.child.kill('SIGKILL');
      await server.exited;
      server = start(Number(new URL(base).port));
      await server.base();
    });
    for (const client of clients) client.close();
    server.child.kill('SIGKILL');
    await server.exited;
  });
});
