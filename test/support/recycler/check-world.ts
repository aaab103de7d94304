import { type CheckOptions, checkInstance } from '../../../src/recycler/check/check-instance.ts';
import type { CheckReport } from '../../../src/recycler/check/check-report.ts';
import { segmentPath } from '../../../src/recycler/data-paths.ts';
import { ObjectStoreInfoPB_Provider as Provider } from '../../../src/schema/gen/cloud/object_store_pb.ts';
import { AlterObjStoreInfoRequest_Operation as Operation } from '../../../src/schema/gen/cloud/vault_pb.ts';
import { type Domain, openDomain, rpc } from '../fuzz/domain.ts';
import type { MemoryBucket } from '../objects/memory-bucket.ts';
import type { MemoryOptions } from '../objects/memory-object-store.ts';
import { memoryPlaces } from '../objects/memory-places.ts';
import { createTablets, DB_ID, PLACE, type RowsetInit, rowsetOf, type TabletInit, tabletOf } from '../tablets.ts';
import { sweepContext } from './sweep-context.ts';

const CALLER = { cloudUniqueId: '1:i:be' };
const BUCKETS = ['b', 'c'];

/** An instance whose loads write objects too, on a domain and buckets of its own. Its first vault has the id 1. */
export interface CheckWorld {
  readonly domain: Domain;
  readonly bucket: MemoryBucket;
  /** That of the second vault, which has the id 2. */
  readonly second: MemoryBucket;
  pass(seconds: number): void;
  createTablets(tabletIds: readonly bigint[], more?: TabletInit): Promise<void>;
  /** Begins a load and writes its rowsets: prepared, their objects put, and committed to the transaction. */
  write(tabletIds: readonly bigint[], more?: RowsetInit): Promise<bigint>;
  /** As `write`, and makes it visible. */
  load(tabletIds: readonly bigint[], more?: RowsetInit): Promise<bigint>;
  /** Puts an object, by its key below the prefix of the first vault. */
  put(key: string): void;
  remove(key: string): void;
  check(options?: CheckOptions & { readonly signal?: AbortSignal }): Promise<CheckReport>;
}

export async function openCheckWorld(options: MemoryOptions = {}): Promise<CheckWorld> {
  let now_s = 1_800_000_000;
  const now_ms = () => now_s * 1000;
  const domain = await openDomain({ now: () => now_s });
  const places = memoryPlaces({ ...options, now_ms });
  const [bucket, second] = BUCKETS.map((name) => places.bucket(name)) as [MemoryBucket, MemoryBucket];
  await createInstance(domain);
  let loads = 0;
  const world: CheckWorld = {
    ...{ domain, bucket, second },
    pass: (seconds) => {
      now_s += seconds;
    },
    createTablets: async (tabletIds, more) => {
      const tablets = tabletIds.map((id) => tabletOf(id, more));
      mustBeOk(await createTablets(domain, CALLER.cloudUniqueId, tablets));
    },
    write: async (tabletIds, more = {}) => {
      const txnInfo = { dbId: DB_ID, tableIds: [PLACE.tableId], label: `load ${loads++}`, timeoutMs: 600_000n };
      const { txnId, status } = await domain.call(rpc.begin_txn, { ...CALLER, txnInfo });
      mustBeOk(status.code === 0 ? 'OK' : status.msg);
      for (const tabletId of tabletIds) {
        const rowsetMeta = rowsetOf(txnId, tabletId, { resourceId: '1', ...more });
        mustBeOk(await domain.status(rpc.prepare_rowset, { ...CALLER, rowsetMeta }));
        const place = rowsetMeta.resourceId === '2' ? second : bucket;
        for (const path of segmentsOf(rowsetMeta)) place.put(`pre/${path}`, Buffer.from(path), now_ms());
        mustBeOk(await domain.status(rpc.commit_rowset, { ...CALLER, rowsetMeta }));
      }
      return txnId;
    },
    load: async (tabletIds, more) => {
      const txnId = await world.write(tabletIds, more);
      mustBeOk(await domain.status(rpc.commit_txn, { ...CALLER, dbId: DB_ID, txnId }));
      return txnId;
    },
    put: (key) => bucket.put(`pre/${key}`, Buffer.from(key), now_ms()),
    remove: (key) => bucket.delete(`pre/${key}`),
    check: async ({ signal, ...check } = {}) => {
      const context = await sweepContext(domain, { places, ...(signal && { signal }) });
      return checkInstance(context, { young_ms: 0, ...check });
    },
  };
  return world;
}

/** The key of a segment of a rowset that `write` wrote. */
export function pathOf(txnId: bigint, tabletId: bigint, segment = 0): string {
  return segmentPath({ tablet_id: tabletId, rowset_id: `rowset ${txnId} of ${tabletId}` }, segment);
}

async function createInstance(domain: Domain): Promise<void> {
  const [first, second] = BUCKETS.map((bucket) => ({
    ...{ ak: 'ak', sk: 'sk', bucket, prefix: 'pre', endpoint: 'e', externalEndpoint: 'x', region: 'r' },
    provider: Provider.S3,
  }));
  mustBeOk(await domain.status(rpc.create_instance, { instanceId: 'i', ...(first && { objInfo: first }) }));
  const add = { cloudUniqueId: '1:i:fe', op: Operation.ADD_OBJ_INFO, ...(second && { obj: second }) };
  mustBeOk(await domain.status(rpc.alter_obj_store_info, add));
}

function segmentsOf({ tabletId = 0n, rowsetIdV2 = '', numSegments = 0n }: RowsetInit): string[] {
  const name = { tablet_id: tabletId, rowset_id: rowsetIdV2 };
  return Array.from({ length: Number(numSegments) }, (_, segment) => segmentPath(name, segment));
}

function mustBeOk(status: string): void {
  if (status !== 'OK') throw new Error(status);
}
