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
export interface ScannedRowset {
  readonly startVersion: bigint;
  readonly endVersion: bigint;
  readonly indexId: bigint | undefined;
  /** That of the schema where the rowset kept one. */
  readonly schemaVersion: number | undefined;
  readonly tabletSchema: Uint8Array | undefined;
  readonly schemaDictKeyList: Uint8Array | undefined;
}

/** Finds what a rowset says of itself. Throws for what is no rowset. */
export function scanRowset(rowset: Uint8Array): ScannedRowset {
  const found = scanFields(rowset);
  const { tabletSchema } = found;
  // Written out, since an object that is made of another one's rest takes as long as the scan itself.
  return {
    startVersion: found.startVersion ?? 0n,
    endVersion: found.endVersion ?? 0n,
    indexId: found.indexId,
    schemaVersion: tabletSchema === undefined ? found.schemaVersion : (scanSchema(tabletSchema).schemaVersion ?? 0),
    tabletSchema,
    schemaDictKeyList: found.schemaDictKeyList,
  };
}
