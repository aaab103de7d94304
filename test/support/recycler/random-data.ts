import { keys } from '../../../src/keys/key-table.ts';
import { ObjectStoreError } from '../../../src/objects/object-store-error.ts';
import { scanRecords } from '../../../src/records/scan-records.ts';
import type { Sweep } from '../../../src/recycler/sweep.ts';
import { dataSweeps } from '../../../src/recycler/sweeps/data-sweeps.ts';
import { txnSweeps } from '../../../src/recycler/sweeps/txn-sweeps.ts';
import {
  FinishTabletJobRequest_Action as Action,
  TabletCompactionJobPB_CompactionType as CompactionType,
} from '../../../src/schema/gen/cloud/job_pb.ts';
import { rpc } from '../fuzz/domain.ts';
import { MemoryObjectStore, type ObjectCall, type ObjectFault } from '../objects/memory-object-store.ts';
import type { Random } from '../random.ts';
import type { RowsetInit } from '../tablets.ts';
import { DataWorld, DB, INSTANCE, type Place, tabletsOf, VAULT } from './data-world.ts';
import { KilledError, Mortal } from './mortal.ts';
import { leftovers, lostObjects, type Table } from './random-data-audit.ts';

/** How long loads and jobs have, and things are kept, in seconds. */
const EXPIRES = 60;
const SETTINGS = {
  retention_seconds: 100,
  compacted_rowset_retention_seconds: 30,
  dropped_index_retention_seconds: 30,
  dropped_partition_retention_seconds: 30,
  label_keep_max_second: 200,
};
const LAZILY = { enable_cloud_txn_lazy_commit: true, txn_lazy_commit_rowsets_thresold: 2 };

interface Job {
  readonly tabletId: bigint;
  readonly output: RowsetInit;
  readonly compaction: object;
}

/** Tables on which anything may happen at any time, next to sweeps that fail and are killed, and what must hold all the while. */
export class RandomData {
  readonly #tables: Table[] = [];
  readonly #running: { readonly txnId: bigint }[] = [];
  readonly #jobs: Job[] = [];
  /** Rowsets that were written once, of which a request may still be on its way. */
  readonly #written: RowsetInit[] = [];
  /**
   * Tables whose versions may stay when they are dropped: without a partition nothing tells them from those of tables in
   * use, and tablets of old services don't say in which database they are.
   */
  readonly #versions_may_stay = new Set<bigint>();
  #ids = 1n;
  #faulty = true;

  private constructor(
    readonly world: DataWorld,
    private readonly random: Random,
  ) {}

  static async open(random: Random): Promise<RandomData> {
    return new RandomData(await DataWorld.open({}, LAZILY), random);
  }

