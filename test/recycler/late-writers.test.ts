import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keys } from '../../src/keys/key-table.ts';
import { readRecord } from '../../src/records/message-record.ts';
import { scanRecords } from '../../src/records/scan-records.ts';
import { recycleDeletedInstance } from '../../src/recycler/sweeps/recycle-deleted-instance.ts';
import { recycleIndexes } from '../../src/recycler/sweeps/recycle-indexes.ts';
import { recyclePartitions } from '../../src/recycler/sweeps/recycle-partitions.ts';
import { recycleRowsets } from '../../src/recycler/sweeps/recycle-rowsets.ts';
import { recycleTmpRowsets } from '../../src/recycler/sweeps/recycle-tmp-rowsets.ts';
import { AlterInstanceRequest_Operation as Operation } from '../../src/schema/gen/cloud/instance_pb.ts';
import {
  FinishTabletJobRequest_Action as Action,
  TabletCompactionJobPB_CompactionType as Compaction,
} from '../../src/schema/gen/cloud/job_pb.ts';
import { RecyclePartitionPB_State as State } from '../../src/schema/gen/cloud/partition_pb.ts';
import { TabletStatePB as TabletState } from '../../src/schema/gen/olap/tablet_meta_pb.ts';
import { domainOn, rpc } from '../support/fuzz/domain.ts';
import { besides } from '../support/recycler/besides.ts';
import { DataWorld, INSTANCE, tabletsOf } from '../support/recycler/data-world.ts';
import { tabletOf } from '../support/tablets.ts';

const DAY = 24 * 3600;
const FAR = 4_102_444_800n;
const [tablet] = tabletsOf(1n, 1);
const { tabletId } = tablet;
const idx = { tabletId };

let world: DataWorld;
/** The transactions of the rowsets of versions 2 and 3. */
let loads: readonly bigint[];
beforeEach(async () => {
  world = await DataWorld.open();
  await world.createIndex([tablet]);
  loads = [await world.load([tablet]), await world.load([tablet])];
});
afterEach(() => world.dispose());

const SWEEPS = [recycleTmpRowsets, recycleRowsets];

/** Every visible rowset with data has its objects. */
async function expectNothingLost(): Promise<void> {
  const ids: string[] = [];
  await world.domain.store.transact(async (txn) => {
    const fields = { instance_id: INSTANCE, tablet_id: tabletId };
    for await (const { message } of scanRecords(txn, keys.metaRowset, fields)) {
      if (message.numSegments > 0n) ids.push(message.rowsetIdV2);
    }
  });
  expect(ids.length).toBeGreaterThan(0);
  for (const id of ids) expect(world.paths).toContain(`data/${tabletId}/${id}_0.dat`);
}

