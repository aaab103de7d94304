import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Awaitable } from '../../src/awaitable.ts';
import { keys } from '../../src/keys/key-table.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../src/kv/embedded/store.ts';
import type { Transaction } from '../../src/kv/store.ts';
import { addToCounter } from '../../src/records/counter.ts';
import { type MessageAt, readRecord, removeRecord, writeRecord } from '../../src/records/message-record.ts';
import { scanRecords } from '../../src/records/scan-records.ts';
import { readStampedRecord, writeStampedRecord } from '../../src/records/stamped-record.ts';
import { removeTabletStats } from '../../src/records/tablet-stats.ts';
import { DeleteBitmapUpdateLockPBSchema } from '../../src/schema/gen/cloud/delete_bitmap_pb.ts';
import { RecycleRowsetPB_Type, RecycleRowsetPBSchema } from '../../src/schema/gen/cloud/rowset_pb.ts';
import { RoutineLoadProgressPBSchema } from '../../src/schema/gen/cloud/txn_attachment_pb.ts';
import { TxnRunningPBSchema, TxnStatusPB } from '../../src/schema/gen/cloud/txn_pb.ts';
import { newSeed } from '../support/random.ts';
import { checkStored } from '../support/simulation/checks.ts';
import { INSTANCE_ID as instance_id } from '../support/simulation/cluster.ts';
import {
  DB_ID as db_id,
  isLive,
  type Load,
  type Model,
  type Outcome,
  type Table,
  type Tablet,
} from '../support/simulation/model.ts';
import { observeStore } from '../support/simulation/observe-store.ts';
import { type Simulated, simulate } from '../support/simulation/simulation.ts';

const seed = newSeed();
let simulated: Simulated;
let store: EmbeddedStore;
beforeAll(async () => {
  simulated = await simulateEnough(seed);
  store = await openEmbeddedStore({ dir: simulated.data_dir, exclusive: true });
});
afterAll(async () => {
  await store?.close();
  await simulated?.dispose();
});

/** A run that has made everything that the tests damage: a short one may have missed some of it by chance. */
async function simulateEnough(from: number): Promise<Simulated> {
  const run = await simulate({ seed: from, calls: 500, crashes: 0 });
  const { model } = run;
  if (findLiveTablet(model) && findLoad(model, 'visible') && findLoad(model, 'aborted')) return run;
  await run.dispose();
  return simulateEnough(from + 1);
}

/** What the checks say of a store to which `damage` was done. The store is as it was afterwards. */
async function problemsAfter(damage: (txn: Transaction) => Promise<void>): Promise<string[]> {
  const before = await everything();
  await store.transact(damage);
  try {
    return checkStored(simulated.model, await observeStore(store, simulated.model));
  } finally {
    await store.transact(async (txn) => {
      txn.clearRange(Buffer.of(0x01), Buffer.of(0x02));
      for (const { key, value } of before) txn.set(key, value);
    });
  }
}

async function everything() {
  return store.transact(async (txn) => {
    const pairs: { key: Uint8Array; value: Uint8Array }[] = [];
    for await (const page of txn.getRange(Buffer.of(0x01), Buffer.of(0x02))) pairs.push(...page);
    return pairs;
  });
}

test('find nothing in a store that nobody has damaged', async () => {
  expect(simulated.findings).toEqual([]);
  expect(await problemsAfter(async () => undefined)).toEqual([]);
});