  /** Some things at once, and then a look at what is visible. */
  async step(): Promise<void> {
    const { random } = this;
    const deeds = Array.from({ length: 1 + random.int(3) }, () => this.#deed());
    const sweeps = Array.from({ length: random.int(3) }, () => this.#sweep());
    await Promise.all([...deeds, ...sweeps]);
    if (random.chance(0.4)) this.world.now += random.int(80);
    await this.check();
  }

  /** Every visible rowset of what is in use has its objects. */
  async check(): Promise<void> {
    const lost = await lostObjects(this.world, this.#tables);
    if (lost.length > 0) throw new Error(`lost: ${lost.join(', ')}`);
  }

  /** Ends what runs, lets all time go by, and sweeps without faults. */
  async catchUp(): Promise<void> {
    const { world } = this;
    this.#faulty = false;
    for (let round = 0; round < 3; round++) {
      world.now += 1_000_000;
      await world.sweep([...dataSweeps, ...txnSweeps], { settings: SETTINGS, stores: this.#stores(new Mortal(-1)) });
    }
  }

  /** Objects that no visible rowset has, and keys that belong to nothing in use. */
  leftovers(): Promise<string[]> {
    return leftovers(this.world, this.#tables, this.#versions_may_stay);
  }

  async #deed(): Promise<void> {
    const deeds = [
      () => this.#create(),
      () => this.#load(),
      () => this.#load(),
      () => this.#load(),
      () => this.#endLoad(),
      () => this.#startCompaction(),
      () => this.#startCompaction(),
      () => this.#endCompaction(),
      () => this.#endCompaction(),
      () => this.#drop(),
      () => this.#comeLate(),
    ] as const;
    await this.random.pick(deeds)();
  }

  async #create(): Promise<void> {
    if (this.#tables.length >= 4) return;
    const { world, random } = this;
    const tableId = this.#ids++;
    const partitions = new Map<bigint, readonly Place[]>();
    for (let i = 0; i <= random.int(3); i++) {
      const partitionId = tableId * 100n + BigInt(i);
      partitions.set(partitionId, tabletsOf(tableId, 2, { partitionId, tabletId: partitionId * 100n }));
    }
    const tablets = [...partitions.values()].flat();
    const index = { tableId, indexIds: [tableId * 10n], dbId: DB, expiration: BigInt(world.now + EXPIRES) };
    await world.must(rpc.prepare_index, index);
    if (random.chance(0.1)) return;
    const named = random.chance(0.7);
    await world.createTablets(tablets, {}, { named });
    if (!named) this.#versions_may_stay.add(tableId);
    // One that is given up on its way is found when it has expired.
    if (random.chance(0.1)) return;
    await world.must(rpc.commit_index, { ...index, isNewTable: true });
    this.#tables.push({ tableId, partitions });
  }

  async #load(): Promise<void> {
    const { world, random } = this;
    const table = this.#anyTable();
    if (!table) return;
    const tablets = [...table.partitions.values()].flat();
    const txnId = await world.begin(table.tableId, BigInt((1 + random.int(2)) * EXPIRES * 1000));
    for (const tablet of tablets) {
      if (random.chance(0.2)) continue;
      const rowset = this.#rowset(txnId, tablet);
      if ((await world.status(rpc.prepare_rowset, { rowsetMeta: rowset })) !== 'OK') continue;
      await world.writeObjects(rowset);
      this.#written.push(rowset);
      if (random.chance(0.1)) continue;
      await world.status(rpc.commit_rowset, { rowsetMeta: rowset });
    }
    if (random.chance(0.3)) this.#running.push({ txnId });
    else await this.#finish(txnId);
  }

  async #endLoad(): Promise<void> {
    const [load] = this.#running.splice(this.random.int(this.#running.length + 1), 1);
    if (load) await this.#finish(load.txnId);
  }

  async #finish(txnId: bigint): Promise<void> {
    const { world, random } = this;
    const lazily = { dbId: DB, txnId, is2pc: false, enableTxnLazyCommit: true };
    await random.weighted([
      [2, () => world.status(rpc.abort_txn, { dbId: DB, txnId, reason: 'test' })],
      [4, () => world.status(rpc.commit_txn, { dbId: DB, txnId })],
      [2, () => world.status(rpc.commit_txn, lazily)],
      [2, () => this.#commitAndDie(lazily)],
    ])();
  }

  /** Decides a lazy commit in a process that dies right behind it. */
  async #commitAndDie(request: object): Promise<unknown> {
    const dying = await this.world.another();
    await dying.dispose();
    return dying.status(rpc.commit_txn, { cloudUniqueId: `1:${INSTANCE}:be`, ...request });
  }

  async #startCompaction(): Promise<void> {
    const { world, random } = this;
    const tablet = this.#anyTablet();
    if (!tablet) return;
    const versions = await this.#versionsOf(tablet);
    const first = versions[random.int(versions.length)];
    if (first === undefined) return;
    const last = versions[Math.min(versions.length - 1, versions.indexOf(first) + random.int(3))] ?? first;
    const stats = (
      await world.domain.call(rpc.get_tablet_stats, { cloudUniqueId: `1:${INSTANCE}:be`, tabletIdx: [tablet] })
    ).tabletStats[0];
    const expiration = BigInt(world.now + EXPIRES);
    const txnId = 5_000_000_000_000n + this.#ids++;
    const output = this.#rowset(txnId, tablet, { startVersion: first, endVersion: last });
    const compaction = {
      ...{ id: `c${txnId}`, initiator: 'be', type: CompactionType.CUMULATIVE, expiration, lease: expiration },
      baseCompactionCnt: stats?.baseCompactionCnt ?? 0n,
      cumulativeCompactionCnt: stats?.cumulativeCompactionCnt ?? 0n,
      ...{ inputVersions: [first, last], outputVersions: [last], outputRowsetIds: [output.rowsetIdV2 ?? ''] },
      ...{ txnId: [txnId], outputCumulativePoint: 2n, numInputRowsets: 1n, numOutputRowsets: 1n },
    };
    const { tabletId } = tablet;
    const job = { idx: { tabletId }, compaction: [compaction] };
    if ((await world.status(rpc.start_tablet_job, { job })) !== 'OK') return;
    if ((await world.status(rpc.prepare_rowset, { rowsetMeta: output, tabletJobId: compaction.id })) !== 'OK') return;
    await world.writeObjects(output);
    this.#written.push(output);
    if (random.chance(0.1)) return;
    await world.status(rpc.commit_rowset, { rowsetMeta: output, tabletJobId: compaction.id });
    this.#jobs.push({ tabletId, output, compaction });
  }

  async #endCompaction(): Promise<void> {
    const [job] = this.#jobs.splice(this.random.int(this.#jobs.length + 1), 1);
    if (!job) return;
    const { tabletId, compaction } = job;
    const action = this.random.chance(0.1) ? Action.ABORT : Action.COMMIT;
    await this.world.status(rpc.finish_tablet_job, { action, job: { idx: { tabletId }, compaction: [compaction] } });
  }

