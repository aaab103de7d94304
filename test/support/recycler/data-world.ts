import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import type { Settings } from '../../../src/config/settings.ts';
import { familyRange } from '../../../src/keys/family.ts';
import { keys } from '../../../src/keys/key-table.ts';
import { segmentPath } from '../../../src/recycler/data-paths.ts';
import type { Sweep } from '../../../src/recycler/sweep.ts';
import type { Method, MethodInSteps } from '../../../src/rpc/method.ts';
import {
  FinishTabletJobRequest_Action as Action,
  TabletCompactionJobPB_CompactionType as CompactionType,
} from '../../../src/schema/gen/cloud/job_pb.ts';
import { MetaServiceCode } from '../../../src/schema/gen/cloud/status_pb.ts';
import { type Domain, domainOn, openInstance, rpc } from '../fuzz/domain.ts';
import { storedPairs } from '../fuzz/stored-pairs.ts';
import { MemoryBucket } from '../objects/memory-bucket.ts';
import { MemoryObjectStore, type MemoryOptions } from '../objects/memory-object-store.ts';
import { type RowsetInit, rowsetOf, type TabletInit, tabletOf } from '../tablets.ts';
import { runSweep, type Swept, type TestContextOptions } from './sweep-context.ts';

export const INSTANCE = 'i';
export const DB = 1n;
/** The vault that rowsets name unless they are told otherwise. */
export const VAULT = '1';
const CALLER = { cloudUniqueId: `1:${INSTANCE}:be` };
const START = 1_700_000_000;

/** Where a tablet lies. */
export interface Place {
  readonly tableId: bigint;
  readonly indexId: bigint;
  readonly partitionId: bigint;
  readonly tabletId: bigint;
}

/** An instance with tables, whose objects lie in the memory of the test, and with a clock that only the test moves. */
export class DataWorld {
  readonly bucket = new MemoryBucket();
  /** Seconds since 1970. */
  now = START;
  domain!: Domain;
  readonly stores: Record<string, MemoryObjectStore>;
  #labels = 0;
  #txns = 1_000n;

  private constructor(
    faults: MemoryOptions,
    private readonly settings: Partial<Settings>,
  ) {
    this.stores = { [VAULT]: new MemoryObjectStore('vault 1', this.bucket, 'one', faults) };
  }

  static async open(faults: MemoryOptions = {}, settings: Partial<Settings> = {}): Promise<DataWorld> {
    const world = new DataWorld(faults, settings);
    world.domain = await openInstance({ now: () => world.now, settings });
    return world;
  }

  /** Adds a vault of its own bucket. */
  addVault(id: string, faults: MemoryOptions = {}): MemoryBucket {
    const bucket = new MemoryBucket();
    this.stores[id] = new MemoryObjectStore(`vault ${id}`, bucket, 'other', faults);
    return bucket;
  }

  /** Another process on the same store. */
  another(): Promise<Domain> {
    return domainOn(this.domain.store, { now: () => this.now, settings: this.settings });
  }

  /** Calls a method as a backend; throws "CODE message" for what is refused. */
  async must<Request extends DescMessage, Response extends DescMessage>(
    method: Method<Request, Response> | MethodInSteps<Request, Response>,
    request: object,
  ) {
    const answer = await this.domain.call(method, asRequest<Request>(request));
    const { code, msg } = answer.status;
    if (code !== MetaServiceCode.OK) throw new Error(`${MetaServiceCode[code]} ${msg}`);
    return answer;
  }

  status<Request extends DescMessage, Response extends DescMessage>(
    method: Method<Request, Response> | MethodInSteps<Request, Response>,
    request: object,
  ): Promise<string> {
    return this.domain.status(method, asRequest<Request>(request));
  }

  /** Creates the tablets of a new index, and puts it into use. */
  async createIndex(tablets: readonly Place[], more: TabletInit = {}, options = {}): Promise<void> {
    const [first] = tablets;
    if (!first) throw new Error('an index needs tablets');
    const index = { tableId: first.tableId, indexIds: [first.indexId], dbId: DB };
    await this.must(rpc.prepare_index, index);
    await this.createTablets(tablets, more, options);
    await this.must(rpc.commit_index, { ...index, isNewTable: true });
  }

  /** Unless they are `named`, they don't say in which database they are, like those of old services. */
  async createTablets(tablets: readonly Place[], more: TabletInit = {}, { named = true } = {}): Promise<void> {
    await this.must(rpc.create_tablets, {
      ...(named && { dbId: DB }),
      tabletMetas: tablets.map(({ tabletId, ...place }) => tabletOf(tabletId, { ...place, ...more })),
    });
  }

  dropIndex({ tableId, indexId }: Place): Promise<unknown> {
    return this.must(rpc.drop_index, { tableId, indexIds: [indexId], dbId: DB });
  }

  dropPartition({ tableId, indexId, partitionId }: Place, indexIds = [indexId]): Promise<unknown> {
    return this.must(rpc.drop_partition, { tableId, indexIds, partitionIds: [partitionId], dbId: DB });
  }

  async begin(tableId: bigint, timeoutMs = 600_000n): Promise<bigint> {
    const label = `label ${++this.#labels}`;
    const { txnId } = await this.must(rpc.begin_txn, { txnInfo: { dbId: DB, tableIds: [tableId], label, timeoutMs } });
    return txnId;
  }

