import type { MessageInitShape } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import { writeRecord } from '../../records/message-record.ts';
import { copyFields } from '../../schema/copy-fields.ts';
import type { CreateRowsetRequest, CreateRowsetResponseSchema } from '../../schema/gen/cloud/rowset_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { RowsetMetaCloudPB } from '../../schema/gen/olap/rowset_meta_pb.ts';
import type { Call } from '../call.ts';
import { MetaError } from '../meta-error.ts';
import { declaredSchema } from './declared-schema.ts';
import { findTemporaryRowset } from './existing-rowset.ts';
import { fieldsOfTemporaryRowset, givenRowset, indexOfRowset } from './given-rowset.ts';

/**
 * Writes a rowset of an unfinished transaction anew, which a partial update has extended, and answers what it replaces. A
 * schema that is given stays in the rowset.
 */
export async function updateTmpRowset(
  call: Call,
  request: CreateRowsetRequest,
  instanceId: string,
): Promise<MessageInitShape<typeof CreateRowsetResponseSchema>> {
  const given = givenRowset(request);
  const existing = await findTemporaryRowset(call.txn, instanceId, given);
  if (!existing) throw new MetaError(MetaServiceCode.ROWSET_META_NOT_FOUND, "can't find the rowset");
  const rowset = await withDeclaredSchema(call, instanceId, given);
  writeRecord(call.txn, keys.metaRowsetTmp, fieldsOfTemporaryRowset(instanceId, given), rowset);
  return { existedRowsetMeta: existing };
}

async function withDeclaredSchema(
  call: Call,
  instance_id: string,
  given: RowsetMetaCloudPB,
): Promise<RowsetMetaCloudPB> {
  if (!given.tabletSchema || !given.hasVariantTypeInSchema) return given;
  const index_id = await indexOfRowset(call.txn, instance_id, given);
  const { schema, numbers } = await declaredSchema(call, { instance_id, index_id }, given.tabletSchema, given);
  const rowset = copyFields(given);
  rowset.tabletSchema = schema;
  if (numbers) rowset.schemaDictKeyList = numbers;
  return rowset;
}
