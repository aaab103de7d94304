import type { FieldsToEncode } from '../../keys/key-kind.ts';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { recordExists, writeRecord } from '../../records/message-record.ts';
import type { TabletSchemaCloudPB } from '../../schema/gen/olap/tablet_schema_pb.ts';

/** Where a version of an index's schema stands, for all tablets and rowsets of the index. */
export type SchemaFields = FieldsToEncode<typeof keys.metaSchema.shape>;

/** The version under which a schema is stored: its own, 0 where it has none. */
export function fieldsOfSchema(
  instance_id: string,
  index_id: bigint,
  { schemaVersion: schema_version }: TabletSchemaCloudPB,
): SchemaFields {
  return { instance_id, index_id, schema_version };
}

/** Stores a schema unless its version is stored already: the first one stays, whatever a later one says. */
export async function saveSchema(txn: Transaction, fields: SchemaFields, schema: TabletSchemaCloudPB): Promise<void> {
  if (!(await recordExists(txn, keys.metaSchema, fields))) writeRecord(txn, keys.metaSchema, fields, schema);
}