  /** A rowset as a load or a job of this world writes it, in the one vault, of one segment, for an hour. */
  rowset(txnId: bigint, { partitionId, tabletId }: Place, more: RowsetInit = {}): RowsetInit {
    return rowsetOf(txnId, tabletId, {
      rowsetIdV2: `r${txnId}`,
      partitionId,
      resourceId: VAULT,
      txnExpiration: BigInt(this.now + 3600),
      creationTime: BigInt(this.now),
      ...more,
    });
  }

  /** Announces a rowset and writes its objects. */
  async prepare(rowset: RowsetInit): Promise<void> {
    await this.must(rpc.prepare_rowset, { rowsetMeta: rowset });
    await this.writeObjects(rowset);
  }

  async writeObjects({ tabletId = 0n, rowsetIdV2 = '', numSegments = 0n, resourceId = '' }: RowsetInit): Promise<void> {
    for (let segment = 0; segment < Number(numSegments); segment++) {
      await this.put(segmentPath({ tablet_id: tabletId, rowset_id: rowsetIdV2 }, segment), resourceId);
    }
  }

  put(path: string, resourceId = VAULT): Promise<void> {
    const place = this.stores[resourceId];
    if (!place) throw new Error(`there is no vault ${resourceId}`);
    return place.put(path, Buffer.from('data'));
  }

  async write(rowset: RowsetInit): Promise<void> {
    await this.prepare(rowset);
    await this.must(rpc.commit_rowset, { rowsetMeta: rowset });
  }

  commit(txnId: bigint): Promise<unknown> {
    return this.must(rpc.commit_txn, { dbId: DB, txnId });
  }

  abort(txnId: bigint): Promise<unknown> {
    return this.must(rpc.abort_txn, { dbId: DB, txnId, reason: 'test' });
  }

  /** A load of one rowset to each tablet; resolves to the id of its transaction. */
  async load(tablets: readonly Place[], more: RowsetInit = {}): Promise<bigint> {
    const txnId = await this.begin(tablets[0]?.tableId ?? 0n);
    for (const tablet of tablets) await this.write(this.rowset(txnId, tablet, more));
    await this.commit(txnId);
    return txnId;
  }

  /** Puts the rowsets `first` to `last` of a tablet together to one. */
  async compact(tablet: Place, first: bigint, last: bigint, more: RowsetInit = {}): Promise<void> {
    const { tabletId } = tablet;
    const txnId = ++this.#txns;
    const id = `compaction ${txnId}`;
    const counts = await this.counts(tablet);
    const expiration = BigInt(this.now + 3600);
    const job = { id, initiator: 'be', type: CompactionType.CUMULATIVE, ...counts, expiration, lease: expiration };
    await this.must(rpc.start_tablet_job, { job: { idx: { tabletId }, compaction: [job] } });
    const output = this.rowset(txnId, tablet, { startVersion: first, endVersion: last, ...more });
    await this.write(output);
    const rowsets = last - first + 1n;
    const done = {
      ...job,
      inputVersions: [first, last],
      outputVersions: [last],
      outputRowsetIds: [output.rowsetIdV2 ?? ''],
      txnId: [txnId],
      outputCumulativePoint: 2n,
      numInputRowsets: rowsets,
      numOutputRowsets: 1n,
    };
    await this.must(rpc.finish_tablet_job, { action: Action.COMMIT, job: { idx: { tabletId }, compaction: [done] } });
  }

  private async counts(tablet: Place) {
    const answer = await this.must(rpc.get_tablet_stats, { tabletIdx: [tablet] });
    const stats = answer.tabletStats[0];
    return {
      baseCompactionCnt: stats?.baseCompactionCnt ?? 0n,
      cumulativeCompactionCnt: stats?.cumulativeCompactionCnt ?? 0n,
    };
  }

  /** Runs sweeps one after the other, and returns what the last has done. */
  async sweep(sweeps: Sweep | readonly Sweep[], options: TestContextOptions = {}): Promise<Swept> {
    let swept: Swept | undefined;
    for (const sweep of [sweeps].flat()) {
      swept = await runSweep(sweep, this.domain, { stores: this.stores, now_ms: () => this.now * 1000, ...options });
    }
    if (!swept) throw new Error('no sweep was given');
    return swept;
  }

  /** The paths of all objects in the one vault. */
  get paths(): string[] {
    return this.bucket.keys.map((key) => key.slice('one/'.length));
  }

  /** Every key of the store, in hexadecimal, but for what finished transactions leave. */
  async keys(): Promise<string[]> {
    const pairs = await storedPairs(this.domain.store);
    return pairs
      .map(({ key }) => Buffer.from(key).toString('hex'))
      .filter((key) => !TXN_KEYS.some((prefix) => key.startsWith(prefix)));
  }

  dispose(): Promise<void> {
    return this.domain.dispose();
  }
}

/** The fields of a request of the world's backend. */
function asRequest<Request extends DescMessage>(fields: object): MessageInitShape<Request> {
  return { ...CALLER, ...fields } as unknown as MessageInitShape<Request>;
}

/** What the keys of transactions begin with. */
const TXN_KEYS = [familyRange('txn', INSTANCE), keys.recycleTxn.range({ instance_id: INSTANCE })].map(({ begin }) =>
  begin.toString('hex'),
);

/** Tablets of one index in one partition. */
export function tabletsOf(tableId: bigint, count: number, more: Partial<Place> = {}): [Place, ...Place[]] {
  const first = more.tabletId ?? tableId * 1000n;
  const place = { tableId, indexId: tableId * 10n, partitionId: tableId * 100n, ...more };
  const tablets = Array.from({ length: count }, (_, i) => ({ ...place, tabletId: first + BigInt(i) }));
  return tablets as [Place, ...Place[]];
}
