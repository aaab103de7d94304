import { clearField, type MessageInitShape } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import { removeRecord, writeRecord } from '../../records/message-record.ts';
import { copyFields } from '../../schema/copy-fields.ts';
import type { CreateRowsetRequest, CreateRowsetResponseSchema } from '../../schema/gen/cloud/rowset_pb.ts';
import { type RowsetMetaCloudPB, RowsetMetaCloudPBSchema } from '../../schema/gen/olap/rowset_meta_pb.ts';
import type { Call } from '../call.ts';
import { fieldsOfSchema, saveSchema } from '../schema/stored-schema.ts';
import { declaredSchema } from './declared-schema.ts';
import { findTemporaryRowset, rowsetExists } from './existing-rowset.ts';
import { fieldsOfTemporaryRowset, givenRowset, indexOfRowset } from './given-rowset.ts';
import { requireLiveWriter } from './live-writer.ts';
import { requireNotRecycled } from './not-recycled.ts';

/**
 * Keeps a rowset for its transaction or job, whose files are written. The same rowset again changes nothing, another one
 * for the same tablet is refused.
 */
export async function commitRowset(
  call: Call,
  request: CreateRowsetRequest,
  instanceId: string,
): Promise<MessageInitShape<typeof CreateRowsetResponseSchema>> {
  const { txn } = call;
  const given = givenRowset(request);
  await requireLiveWriter(call, instanceId, request, given);
  const existing = await findTemporaryRowset(txn, instanceId, given);
  if (existing?.rowsetIdV2 === given.rowsetIdV2) return {};
  if (existing) throw await rowsetExists(txn, instanceId, given, existing);
  await requireNotRecycled(txn, instanceId, given);
  const rowset = await withSchemaApart(call, instanceId, given);
  const { tabletId: tablet_id, rowsetIdV2: rowset_id } = given;
  removeRecord(txn, keys.recycleRowset, { instance_id: instanceId, tablet_id, rowset_id });
  writeRecord(txn, keys.metaRowsetTmp, fieldsOfTemporaryRowset(instanceId, given), rowset);
  return {};
}

/** Stores the schema of a rowset, and leaves its version in place of it. */
async function withSchemaApart(call: Call, instanceId: string, given: RowsetMetaCloudPB): Promise<RowsetMetaCloudPB> {
  if (!given.tabletSchema) return given;
  const indexId = await indexOfRowset(call.txn, instanceId, given);
  const { schema, numbers } = await declaredSchema(
    call,
    { instance_id: instanceId, index_id: indexId },
    given.tabletSchema,
    given,
  );
  const rowset = copyFields(given);
  rowset.indexId = indexId;
  rowset.schemaVersion = schema.schemaVersion;
  if (numbers) rowset.schemaDictKeyList = numbers;
  await saveSchema(call.txn, fieldsOfSchema(instanceId, indexId, schema), schema);
  clearField(rowset, RowsetMetaCloudPBSchema.field.tabletSchema);
  return rowset;
}
