import { create, type DescMessage, type Message, type MessageInitShape } from '@bufbuild/protobuf';
import { expect } from 'vitest';
import { keys } from '../../src/keys/key-table.ts';
import { readRecord, writeRecord } from '../../src/records/message-record.ts';
import { scanRecords } from '../../src/records/scan-records.ts';
import { addToTabletStats, mergeTabletStats, readTabletStats } from '../../src/records/tablet-stats.ts';
import {
  type FinishTabletJobRequest_Action as Action,
  TabletCompactionJobPB_CompactionType as CompactionType,
  type TabletCompactionJobPBSchema,
  type TabletJobInfoPB,
  type TabletSchemaChangeJobPBSchema,
} from '../../src/schema/gen/cloud/job_pb.ts';
import type { RecycleRowsetPB } from '../../src/schema/gen/cloud/rowset_pb.ts';
import { MetaServiceCode } from '../../src/schema/gen/cloud/status_pb.ts';
import type { TabletStatsPB } from '../../src/schema/gen/cloud/tablet_stats_pb.ts';
import { RowsetMetaCloudPBSchema } from '../../src/schema/gen/olap/rowset_meta_pb.ts';
import { TabletStatePB as TabletState } from '../../src/schema/gen/olap/tablet_meta_pb.ts';
import { type Domain, openInstance, rpc } from './fuzz/domain.ts';
import { createTablets, PLACE, type RowsetInit, rowsetOf, type TabletInit, tabletOf } from './tablets.ts';

type FieldsOf<Desc extends DescMessage> = Exclude<MessageInitShape<Desc>, Message>;
export type CompactionInit = FieldsOf<typeof TabletCompactionJobPBSchema>;
export type ChangeInit = FieldsOf<typeof TabletSchemaChangeJobPBSchema>;
type Answer = Awaited<ReturnType<JobWorld['startCompaction']>> | Awaited<ReturnType<JobWorld['finishCompaction']>>;

export const INSTANCE = 'i';
export const CALLER = { cloudUniqueId: `1:${INSTANCE}:be` };
/** When the tests' calls arrive, in seconds, and a time that never comes. */
export const NOW = 1_700_000_000n;
export const FAR = 4_102_444_800n;

/** A tablet with loads, and the new tablets that schema changes make of it. */
export const BASE = 1n;
export const NEW = 2n;
export const OTHER_NEW = 3n;

/** Jobs for tests, on a domain of their own with one instance and the three tablets. */
export class JobWorld {
  private constructor(
    readonly domain: Domain,
    /** Seconds that passed since `NOW`. */
    readonly clock: { passed: bigint },
  ) {}

  static async open(): Promise<JobWorld> {
    const clock = { passed: 0n };
    const world = new JobWorld(await openInstance({ now: () => Number(NOW + clock.passed) }), clock);
    await world.create(BASE);
    for (const tabletId of [NEW, OTHER_NEW]) await world.create(tabletId, { tabletState: TabletState.PB_NOTREADY });
    return world;
  }

  async create(tabletId: bigint, more: TabletInit = {}): Promise<void> {
    const state = { tabletState: TabletState.PB_RUNNING, ...more };
    const status = await createTablets(this.domain, CALLER.cloudUniqueId, [tabletOf(tabletId, state)]);
    if (status !== 'OK') throw new Error(status);
  }

  startCompaction(more: CompactionInit = {}, tabletId = BASE) {
    const job = { idx: { tabletId }, compaction: [compactionOf(more)] };
    return this.domain.call(rpc.start_tablet_job, { ...CALLER, job });
  }

  finishCompaction(action: Action | undefined, more: CompactionInit = {}, tabletId = BASE) {
    const job = { idx: { tabletId }, compaction: [compactionOf(more)] };
    return this.domain.call(rpc.finish_tablet_job, { ...CALLER, ...(action !== undefined && { action }), job });
  }

  startChange(more: ChangeInit = {}, tabletId = BASE) {
    return this.domain.call(rpc.start_tablet_job, {
      ...CALLER,
      job: { idx: { tabletId }, schemaChange: changeOf(more) },
    });
  }

  finishChange(action: Action, more: ChangeInit = {}, tabletId = BASE) {
    const job = { idx: { tabletId }, schemaChange: changeOf(more) };
    return this.domain.call(rpc.finish_tablet_job, { ...CALLER, action, job });
  }

  async mustStartChange(more?: ChangeInit) {
    const answer = await this.startChange(more);
    expect(answer.status).toMatchObject({ code: 0, msg: '' });
    return answer;
  }

  async mustFinishChange(action: Action, more?: ChangeInit) {
    const answer = await this.finishChange(action, more);
    expect(answer.status).toMatchObject({ code: 0, msg: '' });
    return answer;
  }

  finishChangeRefused(action: Action, more: ChangeInit, expected: string | RegExp) {
    return this.refused(() => this.finishChange(action, more), expected);
  }

  /** What a call answered that must have been refused, and must have written nothing. */
  async refused<A extends Answer>(call: () => Promise<A>, expected: string | RegExp): Promise<A> {
    const before = await this.domain.version();
    const answer = await call();
    const { code, msg } = answer.status;
    const status = `${MetaServiceCode[code]} ${msg}`;
    const matches = typeof expected === 'string' ? status === expected : expected.test(status);
    if (!matches) throw new Error(`got "${status}" in place of ${expected}`);
    if ((await this.domain.version()) !== before) throw new Error(`"${status}" wrote something`);
    return answer;
  }

