import type { DescMessage, Message, MessageInitShape } from '@bufbuild/protobuf';
import { type RowsetMetaCloudPBSchema, RowsetStatePB, RowsetTypePB } from '../../src/schema/gen/olap/rowset_meta_pb.ts';
import type { TabletMetaCloudPBSchema } from '../../src/schema/gen/olap/tablet_meta_pb.ts';
import type { TabletSchemaCloudPBSchema } from '../../src/schema/gen/olap/tablet_schema_pb.ts';
import { type Domain, rpc } from './fuzz/domain.ts';

type FieldsOf<Desc extends DescMessage> = Exclude<MessageInitShape<Desc>, Message>;

export type SchemaInit = FieldsOf<typeof TabletSchemaCloudPBSchema>;
export type TabletInit = FieldsOf<typeof TabletMetaCloudPBSchema>;
export type RowsetInit = FieldsOf<typeof RowsetMetaCloudPBSchema>;

/** Where the tablets of tests lie, unless they say otherwise. */
export const DB_ID = 1n;
export const PLACE = { tableId: 10n, indexId: 11n, partitionId: 12n };

/** A schema of a key and a value. */
export function schemaOf(schemaVersion = 0, more: SchemaInit = {}): SchemaInit {
  return {
    column: [
      { uniqueId: 0, name: 'k', type: 'INT', isKey: true },
      { uniqueId: 1, name: 'v', type: 'STRING' },
    ],
    schemaVersion,
    ...more,
  };
}

/** A tablet with its first rowset, of the versions 0 to 1. */
export function tabletOf(tabletId: bigint, more: TabletInit = {}): TabletInit {
  const first = { rowsetId: 0n, tabletId, rowsetIdV2: `first of ${tabletId}`, startVersion: 0n, endVersion: 1n };
  return { ...PLACE, tabletId, schema: schemaOf(), rsMetas: [first], ...more };
}

/** What a load writes to a tablet: 10 rows in one segment of 100 bytes. */
export function rowsetOf(txnId: bigint, tabletId: bigint, more: RowsetInit = {}): RowsetInit {
  return {
    rowsetId: 0n,
    rowsetIdV2: `rowset ${txnId} of ${tabletId}`,
    rowsetType: RowsetTypePB.BETA_ROWSET,
    rowsetState: RowsetStatePB.COMMITTED,
    partitionId: PLACE.partitionId,
    tabletId,
    txnId,
    numRows: 10n,
    numSegments: 1n,
    totalDiskSize: 100n,
    dataDiskSize: 100n,
    txnExpiration: 4_102_444_800n,
    tabletSchema: schemaOf(),
    ...more,
  };
}

/** Creates tablets for the instance of a caller; resolves to the status of the call. */
export function createTablets(domain: Domain, cloudUniqueId: string, tabletMetas: TabletInit[]): Promise<string> {
  return domain.status(rpc.create_tablets, { cloudUniqueId, dbId: DB_ID, tabletMetas });
}
