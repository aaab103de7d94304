import { RowsetMetaCloudPBSchema } from '../../schema/gen/olap/rowset_meta_pb.ts';
import { TabletSchemaCloudPBSchema } from '../../schema/gen/olap/tablet_schema_pb.ts';
import { fieldScan } from '../../schema/scan-fields.ts';

const scanFields = fieldScan(RowsetMetaCloudPBSchema, [
  'startVersion',
  'endVersion',
  'indexId',
  'schemaVersion',
  'tabletSchema',
  'schemaDictKeyList',
]);
const scanSchema = fieldScan(TabletSchemaCloudPBSchema, ['schemaVersion']);

/** What is looked at of a rowset that goes on as it is stored. */
export type ScannedRowset = ReturnType<typeof scanRowset>;

/** Finds what a rowset says of itself. One that kept its schema is of the version of that. Throws for what is no rowset. */
export function scanRowset(rowset: Uint8Array) {
  const { startVersion = 0n, endVersion = 0n, schemaVersion, tabletSchema, ...fields } = scanFields(rowset);
  const version = tabletSchema === undefined ? schemaVersion : (scanSchema(tabletSchema).schemaVersion ?? 0);
  return { ...fields, startVersion, endVersion, tabletSchema, schemaVersion: version };
}
