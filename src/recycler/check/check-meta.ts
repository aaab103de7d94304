import { create } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import type { KeyValue } from '../../kv/store.ts';
import { isDroppedTablet } from '../../meta/tablet/dropped-tablet.ts';
import { fieldsOfTablet, type TabletFields } from '../../meta/tablet/tablet-index.ts';
import { MalformedValueError } from '../../records/malformed-value.ts';
import { readRecord, recordExists } from '../../records/message-record.ts';
import { type TabletIndexPB, TabletIndexPBSchema } from '../../schema/gen/cloud/tablet_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { groupBy } from '../group-by.ts';
import type { CheckContext, CheckResults } from './check-report.ts';
import { comparePages, type MetaPage, readableRecords } from './meta-page.ts';

/** From how many versions of schemas on those that were found are looked for again. */
const MOST_KNOWN = 10_000;

/**
 * Compares the records of tablets with each other: the index of each tablet leads to its metadata and its statistics, each
 * of these leads back, and each tablet and each visible rowset has a tablet and a schema. What is being recycled is left out.
 *
 * Doris also compares them with what a frontend knows of its tables. Only a frontend can tell that, so it is not done here.
 */
export async function checkMeta(context: CheckContext, results: CheckResults): Promise<void> {
  const { instance_id } = context;
  const schemas = new KnownVersions();
  await comparePages(context, results, keys.metaTabletIndex.range({ instance_id }), (page) =>
    compareIndexes(page, schemas),
  );
  await comparePages(context, results, keys.metaTablet.range({ instance_id }), (page) => {
    results.count('tablets', page.pairs.length);
    return leadBack(page);
  });
  await comparePages(context, results, keys.statsTablet.range({ instance_id }), leadBack);
  await comparePages(context, results, keys.metaRowset.range({ instance_id }), (page) => compareRowsets(page, schemas));
}

/** The index of each tablet leads to its metadata, its statistics and its schema. */
async function compareIndexes(page: MetaPage, schemas: KnownVersions): Promise<void> {
  const { txn, instance_id, addWrong } = page;
  for (const { pair, fields, record } of readableRecords(page, keys.metaTabletIndex)) {
    if (await isDropped(page, pair, record)) continue;
    if (record.tabletId !== fields.tablet_id) {
      addWrong(pair, `it is the index of tablet ${fields.tablet_id}, and names tablet ${record.tabletId}`);
      continue;
    }
    const place = fieldsOfTablet(instance_id, record);
    const stats = await txn.get(keys.statsTablet.encode(place));
    if (stats === undefined) addWrong(pair, `tablet ${record.tabletId} has no statistics`);
    const key = keys.metaTablet.encode(place);
    const value = await txn.get(key);
    if (value === undefined) addWrong(pair, `tablet ${record.tabletId} has no metadata`);
    else await compareTablet(page, place, { key, value }, schemas);
  }
}

/** A tablet is what its key says, and has a schema, of its own or shared. */
async function compareTablet(
  page: MetaPage,
  place: TabletFields,
  pair: KeyValue,
  schemas: KnownVersions,
): Promise<void> {
  const [tablet] = readableRecords(page, keys.metaTablet, [pair]).map(({ record }) => record);
  if (!tablet) return;
  const { index_id, tablet_id } = place;
  if (tablet.tabletId !== tablet_id || tablet.indexId !== index_id) {
    page.addWrong(pair, `tablet ${tablet_id} says to be tablet ${tablet.tabletId} of index ${tablet.indexId}`);
  } else if (!tablet.schema && !(await schemas.has(page, BigInt(index_id), tablet.schemaVersion))) {
    page.addWrong(pair, `tablet ${tablet_id} has no schema of version ${tablet.schemaVersion} of index ${index_id}`);
  }
}

/** The metadata and the statistics of each tablet, its counters included, stand where its index says. */
async function leadBack(page: MetaPage): Promise<void> {
  const places = page.pairs.flatMap((pair) => {
    const fields = keys.metaTablet.decode(pair.key) ?? keys.statsTablet.read(pair.key)?.fields;
    return fields ? [{ pair, fields }] : [];
  });
  for (const [tablet_id, some] of groupBy(places, ({ fields }) => fields.tablet_id)) {
    const index = await readIndex(page, tablet_id);
    for (const { pair, fields } of some) {
      const { table_id: tableId, index_id: indexId, partition_id: partitionId } = fields;
      const own = create(TabletIndexPBSchema, { tableId, indexId, partitionId, tabletId: tablet_id });
      if (index === UNREADABLE || (index && isSamePlace(index, own)) || (await isDropped(page, pair, own))) continue;
      page.addWrong(pair, `the index of tablet ${tablet_id} does not lead here`);
    }
  }
}

/** Each visible rowset has a tablet and a schema, and is visible at its own end version. */
async function compareRowsets(page: MetaPage, schemas: KnownVersions): Promise<void> {
  const rowsets = readableRecords(page, keys.metaRowset);
  for (const [tablet_id, some] of groupBy(rowsets, ({ fields }) => fields.tablet_id)) {
    const index = await readIndex(page, tablet_id);
    const [first] = some;
    if (index === UNREADABLE || (first && index && (await isDropped(page, first.pair, index)))) continue;
    for (const { pair, fields, record } of some) {
      const { rowsetIdV2, endVersion, indexId, schemaVersion } = record;
      const rowset = `rowset ${rowsetIdV2} of tablet ${tablet_id}`;
      if (!index) page.addWrong(pair, `${rowset} has no tablet`);
      if (endVersion !== fields.version) page.addWrong(pair, `${rowset} ends with version ${endVersion}`);
      const isShared = !record.tabletSchema && isSet(record, 'indexId') && isSet(record, 'schemaVersion');
      if (isShared && !(await schemas.has(page, indexId, schemaVersion))) {
        page.addWrong(pair, `${rowset} has no schema of version ${schemaVersion} of index ${indexId}`);
      }
    }
  }
}

/** Stands for the index of a tablet that is there and can't be read: it is noted where indexes are gone through. */
const UNREADABLE = Symbol('unreadable');

async function readIndex(
  { txn, instance_id }: MetaPage,
  tablet_id: bigint,
): Promise<TabletIndexPB | typeof UNREADABLE | undefined> {
  try {
    return await readRecord(txn, keys.metaTabletIndex, { instance_id, tablet_id });
  } catch (error) {
    if (error instanceof MalformedValueError) return UNREADABLE;
    throw error;
  }
}

/** Whether a tablet is being recycled. Where that can't be told, it is noted, and taken for so. */
async function isDropped(page: MetaPage, pair: KeyValue, index: TabletIndexPB): Promise<boolean> {
  try {
    return await isDroppedTablet(page.txn, page.instance_id, index);
  } catch (error) {
    if (!(error instanceof MalformedValueError)) throw error;
    page.addUnreadable(pair, error);
    return true;
  }
}

function isSamePlace(one: TabletIndexPB, other: TabletIndexPB): boolean {
  return one.tableId === other.tableId && one.indexId === other.indexId && one.partitionId === other.partitionId;
}

/** The versions of schemas that were found: most tablets and rowsets share one with those before them. */
class KnownVersions {
  readonly #found = new Set<string>();

  async has({ txn, instance_id }: MetaPage, index_id: bigint, schema_version: number): Promise<boolean> {
    const name = `${index_id}/${schema_version}`;
    if (this.#found.has(name)) return true;
    if (!(await recordExists(txn, keys.metaSchema, { instance_id, index_id, schema_version }))) return false;
    if (this.#found.size >= MOST_KNOWN) this.#found.clear();
    this.#found.add(name);
    return true;
  }
}