  /** A visible rowset of one version, as a load leaves it. */
  async load(version: bigint, tabletId = BASE, more: RowsetInit = {}): Promise<void> {
    const { tabletSchema: _, ...fields } = rowsetOf(version, tabletId, { rowsetIdV2: `loaded ${version}`, ...more });
    const rowset = create(RowsetMetaCloudPBSchema, { ...fields, startVersion: version, endVersion: version });
    await this.domain.store.transact(async (txn) => {
      writeRecord(txn, keys.metaRowset, { instance_id: INSTANCE, tablet_id: tabletId, version }, rowset);
      const { totalDiskSize: data_size, numRows: num_rows, numSegments: num_segments } = rowset;
      addToTabletStats(txn, fieldsOf(tabletId), { data_size, num_rows, num_rowsets: 1n, num_segments });
    });
  }

  /** A rowset of a job that is not visible yet; answers its bytes. */
  async write(txnId: bigint, tabletId = BASE, more: RowsetInit = {}): Promise<Uint8Array | undefined> {
    const rowsetMeta = rowsetOf(txnId, tabletId, { rowsetIdV2: `written ${txnId}`, ...more });
    const status = await this.domain.status(rpc.commit_rowset, { ...CALLER, rowsetMeta });
    if (status !== 'OK') throw new Error(status);
    return this.written(txnId, tabletId);
  }

  written(txn_id: bigint, tablet_id = BASE): Promise<Uint8Array | undefined> {
    const key = keys.metaRowsetTmp.encode({ instance_id: INSTANCE, txn_id, tablet_id });
    return this.domain.store.transact((txn) => txn.get(key));
  }

  visible(version: bigint, tablet_id = BASE): Promise<Uint8Array | undefined> {
    const key = keys.metaRowset.encode({ instance_id: INSTANCE, tablet_id, version });
    return this.domain.store.transact((txn) => txn.get(key));
  }

  /** The visible rowsets of a tablet, as "version id". */
  rowsets(tablet_id = BASE): Promise<string[]> {
    return this.domain.store.transact(async (txn) => {
      const found: string[] = [];
      for await (const { fields, message } of scanRecords(txn, keys.metaRowset, { instance_id: INSTANCE, tablet_id })) {
        found.push(`${fields.version} ${message.rowsetIdV2}`);
      }
      return found;
    });
  }

  /** What the recycler will find of a tablet's rowsets. */
  recycled(tablet_id = BASE): Promise<RecycleRowsetPB[]> {
    return this.domain.store.transact(async (txn) => {
      const found: RecycleRowsetPB[] = [];
      const scan = scanRecords(txn, keys.recycleRowset, { instance_id: INSTANCE, tablet_id });
      for await (const { message } of scan) found.push(message);
      return found;
    });
  }

  recorded(tabletId = BASE): Promise<TabletJobInfoPB | undefined> {
    return this.domain.store.transact((txn) => readRecord(txn, keys.jobTablet, fieldsOf(tabletId)));
  }

  /** The ids of the compactions that are recorded. */
  async running(tabletId = BASE): Promise<string[]> {
    return ((await this.recorded(tabletId))?.compaction ?? []).map(({ id }) => id);
  }

  stats(tabletId = BASE): Promise<TabletStatsPB | undefined> {
    return this.domain.store.transact(async (txn) => {
      const stats = await readTabletStats(txn, fieldsOf(tabletId));
      return stats && mergeTabletStats(stats);
    });
  }
}

export function fieldsOf(tablet_id: bigint) {
  const { tableId: table_id, indexId: index_id, partitionId: partition_id } = PLACE;
  return { instance_id: INSTANCE, table_id, index_id, partition_id, tablet_id };
}

export function compactionOf(more: CompactionInit): CompactionInit {
  return {
    id: 'c',
    initiator: '127.0.0.1:8060',
    type: CompactionType.CUMULATIVE,
    baseCompactionCnt: 0n,
    cumulativeCompactionCnt: 0n,
    expiration: FAR,
    lease: FAR,
    ...more,
  };
}

/** What a compaction of the rowsets `first` to `last` into one, written under `txnId`, says at its commit. */
export function outputOf(first: bigint, last: bigint, txnId: bigint): CompactionInit {
  const rowsets = last - first + 1n;
  return {
    inputVersions: [first, last],
    outputVersions: [last],
    outputRowsetIds: [`written ${txnId}`],
    txnId: [txnId],
    outputCumulativePoint: last + 1n,
    numInputRowsets: rowsets,
    numInputSegments: rowsets,
    numInputRows: 10n * rowsets,
    sizeInputRowsets: 100n * rowsets,
    numOutputRowsets: 1n,
    numOutputSegments: 1n,
    numOutputRows: 10n,
    sizeOutputRowsets: 100n,
  };
}

export function changeOf(more: ChangeInit): ChangeInit {
  return { id: 's', initiator: '127.0.0.1:8060', expiration: FAR, newTabletIdx: { tabletId: NEW }, ...more };
}
