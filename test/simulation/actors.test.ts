import { create, type DescMessage } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { MetaService } from '../../src/schema/gen/cloud/meta_service_pb.ts';
import { MetaServiceCode } from '../../src/schema/gen/cloud/status_pb.ts';
import { TxnStatusPB } from '../../src/schema/gen/cloud/txn_pb.ts';
import { Random } from '../support/random.ts';
import { type Cluster, Tally } from '../support/simulation/cluster.ts';
import { encodeRows } from '../support/simulation/delete-bitmap.ts';
import { Findings } from '../support/simulation/findings.ts';
import { endLoad } from '../support/simulation/load-ending.ts';
import { Loader } from '../support/simulation/loader.ts';
import {
  type Load,
  Model,
  newPart,
  newPartition,
  newTable,
  newTablet,
  type Partition,
} from '../support/simulation/model.ts';
import { Reader } from '../support/simulation/reader.ts';
import type { AnswerOf, MethodName } from '../support/simulation/rpc-client.ts';

/** The fields of answers that are OK, unless they have a status of their own. */
type Answers = { readonly [Name in MethodName]?: object };

const OK = { status: { code: MetaServiceCode.OK, msg: '' } };
const aborted = { status: { code: MetaServiceCode.TXN_ALREADY_ABORTED, msg: 'aborted' } };

/** A cluster with one partition of one tablet, whose service gives the same answer to every call of a method. */
function clusterWith(
  answers: (partition: Partition) => Answers,
  merges_on_write = false,
): { cluster: Cluster; partition: Partition } {
  const model = new Model();
  const table = newTable(1n, merges_on_write);
  const partition = newPartition(model, table);
  partition.tablets.push(newTablet(model, { id: 2n, dropped: false }, partition, true));
  table.partitions.push(partition);
  model.tables.push(table);
  const call = async <Name extends MethodName>(name: Name): Promise<AnswerOf<Name>> => {
    const answer: object = { ...OK, ...answers(partition)[name] };
    return create(MetaService.method[name].output as DescMessage, answer as never) as unknown as AnswerOf<Name>;
  };
  const insist = async <Name extends MethodName>(name: Name) => ({ answer: await call(name), resent: false });
  const service = { calls: 0, call, insist };
  return { cluster: { service, model, findings: new Findings(), tally: new Tally(), over: () => false }, partition };
}

function loadOf(partition: Partition, id: bigint): Load {
  const part = newPart(id, [partition]);
  return {
    id,
    label: `l${id}`,
    table: partition.table,
    routine_rows: 0n,
    parts: [part],
    outcome: 'open',
    forgotten: false,
  };
}

async function act(Kind: typeof Reader | typeof Loader, cluster: Cluster): Promise<string> {
  // Often enough to have chosen each way at least once.
  const actor = new Kind({ cluster, random: new Random(1), name: 'actor' });
  for (let i = 0; i < 60; i++) await actor.act();
  return cluster.findings.list().join('\n');
}

const rowset = (startVersion: bigint, endVersion: bigint) => ({ rowsetId: 0n, startVersion, endVersion });

test('a reader notes a version below one that was acknowledged', async () => {
  const { cluster, partition } = clusterWith(() => ({ get_version: { version: 4n, versions: [4n] } }));
  partition.acknowledged = 5n;
  expect(await act(Reader, cluster)).toContain('answered version 4 after 5 had been acknowledged');
});

test.each([
  [[rowset(0n, 1n), rowset(3n, 4n)], 'lacks version 2'],
  [[rowset(0n, 3n), rowset(2n, 4n)], 'has version 2 twice'],
  [[rowset(0n, 3n)], 'ends before version 4'],
])('a reader notes rowsets that do not cover what is visible: %o', async (rowsetMeta, problem) => {
  const { cluster } = clusterWith(() => ({
    get_version: { version: 4n, versions: [4n] },
    get_rowset: { rowsetMeta, stats: {} },
  }));
  const findings = await act(Reader, cluster);
  expect(findings).toContain(`read at once after version 4 of partition`);
  expect(findings).toContain(problem);
});

test.each([
  ['is visible twice', []],
  ['is lost', [0n, 1n]],
])('a reader notes that a key %s', async (problem, deleted) => {
  const ids = ['a', 'b'];
  const { cluster, partition } = clusterWith(
    () => ({
      get_version: { version: 3n, versions: [3n] },
      get_rowset: {
        rowsetMeta: [rowset(0n, 2n), rowset(3n, 3n)].map((meta, i) => ({ ...meta, rowsetIdV2: ids[i] ?? '' })),
        stats: {},
      },
      get_delete_bitmap: {
        rowsetIds: ids.slice(0, deleted.length),
        segmentIds: deleted.map(() => 0),
        versions: deleted.map(() => 3n),
        segmentDeleteBitmaps: deleted.map(() => encodeRows([0])),
      },
    }),
    true,
  );
  for (const id of ids) cluster.model.rows.set(id, [[{ key: 7, value: id }]]);
  partition.tablets[0]?.keys.add(7);
  expect(await act(Reader, cluster)).toMatch(new RegExp(`version 3 of tablet \\d+, read .+: key 7 ${problem}`));
});

test('a reader notes an answer that nothing explains', async () => {
  const status = { code: MetaServiceCode.TABLET_NOT_FOUND, msg: 'gone' };
  const { cluster } = clusterWith(() => ({ get_version: { version: 1n, versions: [1n] }, get_rowset: { status } }));
  expect(await act(Reader, cluster)).toMatch(/get_rowset of tablet \d+ was answered with TABLET_NOT_FOUND gone/);
});

test('a loader notes a transaction that its answers say is another', async () => {
  const txnInfo = { status: TxnStatusPB.TXN_STATUS_PREPARED };
  const { cluster } = clusterWith(() => ({ begin_txn: { txnId: 7n }, get_txn: { txnInfo } }));
  expect(await act(Loader, cluster)).toContain(
    'transaction 7 is TXN_STATUS_PREPARED, though the answers say that it is visible',
  );
});

test('two transactions that are told of one version are noted, and versions of what was not touched', async () => {
  const { cluster, partition } = clusterWith(({ id }) => ({
    commit_txn: { partitionIds: [id, 99n], versions: [2n, 2n] },
    get_txn: { txnInfo: { status: TxnStatusPB.TXN_STATUS_VISIBLE } },
  }));
  // With this seed, a commit is sent once.
  for (const id of [7n, 8n]) await endLoad(cluster, new Random(3), loadOf(partition, id), 'commit', false);
  const findings = cluster.findings.list().join('\n');
  expect(findings).toContain(`transactions 7 and 8 are both told of version 2 of partition ${partition.id}`);
  expect(findings).toContain('transaction 7 is told of version 2 of partition 99, which it did not touch');
});

test.each([
  ['both', OK, OK, 2],
  ['neither', aborted, { status: { code: MetaServiceCode.TXN_ALREADY_VISIBLE, msg: '' } }, 0],
])(
  'a commit and an abort at the same time of which %s succeed are noted',
  async (_, commit_txn, abort_txn, winners) => {
    const { cluster, partition } = clusterWith(() => ({ commit_txn, abort_txn }));
    await endLoad(cluster, new Random(1), loadOf(partition, 7n), 'race', false);
    expect(cluster.findings.list().join('\n')).toContain(
      `transaction 7, committed and aborted at the same time: ${winners} of the two were answered with OK`,
    );
  },
);
