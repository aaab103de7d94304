import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { keys } from '../../src/keys/key-table.ts';
import { collectRange } from '../../src/kv/collect-range.ts';
import type { Transaction } from '../../src/kv/store.ts';
import { readRecord, writeRecord } from '../../src/records/message-record.ts';
import { methods } from '../../src/rpc/methods.ts';
import { decodeFields } from '../../src/schema/encoded-fields.ts';
import { GetRowsetResponseSchema } from '../../src/schema/gen/cloud/rowset_pb.ts';
import { GetTabletResponseSchema } from '../../src/schema/gen/cloud/tablet_pb.ts';
import { RowsetMetaCloudPBSchema } from '../../src/schema/gen/olap/rowset_meta_pb.ts';
import type { TabletSchemaCloudPB } from '../../src/schema/gen/olap/tablet_schema_pb.ts';
import { compareWithBare, post } from '../http/compare.ts';
import { startService } from '../http/servers.ts';
import { compare, rate } from '../kv/measure.ts';
import type { BenchResult } from '../result.ts';
import { type BenchDomain, openDomain } from './domain.ts';
import {
  CLOUD_UNIQUE_ID,
  createTablets,
  DB_ID,
  INSTANCE_ID,
  partitionIdOf,
  rowsetOf,
  TABLE_ID,
  tabletIdOf,
} from './tablets.ts';

const ROWSETS = 2_000;
const TABLET = tabletIdOf(0n);
const PARTITION = partitionIdOf(TABLET);
const READS = 20;

/**
 * All rowsets of a tablet that has many, each with its schema: in the binary form, against reading the same bytes from
 * bare LMDB and decoding and encoding each; and as JSON over HTTP, against a bare server that sends the same bytes.
 */
export async function benchRowsets(rounds: number): Promise<BenchResult[]> {
  const domain = await openDomain();
  try {
    await createTablets(domain, 1);
    await loadOnce(domain);
    await domain.store.transact(multiply);
    await copyToBare(domain);
    const schema = await schemaOf(domain);
    const label = `get_rowset of ${ROWSETS} rowsets`;
    const binary = await compare(
      `${label}, binary`,
      'answers/s',
      rounds,
      () => rate(READS, 1, () => answerInBinary(domain)),
      () => rate(READS, 1, async () => decodeAndEncode(domain, schema)),
    );
    await domain.close();
    return [binary, await overHttp(domain.dir, `${label}, JSON`)];
  } finally {
    await domain.dispose();
  }
}

const REQUEST = {
  cloudUniqueId: CLOUD_UNIQUE_ID,
  idx: { tabletId: TABLET },
  startVersion: 0n,
  endVersion: -1n,
  baseCompactionCnt: 0n,
  cumulativeCompactionCnt: 0n,
  cumulativePoint: 0n,
};

async function answerInBinary({ call }: BenchDomain): Promise<number> {
  return toBinary(GetRowsetResponseSchema, await call(methods.get_rowset, REQUEST)).length;
}

function decodeAndEncode({ bare }: BenchDomain, tabletSchema: TabletSchemaCloudPB): number {
  const rowsetMeta = [...bare.getRange({})].map(({ value }) =>
    Object.assign(fromBinary(RowsetMetaCloudPBSchema, value), { tabletSchema }),
  );
  return toBinary(GetRowsetResponseSchema, create(GetRowsetResponseSchema, { rowsetMeta })).length;
}

/** The schema that each rowset of an answer comes with, and that is stored once for all. */
async function schemaOf({ call }: BenchDomain): Promise<TabletSchemaCloudPB> {
  const answer = await call(methods.get_tablet, { cloudUniqueId: CLOUD_UNIQUE_ID, tabletId: TABLET });
  const { tabletMeta } = decodeFields(GetTabletResponseSchema, answer);
  if (tabletMeta?.schema === undefined) throw new Error('the tablet has no schema');
  return tabletMeta.schema;
}

async function overHttp(dir: string, name: string): Promise<BenchResult> {
  const service = await startService(dir);
  try {
    const request = post('/MetaService/get_rowset', {
      cloud_unique_id: CLOUD_UNIQUE_ID,
      idx: { tablet_id: String(TABLET) },
      start_version: 0,
      end_version: -1,
      base_compaction_cnt: 0,
      cumulative_compaction_cnt: 0,
      cumulative_point: 0,
    });
    return await compareWithBare(service, { name, next: () => request }, dir, {
      connections: 4,
      rounds: 5,
      round_ms: 1_000,
    });
  } finally {
    await service.stop();
  }
}

async function loadOnce({ call }: BenchDomain): Promise<void> {
  const txnInfo = { dbId: DB_ID, tableIds: [TABLE_ID], label: 'load', timeoutMs: 600_000n };
  const { txnId } = await call(methods.begin_txn, { cloudUniqueId: CLOUD_UNIQUE_ID, txnInfo });
  const rowsetMeta = rowsetOf(TABLET, PARTITION, txnId, 'rowset-2');
  await call(methods.commit_rowset, { cloudUniqueId: CLOUD_UNIQUE_ID, temporary: true, txnId, rowsetMeta });
  await call(methods.commit_txn, { cloudUniqueId: CLOUD_UNIQUE_ID, dbId: DB_ID, txnId });
}

/** Makes the one loaded rowset many, in the form in which it was stored. */
async function multiply(txn: Transaction): Promise<void> {
  const fields = { instance_id: INSTANCE_ID, tablet_id: TABLET };
  const loaded = await readRecord(txn, keys.metaRowset, { ...fields, version: 2n }, { editable: true });
  if (loaded === undefined) throw new Error('the load made no rowset');
  for (let version = 3n; version <= BigInt(ROWSETS); version++) {
    loaded.startVersion = version;
    loaded.endVersion = version;
    loaded.rowsetIdV2 = `rowset-${version}`;
    writeRecord(txn, keys.metaRowset, { ...fields, version }, loaded);
  }
}

async function copyToBare({ store, bare }: BenchDomain): Promise<void> {
  const { begin, end } = keys.metaRowset.range({ instance_id: INSTANCE_ID, tablet_id: TABLET });
  const pairs = await store.transact((txn) => collectRange(txn, begin, end));
  await bare.transaction(() => {
    for (const { key, value } of pairs) void bare.put(key, value);
  });
}