test.each<[string, RegExp, (txn: Transaction) => Promise<void>]>([
  [
    'a version that no load made',
    /^partition \d+ has version \d+, and \d+ loads were committed to it$/,
    (txn) => changeVersion(txn, (version) => ({ ...version, version: version.version + 1n })),
  ],
  [
    'a version that waits',
    /^the version of partition \d+ waits for a transaction$/,
    (txn) => changeVersion(txn, (version) => ({ ...version, pendingTxnIds: [7n] })),
  ],
  [
    'a version of a table that nothing made',
    /^table \d+ has version \d+ instead of \d+$/,
    async (txn) => addToCounter(txn, keys.tableVersion, { instance_id, db_id, table_id: liveTable().id }, 1n),
  ],
  [
    'a task of a routine load that counted twice',
    /^the routine load of table \d+ counts \d+ rows instead of \d+$/,
    async (txn) => {
      const progress = create(RoutineLoadProgressPBSchema, { stat: { loadedRows: 1_000_000n } });
      writeRecord(txn, keys.jobRoutineLoadProgress, { instance_id, db_id, job_id: liveTable().id }, progress);
    },
  ],
  ['a lost rowset', /^rowset \S+ of (transaction \d+|a job), which is visible, is lost$/, (txn) => removeLast(txn)],
  [
    'a version that a tablet lacks',
    /^tablet \d+ of partition \d+: ends before version \d+: /,
    (txn) => removeLast(txn),
  ],
  [
    'a rowset too many',
    /^tablet \d+ of partition \d+: (has version \d+ twice|goes beyond version \d+): /,
    (txn) => copyLast(txn, ({ startVersion, endVersion }) => ({ startVersion, endVersion: endVersion + 1n })),
  ],
  [
    'a rowset that nobody committed',
    /^tablet \d+ has rowset stray, which was not committed$/,
    (txn) => copyLast(txn, ({ endVersion }) => ({ endVersion: endVersion + 1n, rowsetIdV2: 'stray' })),
  ],
  [
    'statistics that count too much',
    /^tablet \d+ of partition \d+: statistics say numRows=\d+, rowsets \d+$/,
    async (txn) => addToCounter(txn, keys.statsTabletNumRows, fieldsOf(liveTablet()), 1n),
  ],
  [
    'no statistics',
    /^tablet \d+ of partition \d+: has no statistics$/,
    async (txn) => removeTabletStats(txn, fieldsOf(liveTablet())),
  ],
  [
    'a commit that was forgotten',
    /^transaction \d+ is TXN_STATUS_PREPARED, though it was visible$/,
    (txn) => changeTxn(txn, 'visible', { status: TxnStatusPB.TXN_STATUS_PREPARED }),
  ],
  [
    'an abort that was forgotten',
    /^transaction \d+ is TXN_STATUS_VISIBLE, though it was aborted$/,
    (txn) => changeTxn(txn, 'aborted', { status: TxnStatusPB.TXN_STATUS_VISIBLE }),
  ],
  [
    'a label with two live transactions',
    /^label \S+ has 2 live transactions: \d+, \d+$/,
    (txn) => copyTxn(txn, loadThatIs('visible')),
  ],
  [
    'a transaction that its label does not know',
    /^label \S+ does not know its transaction \d+$/,
    (txn) => forgetLabel(txn, loadThatIs('visible')),
  ],
  [
    'a temporary rowset of a visible transaction',
    /^temporary rowsets of transaction \d+, which is visible, are left: left$/,
    (txn) => leaveTemporary(txn, loadThatIs('visible')),
  ],
  [
    'a visible rowset that is to be recycled',
    /^rowset \S+ of .+ is visible, and to be recycled as COMPACT$/,
    (txn) => recycleLast(txn),
  ],
  [
    'a finished transaction that runs',
    /^transaction \d+ is finished, and counts as running$/,
    async (txn) => {
      const fields = { instance_id, db_id, txn_id: loadThatIs('visible').id };
      writeRecord(txn, keys.txnRunning, fields, create(TxnRunningPBSchema));
    },
  ],
  [
    'a finished transaction that is not to be forgotten',
    /^transaction \d+ is finished, and will never be forgotten$/,
    async (txn) => removeRecord(txn, keys.recycleTxn, { instance_id, db_id, txn_id: loadThatIs('aborted').id }),
  ],
  [
    'a lock on delete bitmaps that a commit has left',
    /^transaction \d+ is visible, and holds the lock on delete bitmaps of table \d+$/,
    async (txn) => {
      const fields = { instance_id, table_id: liveTable().id, partition_id: -1n };
      const lock = create(DeleteBitmapUpdateLockPBSchema, { lockId: loadThatIs('visible').id });
      writeRecord(txn, keys.metaDeleteBitmapUpdateLock, fields, lock);
    },
  ],
])('find %s', async (_, problem, damage) => {
  const problems = await problemsAfter(damage);
  expect(problems).toContainEqual(expect.stringMatching(problem));
});

