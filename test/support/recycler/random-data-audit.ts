import { decodeKey } from '../../../src/keys/decode-key.ts';
import { keys } from '../../../src/keys/key-table.ts';
import { readRecord } from '../../../src/records/message-record.ts';
import { scanRecords } from '../../../src/records/scan-records.ts';
import { segmentPath } from '../../../src/recycler/data-paths.ts';
import { type DataWorld, INSTANCE, type Place } from './data-world.ts';

/** A table that is in use. */
export interface Table {
  readonly tableId: bigint;
  /** The tablets of its partitions, by the ids of these. */
  readonly partitions: Map<bigint, readonly Place[]>;
}

/** Objects of visible rowsets of tables in use that are not there. */
export async function lostObjects({ domain, bucket }: DataWorld, tables: readonly Table[]): Promise<string[]> {
  const lost: string[] = [];
  await domain.store.transact(async (txn) => {
    for await (const { fields, message } of scanRecords(txn, keys.metaRowset, { instance_id: INSTANCE })) {
      const { tablet_id } = fields;
      const index = await readRecord(txn, keys.metaTabletIndex, { instance_id: INSTANCE, tablet_id });
      if (!index || !isInUse(tables, index.tableId, index.partitionId)) continue;
      for (let segment = 0; segment < Number(message.numSegments); segment++) {
        const path = segmentPath({ tablet_id, rowset_id: message.rowsetIdV2 }, segment);
        if (!bucket.has(`one/${path}`)) lost.push(path);
      }
    }
  });
  return lost;
}

function isInUse(tables: readonly Table[], table_id: bigint, partition_id: bigint): boolean {
  return tables.some(({ tableId, partitions }) => tableId === table_id && partitions.has(partition_id));
}

/** Objects that no visible rowset has, and keys that belong to nothing in use, but for the versions of some tables. */
export async function leftovers(
  world: DataWorld,
  tables: readonly Table[],
  versions_may_stay: ReadonlySet<bigint>,
): Promise<string[]> {
  const live = new Set<string>();
  await world.domain.store.transact(async (txn) => {
    for await (const { fields, message } of scanRecords(txn, keys.metaRowset, { instance_id: INSTANCE })) {
      for (let segment = 0; segment < Number(message.numSegments); segment++) {
        live.add(segmentPath({ tablet_id: fields.tablet_id, rowset_id: message.rowsetIdV2 }, segment));
      }
    }
  });
  const objects = world.paths.filter((path) => !live.has(path));
  const left = (await world.keys()).filter((key) => !belongs(Buffer.from(key, 'hex'), tables, versions_may_stay));
  return [...objects, ...left.map(shown)];
}

function belongs(key: Buffer, tables: readonly Table[], versions_may_stay: ReadonlySet<bigint>): boolean {
  const decoded = decodeKey(key);
  if (!('kind' in decoded) || !('fields' in decoded)) return false;
  const { kind } = decoded;
  const fields = decoded.fields as Readonly<Record<string, unknown>>;
  if (kind.name === 'instance' || !('instance_id' in fields)) return true;
  if (kind.shape.parts[0] === 'recycle' || kind.name === 'metaRowsetTmp') return false;
  if (kind.name === 'tableVersion' && versions_may_stay.has(fields.table_id as bigint)) return true;
  // A table may be in use without a partition. Locks are of all partitions of a table, which is called -1.
  return tables.some(({ tableId, partitions }) => {
    const tablets = [...partitions.values()].flat().map(({ tabletId }) => tabletId);
    return (
      isAmong(fields.table_id, [tableId]) &&
      isAmong(fields.index_id, [tableId * 10n]) &&
      isAmong(fields.partition_id, [...partitions.keys(), -1n]) &&
      isAmong(fields.tablet_id, tablets)
    );
  });
}

/** The kind of a key and its fields. */
function shown(key: string): string {
  const decoded = decodeKey(Buffer.from(key, 'hex'));
  return 'name' in decoded ? `${decoded.name} ${Object.values(decoded.fields).join(' ')}` : key;
}

/** Whether a field of a key is one of some ids, or the key has no such field. */
function isAmong(field: unknown, ids: readonly bigint[]): boolean {
  return field === undefined || ids.includes(field as bigint);
}
