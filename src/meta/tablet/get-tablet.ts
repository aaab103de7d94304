import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { type EncodedRecord, readEncodedRecord } from '../../records/encoded-record.ts';
import { readRecordValue } from '../../records/message-record.ts';
import { encodedFields, encodeField } from '../../schema/encoded-fields.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { type GetTabletRequest, GetTabletResponseSchema } from '../../schema/gen/cloud/tablet_pb.ts';
import { TabletMetaCloudPBSchema } from '../../schema/gen/olap/tablet_meta_pb.ts';
import { TabletSchemaCloudPBSchema } from '../../schema/gen/olap/tablet_schema_pb.ts';
import { fieldScan } from '../../schema/scan-fields.ts';
import type { Call } from '../call.ts';
import { answeringBesideErrors, invalid, MetaError } from '../meta-error.ts';
import { fieldsOfTablet, readTabletIndex, tabletMissing } from './tablet-index.ts';

const scanFields = fieldScan(TabletMetaCloudPBSchema, ['indexId', 'schema', 'schemaVersion']);
const scanSchema = fieldScan(TabletSchemaCloudPBSchema, ['schemaVersion']);

/** A tablet may have kept its schema, then the version is that of the schema. */
function scanTablet(tablet: Uint8Array) {
  const { schema, ...fields } = scanFields(tablet);
  return schema === undefined ? fields : { ...fields, ownSchemaVersion: scanSchema(schema).schemaVersion ?? 0 };
}

type StoredTablet = EncodedRecord<ReturnType<typeof scanTablet>>;

/** A tablet as it is stored, with its schema. What was found of it is answered beside an error, too. */
export async function getTablet({ txn }: Call, { tabletId }: GetTabletRequest, instanceId: string) {
  const stored = await answeringBesideErrors(answerOf(new Uint8Array()), readTablet(txn, instanceId, tabletId));
  const rest = await answeringBesideErrors(answerOf(stored.value), schemaFields(txn, instanceId, stored));
  return answerOf(Buffer.concat([stored.value, rest]));
}

function answerOf(tablet: Uint8Array) {
  return { $unknown: encodedFields(GetTabletResponseSchema, 'tablet_meta', [tablet]) };
}

async function readTablet(txn: Transaction, instanceId: string, tabletId: bigint): Promise<StoredTablet> {
  const index = await readTabletIndex(txn, instanceId, tabletId);
  const stored = await readEncodedRecord(txn, keys.metaTablet, fieldsOfTablet(instanceId, index), scanTablet);
  if (!stored) throw tabletMissing();
  return stored;
}

/** What a tablet lacks of its schema and the version of it, encoded. */
async function schemaFields(txn: Transaction, instance_id: string, { fields }: StoredTablet): Promise<Uint8Array> {
  const { indexId = 0n, schemaVersion } = fields;
  if ('ownSchemaVersion' in fields) {
    return encodeField(TabletMetaCloudPBSchema, 'schema_version', fields.ownSchemaVersion);
  }
  if (schemaVersion === undefined) throw invalid('tablet_meta must have either schema or schema_version');
  const schema = await readRecordValue(txn, keys.metaSchema, {
    instance_id,
    index_id: indexId,
    schema_version: schemaVersion,
  });
  if (!schema) throw new MetaError(MetaServiceCode.KV_TXN_GET_ERR, 'failed to get schema, err=not found');
  return encodeField(TabletMetaCloudPBSchema, 'schema', schema);
}
