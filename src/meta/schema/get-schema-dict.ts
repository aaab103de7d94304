import { keys } from '../../keys/key-table.ts';
import { readRecordValue } from '../../records/message-record.ts';
import { encodedFields } from '../../schema/encoded-fields.ts';
import { type GetSchemaDictRequest, GetSchemaDictResponseSchema } from '../../schema/gen/cloud/rowset_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { invalid } from '../meta-error.ts';

/** The schema dictionary of an index as it is stored; an empty one where nothing is stored. */
export async function getSchemaDict({ txn }: Call, request: GetSchemaDictRequest, instance_id: string) {
  if (!isSet(request, 'indexId')) throw invalid('missing index_id in request');
  const fields = { instance_id, index_id: request.indexId };
  const dictionary = (await readRecordValue(txn, keys.metaSchemaDictionary, fields)) ?? new Uint8Array();
  return { $unknown: encodedFields(GetSchemaDictResponseSchema, 'schema_dict', [dictionary]) };
}