/** A tablet of which everything is expected, and which has more than its first rowset. */
function findLiveTablet(model: Model): Tablet | undefined {
  return model.tablets().find((each) => each.ready && isLive(each) && model.raisesOf(each.partition) > 1n);
}

function findLoad({ loads }: Model, outcome: Outcome): Load | undefined {
  return [...loads.values()].find((load) => load.outcome === outcome && !load.forgotten);
}

function liveTablet(): Tablet {
  return found(findLiveTablet(simulated.model));
}

function liveTable(): Table {
  return liveTablet().partition.table;
}

function loadThatIs(outcome: Outcome): Load {
  return found(findLoad(simulated.model, outcome));
}

function fieldsOf({ id, index, partition }: Tablet) {
  const { table } = partition;
  return { instance_id, table_id: table.id, index_id: index.id, partition_id: partition.id, tablet_id: id };
}

type Version = MessageAt<typeof keys.partitionVersion.shape>;
type Rowset = MessageAt<typeof keys.metaRowset.shape>;

async function changeVersion(txn: Transaction, change: (version: Version) => Version): Promise<void> {
  const { partition } = liveTablet();
  const fields = { instance_id, db_id, table_id: partition.table.id, partition_id: partition.id };
  writeRecord(txn, keys.partitionVersion, fields, change(await stored(readRecord(txn, keys.partitionVersion, fields))));
}

async function lastRowset(txn: Transaction): Promise<Rowset> {
  let last: Rowset | undefined;
  const leading = { instance_id, tablet_id: liveTablet().id };
  for await (const { message } of scanRecords(txn, keys.metaRowset, leading)) last = message;
  return found(last);
}

async function removeLast(txn: Transaction): Promise<void> {
  const { tabletId: tablet_id, endVersion: version } = await lastRowset(txn);
  removeRecord(txn, keys.metaRowset, { instance_id, tablet_id, version });
}

async function copyLast(txn: Transaction, change: (rowset: Rowset) => Partial<Rowset>): Promise<void> {
  const last = await lastRowset(txn);
  const copy = { ...last, ...change(last) };
  writeRecord(txn, keys.metaRowset, { instance_id, tablet_id: copy.tabletId, version: copy.endVersion }, copy);
}

async function recycleLast(txn: Transaction): Promise<void> {
  const { tabletId: tablet_id, rowsetIdV2: rowset_id } = await lastRowset(txn);
  const recycled = create(RecycleRowsetPBSchema, { type: RecycleRowsetPB_Type.COMPACT });
  writeRecord(txn, keys.recycleRowset, { instance_id, tablet_id, rowset_id }, recycled);
}

async function leaveTemporary(txn: Transaction, { id: txn_id }: Load): Promise<void> {
  const left = { ...(await lastRowset(txn)), rowsetIdV2: 'left' };
  writeRecord(txn, keys.metaRowsetTmp, { instance_id, txn_id, tablet_id: left.tabletId }, left);
}

async function changeTxn(txn: Transaction, outcome: Outcome, change: { status: TxnStatusPB }): Promise<void> {
  const fields = { instance_id, db_id, txn_id: loadThatIs(outcome).id };
  const info = await stored(readRecord(txn, keys.txnInfo, fields));
  writeRecord(txn, keys.txnInfo, fields, { ...info, ...change });
}

async function copyTxn(txn: Transaction, { id }: Load): Promise<void> {
  const info = await stored(readRecord(txn, keys.txnInfo, { instance_id, db_id, txn_id: id }));
  writeRecord(txn, keys.txnInfo, { instance_id, db_id, txn_id: id + 1n }, { ...info, txnId: id + 1n });
}

async function forgetLabel(txn: Transaction, { label }: Load): Promise<void> {
  const fields = { instance_id, db_id, label };
  const { message } = await stored(readStampedRecord(txn, keys.txnLabel, fields));
  writeStampedRecord(txn, keys.txnLabel, fields, { ...message, txnIds: [] });
}

async function stored<T>(record: Awaitable<T | undefined>): Promise<T> {
  return found(await record);
}

function found<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('there is none');
  return thing;
}
