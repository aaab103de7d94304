import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { newSeed, Random } from '../../support/random.ts';
import { makeDir, type SpawnedServer, spawnServer } from '../../support/run-server.ts';

const ROUNDS = 25;
const CALLER = '1:crash:be';
const TABLE = { table_id: 10, index_id: 11 };
const PARTITIONS = [12, 13];
/** A hundred tablets, whose partitions alternate. */
const TABLETS = Array.from({ length: 100 }, (_, i) => ({ tablet_id: 1000 + i, partition_id: 12 + (i % 2) }));
const NOT_COMPACTED = { base_compaction_cnt: 0, cumulative_compaction_cnt: 0, cumulative_point: 2 };

type Answer = Record<string, unknown> & { readonly status: { readonly code: string; readonly msg: string } };

/** A server that commits lazily from few rowsets on, and moves so few at a time that it can be killed in between. */
class CrashingServer {
  readonly #dir: string;
  #server: SpawnedServer;

  constructor(dir: string) {
    this.#dir = dir;
    this.#server = this.#spawn();
  }

  async call(method: string, body: object): Promise<Answer> {
    const base = await this.#server.base();
    const request = { method: 'POST', body: JSON.stringify({ cloud_unique_id: CALLER, ...body }) };
    const headers = { 'content-type': 'application/json' };
    return (await fetch(`${base}/MetaService/${method}`, { ...request, headers })).json() as Promise<Answer>;
  }

  /** As `call`, for one that must be answered with OK. */
  async ok(method: string, body: object): Promise<Answer> {
    const answer = await this.call(method, body);
    if (answer.status.code !== 'OK') throw new Error(`${method}: ${answer.status.code} ${answer.status.msg}`);
    return answer;
  }

  async kill(): Promise<void> {
    this.#server.child.kill('SIGKILL');
    await this.#server.exited;
  }

  async restart(): Promise<void> {
    await this.kill();
    this.#server = this.#spawn();
  }

  #spawn(): SpawnedServer {
    const lazily = ['--txn-lazy-commit-rowsets-thresold', '10', '--txn-lazy-max-rowsets-per-batch', '2'];
    return spawnServer(['--listen', '127.0.0.1:0', '--data-dir', join(this.#dir, 'data'), ...lazily]);
  }
}

async function plant(server: CrashingServer): Promise<void> {
  await server.ok('create_instance', { instance_id: 'crash', name: 'crash', user_id: 'crash' });
  const schema = { schema_version: 0, column: [{ unique_id: 0, name: 'k', type: 'INT', is_key: true }] };
  const tablet_metas = TABLETS.map((tablet) => ({ ...TABLE, ...tablet, schema }));
  await server.ok('create_tablets', { db_id: 1, tablet_metas });
}

/** Begins a load and has all tablets written to. Resolves to its id. */
async function load(server: CrashingServer, round: number): Promise<unknown> {
  const txn_info = { db_id: 1, table_ids: [10], label: `load ${round}`, timeout_ms: 600_000 };
  const { txn_id } = await server.ok('begin_txn', { txn_info });
  const counted = { num_rows: 1, num_segments: 1, data_disk_size: 5, total_disk_size: 6 };
  await Promise.all(
    TABLETS.map((tablet) => {
      const id = { rowset_id: 0, rowset_id_v2: `rowset ${round} of ${tablet.tablet_id}`, txn_id, schema_version: 0 };
      return server.ok('commit_rowset', { txn_id, rowset_meta: { ...tablet, ...counted, ...id, index_id: 11 } });
    }),
  );
  return txn_id;
}

async function versions(server: CrashingServer): Promise<unknown> {
  const wanted = { db_ids: [1, 1], table_ids: [10, 10], partition_ids: PARTITIONS };
  return (await server.ok('get_version', { batch_mode: true, ...wanted })).versions;
}

/** That every tablet has each load once, at its version. */
async function expectAll(server: CrashingServer, version: number): Promise<void> {
  const { tablet_stats } = await server.ok('get_tablet_stats', {
    tablet_idx: TABLETS.map(({ tablet_id }) => ({ tablet_id })),
  });
  const rows = (tablet_stats as { num_rows: number; data_size: number }[]).map((stats) => [
    stats.num_rows,
    stats.data_size,
  ]);
  expect(rows).toEqual(TABLETS.map(() => [version - 1, (version - 1) * 5]));
  for (const { tablet_id } of TABLETS.slice(0, 4)) {
    const wanted = { idx: { tablet_id }, start_version: 2, end_version: version };
    const { rowset_meta } = await server.ok('get_rowset', { ...NOT_COMPACTED, ...wanted });
    const found = (rowset_meta as { end_version: number }[]).map(({ end_version }) => end_version);
    expect(found).toEqual(Array.from({ length: version - 1 }, (_, i) => i + 2));
  }
}

test(`a server that is killed ${ROUNDS} times in lazy commits loses none, doubles none, and shows none by halves`, async () => {
  const random = new Random(newSeed());
  const dir = await makeDir();
  const server = new CrashingServer(dir);
  const seen = new Set<string>();
  try {
    await plant(server);
    for (let round = 0; round < ROUNDS; round++) {
      const version = round + 2;
      const commit = { txn_id: await load(server, round), is_2pc: false, enable_txn_lazy_commit: true };
      const answered = server.call('commit_txn', commit).catch(() => undefined);
      await sleep(random.int(120));
      await server.restart();
      await answered;
      const { txn_info } = await server.ok('get_txn', { db_id: 1, txn_id: commit.txn_id });
      seen.add((txn_info as { status: string }).status);
      const [first, second] = (await versions(server)) as number[];
      expect(first).toBe(second);
      expect([round === 0 ? -1 : version - 1, version]).toContain(first);
      await server.ok('commit_txn', commit);
      expect(await versions(server)).toEqual([version, version]);
      await expectAll(server, version);
    }
    // Whether it is killed in the midst is a matter of time; that it never is would make this test an idle one.
    expect(seen).toContain('TXN_STATUS_COMMITTED');
  } finally {
    await server.kill();
    await rm(dir, { recursive: true, force: true });
  }
});