  async #drop(): Promise<void> {
    const { world, random } = this;
    const table = this.#anyTable();
    if (!table || random.chance(0.4)) return;
    const place = { tableId: table.tableId, indexId: table.tableId * 10n, partitionId: 0n, tabletId: 0n };
    const [partitionId] = table.partitions.keys();
    if (partitionId !== undefined && random.chance(0.5)) {
      table.partitions.delete(partitionId);
      await world.dropPartition({ ...place, partitionId });
    } else {
      this.#tables.splice(this.#tables.indexOf(table), 1);
      if (table.partitions.size === 0) this.#versions_may_stay.add(table.tableId);
      await world.dropIndex(place);
    }
  }

  /** A request that was sent long ago arrives, a second time perhaps. Objects were written before it. */
  async #comeLate(): Promise<void> {
    const rowset = this.#written[this.random.int(this.#written.length)];
    if (!rowset) return;
    const method = this.random.pick([rpc.prepare_rowset, rpc.commit_rowset, rpc.update_tmp_rowset]);
    await this.world.status(method, { rowsetMeta: rowset });
  }

  /** Runs one sweep or all of them, which storage may fail, and which may be killed at any of their deeds. */
  async #sweep(): Promise<void> {
    const { world, random } = this;
    const all: readonly Sweep[] = [...dataSweeps, ...txnSweeps];
    const some = random.chance(0.3) ? all : [random.pick([...all])];
    const process = new Mortal(random.chance(0.5) ? 1 + random.int(40) : -1);
    const options = {
      settings: SETTINGS,
      store: process.storeOf(world.domain.store),
      stores: this.#stores(process),
      signal: process.signal,
    };
    try {
      await world.sweep(some, options);
    } catch (error) {
      if (!(error instanceof KilledError)) throw error;
    }
  }

  #stores(process: Mortal): Record<string, MemoryObjectStore> {
    const fault = (call: ObjectCall) => process.faultOf(call) ?? this.#fault(call);
    return { [VAULT]: new MemoryObjectStore('vault 1', this.world.bucket, 'one', { fault, page_objects: 2 }) };
  }

  #fault(call: ObjectCall): ObjectFault | undefined {
    if (!this.#faulty || !this.random.chance(0.1)) return undefined;
    const error = new ObjectStoreError('unavailable', 'it is down');
    if (call.deed === 'delete' && this.random.chance(0.5)) return { partial: this.random.int(call.keys.length + 1) };
    return this.random.chance(0.5) ? { before: error } : { after: error };
  }

  #rowset(txnId: bigint, tablet: Place, more: RowsetInit = {}): RowsetInit {
    const { world, random } = this;
    const numSegments = BigInt(random.int(3));
    return world.rowset(txnId, tablet, { numSegments, txnExpiration: BigInt(world.now + EXPIRES), ...more });
  }

  async #versionsOf({ tabletId: tablet_id }: Place): Promise<bigint[]> {
    const versions: bigint[] = [];
    await this.world.domain.store.transact(async (txn) => {
      versions.length = 0;
      for await (const { fields } of scanRecords(txn, keys.metaRowset, { instance_id: INSTANCE, tablet_id })) {
        if (fields.version > 1n) versions.push(fields.version);
      }
    });
    return versions;
  }

  #anyTable(): Table | undefined {
    return this.#tables[this.random.int(this.#tables.length)];
  }

  #anyTablet(): Place | undefined {
    const table = this.#anyTable();
    const tablets = table ? [...table.partitions.values()].flat() : [];
    return tablets[this.random.int(tablets.length)];
  }
}
