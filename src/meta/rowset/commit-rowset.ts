import { clearField, type MessageInitShape } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { removeRecord, writeRecord } from '../../records/message-record.ts';
import { copyFields } from '../../schema/copy-fields.ts';
import type { CreateRowsetRequest, CreateRowsetResponseSchema } from '../../schema/gen/cloud/rowset_pb.ts';
import { type RowsetMetaCloudPB, RowsetMetaCloudPBSchema } from '../../schema/gen/olap/rowset_meta_pb.ts';
import type { Call } from '../call.ts';
import { fieldsOfSchema, saveSchema } from '../schema/stored-schema.ts';
import { findTemporaryRowset, rowsetExists } from './existing-rowset.ts';
import { fieldsOfTemporaryRowset, givenRowset, indexOfRowset } from './given-rowset.ts';

/**
 * Keeps a rowset for its transaction or job, whose files are written. The same rowset again changes nothing, another one
 * for the same tablet is refused.
 */
export async function commitRowset(
  { txn }: Call,
  request: CreateRowsetRequest,
  instanceId: string,
): Promise<MessageInitShape<typeof CreateRowsetResponseSchema>> {
  const given = givenRowset(request);
  const existing = await findTemporaryRowset(txn, instanceId, given);
  if (existing?.rowsetIdV2 === given.rowsetIdV2) return {};
  if (existing) throw await rowsetExists(txn, instanceId, given, existing);
  const rowset = await withSchemaApart(txn, instanceId, given);
  const { tabletId: tablet_id, rowsetIdV2: rowset_id } = given;
  removeRecord(txn, keys.recycleRowset, { instance_id: instanceId, tablet_id, rowset_id });
  writeRecord(txn, keys.metaRowsetTmp, fieldsOfTemporaryRowset(instanceId, given), rowset);
  return {};
}

/** Stores the schema of a rowset, and leaves its version in place of it. */
async function withSchemaApart(
  txn: Transaction,
  instanceId: string,
  given: RowsetMetaCloudPB,
): Promise<RowsetMetaCloudPB> {
  const schema = given.tabletSchema;
  if (!schema) return given;
  const rowset = copyFields(given);
  rowset.indexId = await indexOfRowset(txn, instanceId, given);
  rowset.schemaVersion = schema.schemaVersion;
  await saveSchema(txn, fieldsOfSchema(instanceId, rowset.indexId, schema), schema);
  clearField(rowset, RowsetMetaCloudPBSchema.field.tabletSchema);
  return rowset;
}
