import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecord } from '../../records/message-record.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { RowsetMetaCloudPB } from '../../schema/gen/olap/rowset_meta_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { answeringBesideErrors, MetaError } from '../meta-error.ts';
import { fieldsOfTemporaryRowset, indexOfRowset, schemaMissing } from './given-rowset.ts';

/** The rowset that the given one's transaction or job wrote to the tablet before, or undefined. */
export function findTemporaryRowset(
  txn: Transaction,
  instanceId: string,
  given: RowsetMetaCloudPB,
): Promise<RowsetMetaCloudPB | undefined> {
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
  if (existing.tabletSchema) {
    existing.schemaVersion = existing.tabletSchema.schemaVersion;
    return;
  }
  if (!isSet(existing, 'schemaVersion')) throw schemaMissing();
  const { indexId: index_id, schemaVersion: schema_version } = existing;
  const schema =
    given.tabletSchema?.schemaVersion === schema_version
      ? given.tabletSchema
      : await readRecord(txn, keys.metaSchema, { instance_id, index_id, schema_version }, { snapshot: true });
  if (!schema) {
    const message = `failed to get schema, schema_version=${given.schemaVersion}: not found`;
    throw new MetaError(MetaServiceCode.KV_TXN_GET_ERR, message);
  }
  existing.tabletSchema = schema;
}
