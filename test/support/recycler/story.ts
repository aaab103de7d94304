import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  FinishTabletJobRequest_Action as Action,
  type TabletCompactionJobPB_CompactionType as Compaction,
} from '../../../src/schema/gen/cloud/job_pb.ts';
import {
  type RowsetMetaCloudPBSchema,
  RowsetStatePB,
  RowsetTypePB,
} from '../../../src/schema/gen/olap/rowset_meta_pb.ts';
import { type AnswerOf, codeName, type MethodName, type RequestOf } from '../simulation/rpc-client.ts';
import type { ServiceProcess } from '../simulation/service-process.ts';
import { rowsetFiles } from './rowset-files.ts';
import {
  DB_ID,
  INVERTED,
  metaOf,
  objectsOf,
  type StoryRowset,
  type StoryTable,
  type StoryTablet,
  schemaOf,
} from './story-table.ts';

type RowsetInit = MessageInitShape<typeof RowsetMetaCloudPBSchema>;

export interface StoryOptions {
  readonly service: Pick<ServiceProcess, 'insist'>;
  readonly instance_id: string;
  /** The vault that it writes to, as rowsets name it. */
  readonly resource_id: string;
  /** Puts an object below the prefix of the vault. */
  readonly put: (key: string) => Promise<void>;
}

const PARTITIONS = 2;
const TABLETS = 1;
const SEGMENTS = 2;
/** Far away, and long over, in seconds since 1970. */
const NEVER = 4_102_444_800n;
const OVER = 1_000_000_000n;
const HOUR_MS = 3_600_000n;

/** What happens to the tables of an instance, as frontends and backends make it happen, with a memory of what has to stay. */
export class Story {
  readonly tables: StoryTable[] = [];
  readonly #options: StoryOptions;
  #last_id = 1_000n;
  #written = 0;
  #labels = 0;

  constructor(options: StoryOptions) {
    this.#options = options;
  }

  /** The keys of all objects that have to stay, below the prefix of the vault. */
  objects(): string[] {
    return this.tables.flatMap(objectsOf).sort();
  }