describe('a compaction that takes longer than its rowset was to take', () => {
  const job = {
    ...{ id: 'slow', initiator: 'be', type: Compaction.CUMULATIVE, inputVersions: [2n, 3n] },
    ...{ baseCompactionCnt: 0n, cumulativeCompactionCnt: 0n, expiration: FAR },
  };
  const done = {
    ...job,
    ...{ outputVersions: [3n], outputRowsetIds: ['r77'], txnId: [77n], outputCumulativePoint: 4n },
    ...{ numInputRowsets: 2n, numOutputRowsets: 1n },
  };
  const output = () => world.rowset(77n, tablet, { startVersion: 2n, endVersion: 3n });

  async function begin(lease: bigint) {
    await world.must(rpc.start_tablet_job, { job: { idx, compaction: [{ ...job, lease }] } });
    const rowsetMeta = output();
    await world.must(rpc.prepare_rowset, { rowsetMeta, tabletJobId: 'slow' });
    await world.writeObjects(rowsetMeta);
    return rowsetMeta;
  }

  const finish = () => world.status(rpc.finish_tablet_job, { action: Action.COMMIT, job: { idx, compaction: [done] } });

  test('keeps what it has written as long as it says that it is at work', async () => {
    const rowsetMeta = await begin(FAR);
    world.now += 30 * DAY;
    await world.sweep(SWEEPS, { settings: { force_immediate_recycle: true } });
    expect(await world.status(rpc.commit_rowset, { rowsetMeta, tabletJobId: 'slow' })).toBe('OK');
    await world.sweep(SWEEPS, { settings: { force_immediate_recycle: true } });
    expect(await finish()).toBe('OK');
    await expectNothingLost();
  });

  test.each([
    ['announced', false],
    ['written to its end', true],
  ])('loses a rowset that was %s, and can not be committed, once it is heard of no more', async (_, written) => {
    const rowsetMeta = await begin(BigInt(world.now + 60));
    if (written) await world.must(rpc.commit_rowset, { rowsetMeta, tabletJobId: 'slow' });
    world.now += 30 * DAY;
    const { progress } = await world.sweep(written ? recycleTmpRowsets : recycleRowsets);
    expect(progress.numbers).toMatchObject({ deleted: 1, failed: 0 });
    expect(world.paths).not.toContain(`data/${tabletId}/r77_0.dat`);
    expect(await world.status(rpc.commit_rowset, { rowsetMeta, tabletJobId: 'slow' })).toMatch(/^STALE_PREPARE_ROWSET/);
    expect(await world.status(rpc.prepare_rowset, { rowsetMeta, tabletJobId: 'slow' })).toMatch(
      /^STALE_PREPARE_ROWSET/,
    );
    expect(await finish()).not.toBe('OK');
    await expectNothingLost();
  });

  test('gives way to another that is at work, whose rowsets stay', async () => {
    await begin(BigInt(world.now + 60));
    world.now += 30 * DAY;
    const other = { ...job, id: 'other', lease: FAR };
    await world.must(rpc.start_tablet_job, { job: { idx, compaction: [other] } });
    const rowsetMeta = world.rowset(78n, tablet, { startVersion: 2n, endVersion: 3n });
    await world.must(rpc.prepare_rowset, { rowsetMeta, tabletJobId: 'other' });
    await world.writeObjects(rowsetMeta);
    await world.sweep(SWEEPS);
    expect(world.paths).toContain(`data/${tabletId}/r78_0.dat`);
  });
});

describe('a schema change that takes longer than its rowsets were to take', () => {
  const [made] = tabletsOf(1n, 1, { tabletId: 1500n, indexId: 11n });
  const change = {
    id: 'change',
    initiator: 'be',
    newTabletIdx: { tabletId: 1500n },
    expiration: FAR,
    alterVersion: 3n,
  };

  // Backends write a converted rowset under the id of the load that wrote the original.
  test.each([
    ['under ids of its own', false],
    ['under the ids of the loads whose rowsets it converts', true],
  ])('keeps those that it has only announced, %s', async (_, of_loads) => {
    await world.createIndex([made], { tabletState: TabletState.PB_NOTREADY });
    await world.must(rpc.start_tablet_job, { job: { idx, schemaChange: change } });
    const ids = of_loads ? loads : [82n, 83n];
    const rowsets = [2n, 3n].map((v, i) =>
      world.rowset(ids[i] ?? 0n, made, { rowsetIdV2: `converted${v}`, startVersion: v, endVersion: v }),
    );
    for (const rowsetMeta of rowsets) {
      await world.must(rpc.prepare_rowset, { rowsetMeta, tabletJobId: 'change' });
      await world.writeObjects(rowsetMeta);
    }
    world.now += 30 * DAY;
    await world.sweep(SWEEPS, { settings: { force_immediate_recycle: true } });
    for (const { rowsetIdV2 } of rowsets) expect(world.paths).toContain(`data/1500/${rowsetIdV2}_0.dat`);
  });
});

