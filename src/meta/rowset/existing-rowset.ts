import type { Awaitable } from '../../awaitable.ts';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecord } from '../../records/message-record.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { RowsetMetaCloudPB } from '../../schema/gen/olap/rowset_meta_pb.ts';
import type { TabletSchemaCloudPB } from '../../schema/gen/olap/tablet_schema_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { answeringBesideErrors, MetaError } from '../meta-error.ts';
import { readDictionary } from '../schema/schema-dictionary.ts';
import { putSchemaTogether } from '../schema/variant-schema.ts';
import { fieldsOfTemporaryRowset, indexOfRowset, schemaMissing } from './given-rowset.ts';

/** The rowset that the given one's transaction or job wrote to the tablet before, or undefined. */
export function findTemporaryRowset(
  txn: Transaction,
  instanceId: string,
  given: RowsetMetaCloudPB,
): Awaitable<RowsetMetaCloudPB | undefined> {
  return readRecord(txn, keys.metaRowsetTmp, fieldsOfTemporaryRowset(instanceId, given), { editable: true });
}

/**
 * The refusal of a rowset where there is one already, which is answered with its index and its schema. Where these can't
 * be found, that is the error, and the rowset is answered as far as it is known.
 */
export async function rowsetExists(
  txn: Transaction,
  instanceId: string,
  given: RowsetMetaCloudPB,
  existing: RowsetMetaCloudPB,
): Promise<MetaError> {
  const response = { existedRowsetMeta: existing };
  await answeringBesideErrors(response, complete(txn, instanceId, given, existing));
  return new MetaError(MetaServiceCode.ALREADY_EXISTED, 'rowset already exists', response);
}

async function complete(
  txn: Transaction,
  instance_id: string,
  given: RowsetMetaCloudPB,
  existing: RowsetMetaCloudPB,
): Promise<void> {
  if (!isSet(existing, 'indexId')) existing.indexId = await indexOfRowset(txn, instance_id, given);
  const schema = existing.tabletSchema ?? (await schemaOf(txn, instance_id, given, existing));
  existing.schemaVersion = schema.schemaVersion;
  const numbers = existing.schemaDictKeyList;
  const dictionary = numbers && (await readDictionary(txn, { instance_id, index_id: existing.indexId }));
  existing.tabletSchema = dictionary ? putSchemaTogether(schema, numbers, dictionary) : schema;
}

/** The schema that a rowset names. The given rowset mostly brings the same; but not of one that has a part in the dictionary. */
async function schemaOf(
  txn: Transaction,
  instance_id: string,
  given: RowsetMetaCloudPB,
  existing: RowsetMetaCloudPB,
): Promise<TabletSchemaCloudPB> {
  if (!isSet(existing, 'schemaVersion')) throw schemaMissing();
  const { indexId: index_id, schemaVersion: schema_version } = existing;
  if (given.tabletSchema?.schemaVersion === schema_version && !existing.schemaDictKeyList) return given.tabletSchema;
  const schema = await readRecord(txn, keys.metaSchema, { instance_id, index_id, schema_version }, { snapshot: true });
  if (schema) return schema;
  const message = `failed to get schema, schema_version=${given.schemaVersion}: not found`;
  throw new MetaError(MetaServiceCode.KV_TXN_GET_ERR, message);
}
