import { create, toBinary } from '@bufbuild/protobuf';
import { keys } from '../../src/keys/key-table.ts';
import type { Store } from '../../src/kv/store.ts';
import { writeRecord } from '../../src/records/message-record.ts';
import { segmentPath } from '../../src/recycler/data-paths.ts';
import { RecycleRowsetPBSchema, RecycleRowsetPB_Type as Type } from '../../src/schema/gen/cloud/rowset_pb.ts';
import { TabletSchemaCloudPBSchema } from '../../src/schema/gen/olap/tablet_schema_pb.ts';

export const INSTANCE_ID = 'bench_instance';
export const VAULT = '1';

const INDEX_ID = 101n;
const ROWSETS_OF_A_TABLET = 100;
const ROWSETS_OF_A_TRANSACTION = 2_000;

/** A rowset with one object, by its number. */
function nameOf(i: number): { readonly tablet_id: bigint; readonly rowset_id: string } {
  const tablet_id = BigInt(1_000_000 + Math.floor(i / ROWSETS_OF_A_TABLET));
  return { tablet_id, rowset_id: `02000000${i.toString(16).padStart(40, '0')}` };
}

/** The path of the one object of a rowset. */
export function pathOf(i: number): string {
  return segmentPath(nameOf(i), 0);
}

/** Stores the records of `count` rowsets that compactions replaced long ago, with as much metadata as they have. */
export async function plantRecycled(store: Store, count: number): Promise<void> {
  const schema = create(TabletSchemaCloudPBSchema, { schemaVersion: 0 });
  await store.transact(async (txn) => {
    writeRecord(txn, keys.metaSchema, { instance_id: INSTANCE_ID, index_id: INDEX_ID, schema_version: 0 }, schema);
  });
  for (let first = 0; first < count; first += ROWSETS_OF_A_TRANSACTION) {
    await store.transact(async (txn) => {
      for (let i = first; i < Math.min(count, first + ROWSETS_OF_A_TRANSACTION); i++) {
        const { key, value } = recycled(i);
        txn.set(key, value);
      }
    });
  }
}

function recycled(i: number): { readonly key: Buffer; readonly value: Uint8Array } {
  const { tablet_id, rowset_id } = nameOf(i);
  const version = BigInt(2 + (i % ROWSETS_OF_A_TABLET));
  const message = create(RecycleRowsetPBSchema, {
    creationTime: 1n,
    type: Type.COMPACT,
    rowsetMeta: {
      ...{ rowsetId: 0n, tabletId: tablet_id, rowsetIdV2: rowset_id, resourceId: VAULT, txnId: BigInt(i + 1) },
      ...{ indexId: INDEX_ID, schemaVersion: 0, startVersion: version, endVersion: version, numSegments: 1n },
      ...{ numRows: 1000n, totalDiskSize: 100_000n, dataDiskSize: 100_000n },
      segmentsKeyBounds: [{ minKey: Buffer.alloc(36, i), maxKey: Buffer.alloc(36, i + 1) }],
    },
  });
  const key = keys.recycleRowset.encode({ instance_id: INSTANCE_ID, tablet_id, rowset_id });
  return { key, value: toBinary(RecycleRowsetPBSchema, message) };
}
