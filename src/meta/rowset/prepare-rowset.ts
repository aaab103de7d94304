import { clearField, create, type MessageInitShape } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import { writeRecord } from '../../records/message-record.ts';
import { copyFields } from '../../schema/copy-fields.ts';
import {
  type CreateRowsetRequest,
  type CreateRowsetResponseSchema,
  RecycleRowsetPB_Type,
  RecycleRowsetPBSchema,
} from '../../schema/gen/cloud/rowset_pb.ts';
import { RowsetMetaCloudPBSchema } from '../../schema/gen/olap/rowset_meta_pb.ts';
import { type Call, nowSeconds } from '../call.ts';
import { findTemporaryRowset, rowsetExists } from './existing-rowset.ts';
import { givenRowset } from './given-rowset.ts';
import { requireLiveWriter } from './live-writer.ts';
import { requireNotRecycled } from './not-recycled.ts';

/**
 * Records a rowset before its files are written, so that they can be found and removed if it never comes to a
 * `commit_rowset`. Its schema does not matter for that, and is left out.
 */
export async function prepareRowset(
  call: Call,
  request: CreateRowsetRequest,
  instanceId: string,
): Promise<MessageInitShape<typeof CreateRowsetResponseSchema>> {
  const given = givenRowset(request);
  await requireLiveWriter(call, instanceId, request, given);
  const existing = await findTemporaryRowset(call.txn, instanceId, given);
  if (existing) throw await rowsetExists(call.txn, instanceId, given, existing);
  await requireNotRecycled(call.txn, instanceId, given);
  const rowset = copyFields(given);
  clearField(rowset, RowsetMetaCloudPBSchema.field.tabletSchema);
  const prepared = create(RecycleRowsetPBSchema, {
    creationTime: nowSeconds(call),
    expiration: given.txnExpiration,
    type: RecycleRowsetPB_Type.PREPARE,
    rowsetMeta: rowset,
  });
  const { tabletId: tablet_id, rowsetIdV2: rowset_id } = given;
  writeRecord(call.txn, keys.recycleRowset, { instance_id: instanceId, tablet_id, rowset_id }, prepared);
  return {};
}