describe('a partition', () => {
  const [place] = tabletsOf(1n, 1, { tabletId: 1600n, partitionId: 160n });
  const where = { tableId: 1n, indexIds: [10n], partitionIds: [160n], dbId: 1n };
  const recorded = () =>
    world.domain.store.transact((txn) =>
      readRecord(txn, keys.recyclePartition, { instance_id: INSTANCE, partition_id: 160n }),
    );

  test('that was committed and dropped while the sweep was on its way to it has its time', async () => {
    await world.must(rpc.prepare_partition, { ...where, expiration: 1n });
    await world.createTablets([place]);
    let stepped = false;
    // The sweep has read its records, and before it takes the first of them, all that happens.
    const store = new Proxy(world.domain.store, {
      get: (target, name) => {
        if (name !== 'transact') return Reflect.get(target, name);
        return async (work: Parameters<typeof target.transact>[0]) => {
          const result = await target.transact(work);
          if (!stepped) {
            stepped = true;
            await world.must(rpc.commit_partition, where);
            await world.load([place]);
            await world.dropPartition(place, [10n]);
          }
          return result;
        };
      },
    });
    world.now += 30 * DAY;
    await world.sweep(recyclePartitions, { store });
    expect(stepped).toBe(true);
    expect(await recorded()).toMatchObject({ state: State.DROPPED });
    expect(world.paths.some((path) => path.startsWith('data/1600/'))).toBe(true);
  });
});

describe('create_tablets', () => {
  const index = { tableId: 2n, indexIds: [20n], dbId: 1n, expiration: 1n };
  const [first, late] = tabletsOf(2n, 2);
  const REFUSED = 'INVALID_ARGUMENT index 20 is being recycled, and gets no more tablets';

  const create = (domain = world.domain) => {
    const { tabletId: id, ...place } = late ?? first;
    return domain.status(rpc.create_tablets, { cloudUniqueId: '1:i:fe', dbId: 1n, tabletMetas: [tabletOf(id, place)] });
  };

  /** The tablets that are stored of its table. */
  const tablets = () =>
    world.domain.store.transact(async (txn) => {
      const found: bigint[] = [];
      const table = { instance_id: INSTANCE, table_id: 2n };
      for await (const { fields } of scanRecords(txn, keys.metaTablet, table)) found.push(fields.tablet_id);
      return found;
    });

  beforeEach(async () => {
    await world.must(rpc.prepare_index, index);
    await world.createTablets([first]);
    await world.load([first]);
    world.now += 30 * DAY;
  });

  test('adds nothing to an index whose recycling has begun and could not be finished', async () => {
    await world.sweep(recycleIndexes, { stores: {} });
    expect(await create()).toBe(REFUSED);
    await world.sweep(recycleIndexes);
    expect(await tablets()).toEqual([]);
  });

  test('adds nothing to one whose recycling begins at the same moment', async () => {
    const store = besides(world.domain.store, 1, () => world.sweep(recycleIndexes, { stores: {} }));
    expect(await create(await domainOn(store))).toBe(REFUSED);
  });

  test('adds to one that was only dropped a tablet that goes with it', async () => {
    await world.must(rpc.drop_index, index);
    expect(await create()).toBe('OK');
    world.now += DAY;
    await world.sweep(recycleIndexes);
    expect(await tablets()).toEqual([]);
  });
});

test('what is written to an instance while it goes is refused, and leaves nothing', async () => {
  await world.must(rpc.alter_instance, { op: Operation.DROP, instanceId: INSTANCE });
  const gone = () => world.sweep(recycleDeletedInstance);
  const late = await domainOn(besides(world.domain.store, 1, gone));
  const request = { cloudUniqueId: `1:${INSTANCE}:be`, rowsetMeta: world.rowset(7n, tablet) };
  expect(await late.status(rpc.prepare_rowset, request)).toBe('INVALID_ARGUMENT empty instance_id');
  expect(await world.keys()).toHaveLength(1);
});
