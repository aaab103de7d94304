import { keys } from '../../keys/key-table.ts';
import type { KeyText } from '../../kv/bytes.ts';
import { keyText } from '../../kv/bytes.ts';
import type { KeyValue, Transaction } from '../../kv/store.ts';
import type { TabletFields } from '../../meta/tablet/tablet-index.ts';
import { MalformedValueError } from '../../records/malformed-value.ts';
import { removeTabletStats } from '../../records/tablet-stats.ts';
import { RecycleRowsetPBSchema, RecycleRowsetPB_Type as Type } from '../../schema/gen/cloud/rowset_pb.ts';
import { RowsetMetaCloudPBSchema } from '../../schema/gen/olap/rowset_meta_pb.ts';
import { fieldScan } from '../../schema/scan-fields.ts';
import { scanInPages } from '../scan-in-pages.ts';
import type { SweepContext } from '../sweep.ts';

/** A tablet by what its key says of it. */
export type TabletPlace = { readonly [Name in keyof TabletFields]: Name extends 'instance_id' ? string : bigint };

/** What leads to the objects of a tablet. */
export interface TabletRecords {
  /** The keys of its visible rowsets. */
  readonly visible: ReadonlySet<KeyText>;
  /** Those of its rowsets whose records go with it, unless they say that they have no objects. */
  readonly rowsets: readonly TabletRowset[];
  /** The records of recycled rowsets which nobody writes to any more, as they were read; not more than are removed at once. */
  readonly recycled: readonly Uint8Array[];
  /** The vaults that its rowsets name. */
  readonly resource_ids: ReadonlySet<string>;
  /** Whether one of them has data and does not name its vault. */
  readonly is_anywhere: boolean;
}

/** A rowset of a tablet. */
export interface TabletRowset {
  readonly rowset_id: string;
  /** Empty where it does not name its vault. */
  readonly resource_id: string;
}

/** Those that are over are left to the sweep of rowsets, for which their objects are gone already. */
const MOST_RECYCLED = 2_000;

const scanRowset = fieldScan(RowsetMetaCloudPBSchema, ['resourceId', 'numSegments', 'rowsetIdV2']);
const scanRecycled = fieldScan(RecycleRowsetPBSchema, ['type', 'resourceId', 'rowsetMeta']);

/** Reads what leads to the objects of a tablet, before they are deleted. Throws a MalformedValueError. */
export async function readTabletRecords({ store }: SweepContext, { instance_id, tablet_id }: TabletPlace) {
  const visible = new Set<KeyText>();
  const recycled: Uint8Array[] = [];
  const rowsets: TabletRowset[] = [];
  const resource_ids = new Set<string>();
  let is_anywhere = false;
  const add = (rowset: Uint8Array, elsewhere?: Uint8Array) => {
    const { resourceId = elsewhere ?? NO_BYTES, numSegments, rowsetIdV2 = NO_BYTES } = scanRowset(rowset);
    const resource_id = Buffer.from(resourceId).toString();
    if (resource_id !== '') resource_ids.add(resource_id);
    else if (numSegments !== undefined && numSegments > 0n) is_anywhere = true;
    const rowset_id = Buffer.from(rowsetIdV2).toString();
    return { rowset_id, resource_id, has_objects: numSegments === undefined || numSegments > 0n };
  };
  for await (const page of scanInPages(store, keys.metaRowset.range({ instance_id, tablet_id }))) {
    for (const pair of page) {
      visible.add(keyText(pair.key));
      orMalformed(keys.metaRowset.name, pair, () => {
        const { has_objects, ...rowset } = add(pair.value);
        if (has_objects && rowset.rowset_id !== '') rowsets.push(rowset);
      });
    }
  }
  for await (const page of scanInPages(store, keys.recycleRowset.range({ instance_id, tablet_id }))) {
    for (const pair of page) {
      orMalformed(keys.recycleRowset.name, pair, () => {
        const { type, resourceId, rowsetMeta = NO_BYTES } = scanRecycled(pair.value);
        const { resource_id } = add(rowsetMeta, resourceId);
        if (type === Type.PREPARE || recycled.length >= MOST_RECYCLED) return;
        recycled.push(pair.key);
        rowsets.push({ rowset_id: keys.recycleRowset.decode(pair.key)?.rowset_id ?? '', resource_id });
      });
    }
  }
  return { visible, rowsets, recycled, resource_ids, is_anywhere } satisfies TabletRecords;
}

const NO_BYTES = new Uint8Array(0);

function orMalformed(kind: string, { key }: KeyValue, work: () => void): void {
  try {
    work();
  } catch (cause) {
    throw new MalformedValueError(kind, key, { cause });
  }
}

/**
 * Removes all that is stored of a tablet whose objects are gone; false, with nothing removed, when a rowset has become
 * visible since, the objects of which are not. What is being written to it has records of its own, which stay.
 */
export async function removeTablet(
  txn: Transaction,
  place: TabletPlace,
  { visible, recycled }: TabletRecords,
): Promise<boolean> {
  const { instance_id, tablet_id } = place;
  const rowsets = keys.metaRowset.range({ instance_id, tablet_id });
  for await (const page of txn.getRange(rowsets.begin, rowsets.end)) {
    if (page.some(({ key }) => !visible.has(keyText(key)))) return false;
  }
  const values = await txn.getMany(recycled);
  for (const [i, key] of recycled.entries()) {
    const value = values[i];
    if (value !== undefined && scanRecycled(value).type !== Type.PREPARE) txn.clear(key);
  }
  for (const { begin, end } of [
    rowsets,
    keys.metaDeleteBitmap.range({ instance_id, tablet_id }),
    keys.metaPendingDeleteBitmap.range({ instance_id, tablet_id }),
    keys.metaTabletIndex.range({ instance_id, tablet_id }),
    keys.jobTablet.range(place),
    keys.metaTablet.range(place),
  ]) {
    txn.clearRange(begin, end);
  }
  removeTabletStats(txn, place);
  return true;
}