  /** A table for each way of writing inverted indexes. */
  async createTables(): Promise<void> {
    for (const inverted of INVERTED) {
      const table: StoryTable = { id: this.#newId(), inverted, index_id: this.#newId(), partitions: [], tablets: [] };
      table.partitions = Array.from({ length: PARTITIONS }, () => ({ id: this.#newId(), version: 1n }));
      table.tablets = this.#newTablets(table, table.index_id);
      const request = { dbId: DB_ID, tableId: table.id, indexIds: [table.index_id], expiration: NEVER };
      await this.#call('prepare_index', request);
      await this.#createTablets(table, table.tablets);
      await this.#call('commit_index', { ...request, isNewTable: true });
      this.tables.push(table);
    }
  }

  /** Loads to all tablets of a table. How it ends says what is visible of it. */
  async load(table: StoryTable, ending: 'commit' | 'abort' | 'time out' = 'commit'): Promise<void> {
    const label = `label ${this.#labels++}`;
    const timeoutMs = ending === 'time out' ? 1n : HOUR_MS;
    const txnInfo = { dbId: DB_ID, tableIds: [table.id], label, timeoutMs };
    const { txnId } = await this.#call('begin_txn', { txnInfo });
    // Once a transaction is forgotten, what it never committed is kept for as long as it said.
    const expires = ending === 'commit' ? NEVER : OVER;
    const written = new Map<StoryTablet, StoryRowset>();
    const write = async (tablet: StoryTablet) =>
      written.set(tablet, await this.#write(table, tablet, txnId, { expires }));
    await Promise.all(table.tablets.map(write));
    if (ending === 'abort') await this.#call('abort_txn', { dbId: DB_ID, txnId, reason: 'test' });
    if (ending !== 'commit') return;
    await this.#call('commit_txn', { dbId: DB_ID, txnId });
    for (const partition of table.partitions) partition.version += 1n;
    for (const [tablet, rowset] of written) {
      const version = table.partitions.find(({ id }) => id === tablet.partition_id)?.version ?? 0n;
      tablet.rowsets.push({ ...rowset, start: version, end: version });
    }
  }

  /** Announces a rowset, writes its objects, and is heard of no more; `committed` tells whether its job was still told. */
  async forsake(table: StoryTable, committed: boolean): Promise<void> {
    const [tablet] = table.tablets;
    if (tablet) await this.#write(table, tablet, this.#newId(), { expires: OVER, committed });
  }

  /** Compacts the versions from `start` to `end` of all tablets of a table. */
  async compact(table: StoryTable, start: bigint, end: bigint, type: Compaction): Promise<void> {
    await Promise.all(table.tablets.map((tablet) => this.#compactTablet(table, tablet, start, end, type)));
  }

  async #compactTablet(
    table: StoryTable,
    tablet: StoryTablet,
    start: bigint,
    end: bigint,
    type: Compaction,
  ): Promise<void> {
    const inputs = tablet.rowsets.filter((rowset) => rowset.start >= start && rowset.end <= end);
    const id = `compaction ${this.#newId()}`;
    const counts = await this.#countsOf(tablet);
    const job = {
      id,
      initiator: 'be:8060',
      type,
      expiration: NEVER,
      lease: NEVER,
      inputVersions: [start, end],
      ...counts,
    };
    await this.#call('start_tablet_job', { job: { idx: { tabletId: tablet.id }, compaction: [job] } });
    const txnId = this.#newId();
    const output = await this.#write(table, tablet, txnId, { start, end, job_id: id });
    const rows = BigInt(inputs.length);
    const finished = {
      ...job,
      ...{
        outputVersions: [end],
        outputRowsetIds: [output.rowset_id],
        txnId: [txnId],
        outputCumulativePoint: end + 1n,
      },
      ...{ numInputRowsets: rows, numInputSegments: rows * BigInt(SEGMENTS), numInputRows: rows * 10n },
      ...{ sizeInputRowsets: rows * 100n, numOutputRowsets: 1n, numOutputSegments: BigInt(SEGMENTS) },
      ...{ numOutputRows: 10n, sizeOutputRowsets: 100n },
    };
    const request = { job: { idx: { tabletId: tablet.id }, compaction: [finished] }, action: Action.COMMIT };
    await this.#call('finish_tablet_job', request);
    tablet.rowsets = [...tablet.rowsets.filter((rowset) => !inputs.includes(rowset)), output];
    tablet.rowsets.sort((a, b) => Number(a.start - b.start));
    tablet.worked = true;
  }

  /** Converts all tablets of a table to those of a new index, and drops the old one. */
  async changeSchema(table: StoryTable): Promise<void> {
    const index_id = this.#newId();
    const made = this.#newTablets(table, index_id);
    const request = { dbId: DB_ID, tableId: table.id, indexIds: [index_id], expiration: NEVER };
    await this.#call('prepare_index', request);
    await this.#createTablets(table, made, false);
    await this.#call('commit_index', request);
    for (const [i, from] of table.tablets.entries()) {
      const to = made[i];
      if (to) await this.#convert(table, from, to);
    }
    const old = table.index_id;
    Object.assign(table, { index_id, tablets: made });
    await this.#call('drop_index', { ...request, indexIds: [old] });
  }

  async dropPartition(table: StoryTable): Promise<void> {
    const [dropped] = table.partitions.splice(0, 1);
    if (!dropped) return;
    table.tablets = table.tablets.filter(({ partition_id }) => partition_id !== dropped.id);
    const where = { dbId: DB_ID, tableId: table.id, indexIds: [table.index_id], partitionIds: [dropped.id] };
    await this.#call('drop_partition', { ...where, expiration: NEVER, needUpdateTableVersion: true });
  }

  /** Announces a partition and creates its tablets, which nobody puts into use. */
  async forsakePartition(table: StoryTable): Promise<void> {
    const id = this.#newId();
    const where = { dbId: DB_ID, tableId: table.id, indexIds: [table.index_id], partitionIds: [id] };
    await this.#call('prepare_partition', { ...where, expiration: OVER });
    const tablet = { id: this.#newId(), index_id: table.index_id, partition_id: id, rowsets: [], worked: false };
    await this.#createTablets(table, [tablet]);
  }

  async dropTable(table: StoryTable): Promise<void> {
    this.tables.splice(this.tables.indexOf(table), 1);
    const request = { dbId: DB_ID, tableId: table.id, indexIds: [table.index_id], expiration: NEVER };
    await this.#call('drop_index', request);
  }

  /** Asks the service for the visible rowsets of a tablet. */
  async visibleRowsets({ id }: StoryTablet): Promise<string[]> {
    const counts = { baseCompactionCnt: 0n, cumulativeCompactionCnt: 0n, cumulativePoint: 0n };
    const request = { idx: { tabletId: id }, startVersion: 0n, endVersion: -1n, ...counts };
    const { rowsetMeta } = await this.#call('get_rowset', request);
    return rowsetMeta.filter(({ numSegments }) => numSegments > 0n).map(({ rowsetIdV2 }) => rowsetIdV2);
  }

  async #convert(table: StoryTable, from: StoryTablet, to: StoryTablet): Promise<void> {
    const id = `change ${this.#newId()}`;
    const alterVersion = from.rowsets.at(-1)?.end ?? 1n;
    const job = { id, initiator: 'be:8060', expiration: NEVER, newTabletIdx: { tabletId: to.id }, alterVersion };
    const idx = { tabletId: from.id };
    await this.#call('start_tablet_job', { job: { idx, schemaChange: job } });
    const txnIds: bigint[] = [];
    for (const { start, end } of from.rowsets) {
      const txnId = this.#newId();
      txnIds.push(txnId);
      to.rowsets.push(await this.#write(table, to, txnId, { start, end, job_id: id }));
    }
    const rowsets = BigInt(to.rowsets.length);
    const sums = {
      ...{ numOutputRowsets: rowsets, numOutputSegments: rowsets * BigInt(SEGMENTS), numOutputRows: rowsets * 10n },
      ...{ sizeOutputRowsets: rowsets * 100n, outputCumulativePoint: alterVersion + 1n },
    };
    const done = { ...job, ...sums, txnIds, outputVersions: to.rowsets.map(({ end }) => end) };
    await this.#call('finish_tablet_job', { job: { idx, schemaChange: done }, action: Action.COMMIT });
    from.worked = true;
    to.worked = true;
  }

  /** Writes a rowset to a tablet as a backend does, in its three steps. */
  async #write(table: StoryTable, tablet: StoryTablet, txnId: bigint, more: WriteOptions = {}): Promise<StoryRowset> {
    const { start = 0n, end = 0n, job_id, expires = NEVER, committed = true } = more;
    const rowset_id = `${'0'.repeat(40)}${String(++this.#written).padStart(8, '0')}`;
    const rowset = { rowset_id, segments: SEGMENTS, start, end };
    const rowsetMeta: RowsetInit = {
      ...{ rowsetId: 0n, rowsetIdV2: rowset_id, tabletId: tablet.id, partitionId: tablet.partition_id, txnId },
      ...{ indexId: tablet.index_id, resourceId: this.#options.resource_id, txnExpiration: expires },
      ...{ rowsetType: RowsetTypePB.BETA_ROWSET, rowsetState: RowsetStatePB.COMMITTED, tabletSchema: schemaOf(table) },
      ...{ numRows: 10n, numSegments: BigInt(SEGMENTS), dataDiskSize: 100n, totalDiskSize: 100n, indexDiskSize: 0n },
      ...(end > 0n && { startVersion: start, endVersion: end }),
    };
    const request = { temporary: true, txnId, rowsetMeta, ...(job_id !== undefined && { tabletJobId: job_id }) };
    await this.#call('prepare_rowset', request);
    await Promise.all(rowsetFiles({ tablet_id: tablet.id, ...rowset }, table.inverted).map(this.#options.put));
    if (committed) await this.#call('commit_rowset', request);
    return rowset;
  }

  async #countsOf({ id }: StoryTablet) {
    const { tabletStats } = await this.#call('get_tablet_stats', { tabletIdx: [{ tabletId: id }] });
    const { baseCompactionCnt = 0n, cumulativeCompactionCnt = 0n } = tabletStats[0] ?? {};
    return { baseCompactionCnt, cumulativeCompactionCnt };
  }

  #createTablets(table: StoryTable, tablets: readonly StoryTablet[], ready = true) {
    return this.#call('create_tablets', {
      dbId: DB_ID,
      tabletMetas: tablets.map((tablet) => metaOf(table, tablet, ready)),
    });
  }

  #newTablets({ partitions }: StoryTable, index_id: bigint): StoryTablet[] {
    return partitions.flatMap(({ id }) =>
      Array.from({ length: TABLETS }, () => ({
        ...{ id: this.#newId(), index_id, partition_id: id },
        ...{ rowsets: [], worked: false },
      })),
    );
  }

  #newId(): bigint {
    this.#last_id += 1n;
    return this.#last_id;
  }

  async #call<Name extends MethodName>(name: Name, request: object): Promise<AnswerOf<Name>> {
    const cloudUniqueId = `1:${this.#options.instance_id}:node`;
    const whole = { cloudUniqueId, ...request } as RequestOf<Name>;
    const { answer } = await this.#options.service.insist(name, whole);
    if (codeName(answer) !== 'OK') throw new Error(`${name}: ${codeName(answer)} ${answer.status.msg}`);
    return answer;
  }
}

interface WriteOptions {
  readonly start?: bigint;
  readonly end?: bigint;
  readonly job_id?: string;
  readonly expires?: bigint;
  readonly committed?: boolean;
}
