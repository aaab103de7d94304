import { clearField, create, type MessageInitShape } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { writeRecord } from '../../records/message-record.ts';
import { copyFields } from '../../schema/copy-fields.ts';
import {
  type CreateTabletsRequest,
  type CreateTabletsResponseSchema,
  TabletIndexPBSchema,
} from '../../schema/gen/cloud/tablet_pb.ts';
import { TabletStatsPBSchema } from '../../schema/gen/cloud/tablet_stats_pb.ts';
import { type RowsetMetaCloudPB, RowsetMetaCloudPBSchema } from '../../schema/gen/olap/rowset_meta_pb.ts';
import { type TabletMetaCloudPB, TabletMetaCloudPBSchema } from '../../schema/gen/olap/tablet_meta_pb.ts';
import type { TabletSchemaCloudPB } from '../../schema/gen/olap/tablet_schema_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { invalid } from '../meta-error.ts';
import { fieldsOfSchema, saveSchema } from '../schema/stored-schema.ts';
import { vaultOfTablets } from '../vault/vault-of-tablets.ts';
import { refuseRecycled } from './refuse-recycled.ts';
import { fieldsOfTablet, type TabletFields } from './tablet-index.ts';

/** Compaction leaves the first rowset, of the versions 0 to 1, alone. */
const FIRST_CUMULATIVE_POINT = 2n;

export function checkCreateTablets({ tabletMetas }: CreateTabletsRequest): void {
  if (tabletMetas.length === 0) throw invalid('no tablet meta');
}

/**
 * Creates tablets, each with its first rowset where one is given, or writes them anew. All of a request are created or
 * none, in one transaction: some ten thousand tablets fit into it, and the store refuses a request with more. Throws
 * INVALID_ARGUMENT for tablets of an index or a partition that is being recycled.
 */
export async function createTablets(
  call: Call,
  request: CreateTabletsRequest,
  instanceId: string,
): Promise<MessageInitShape<typeof CreateTabletsResponseSchema>> {
  const vault = isSet(request, 'storageVaultName')
    ? await vaultOfTablets(call, instanceId, request.storageVaultName)
    : {};
  for (const tablet of request.tabletMetas) {
    if (!tablet.schema && !isSet(tablet, 'schemaVersion')) {
      throw invalid('tablet_meta must have either schema or schema_version');
    }
  }
  await refuseRecycled(call.txn, instanceId, request.tabletMetas);
  const dbId = isSet(request, 'dbId') ? request.dbId : undefined;
  for (const tablet of request.tabletMetas) writeTablet(call.txn, instanceId, tablet, dbId);
  await saveSchemas(call.txn, instanceId, request.tabletMetas);
  return vault;
}

function writeTablet(txn: Transaction, instanceId: string, tablet: TabletMetaCloudPB, dbId: bigint | undefined): void {
  const { tableId, indexId, partitionId, tabletId } = tablet;
  const path = { tableId, indexId, partitionId, tabletId };
  const index = create(TabletIndexPBSchema, { ...path, ...(dbId !== undefined && { dbId }) });
  const fields = fieldsOfTablet(instanceId, index);
  const [firstRowset] = tablet.rsMetas;
  if (firstRowset) writeFirstRowset(txn, fields, tablet, firstRowset);
  writeRecord(txn, keys.metaTablet, fields, withoutParts(tablet));
  writeRecord(txn, keys.metaTabletIndex, { instance_id: instanceId, tablet_id: tabletId }, index);
  const stats = create(TabletStatsPBSchema, {
    idx: path,
    numRowsets: 1n,
    numSegments: 0n,
    baseCompactionCnt: 0n,
    cumulativeCompactionCnt: 0n,
    cumulativePoint: FIRST_CUMULATIVE_POINT,
  });
  writeRecord(txn, keys.statsTablet, fields, stats);
}

function writeFirstRowset(
  txn: Transaction,
  { instance_id, tablet_id }: TabletFields,
  tablet: TabletMetaCloudPB,
  given: RowsetMetaCloudPB,
): void {
  const rowset = copyFields(given);
  rowset.indexId = tablet.indexId;
  rowset.schemaVersion = isSet(tablet, 'schemaVersion') ? tablet.schemaVersion : (tablet.schema?.schemaVersion ?? 0);
  clearField(rowset, RowsetMetaCloudPBSchema.field.tabletSchema);
  writeRecord(txn, keys.metaRowset, { instance_id, tablet_id, version: rowset.endVersion }, rowset);
}

/** A tablet as it is stored: its first rowset and its schema have keys of their own. */
function withoutParts(given: TabletMetaCloudPB): TabletMetaCloudPB {
  const tablet = copyFields(given);
  if (tablet.rsMetas.length > 0) tablet.rsMetas = [];
  if (tablet.schema) tablet.schemaVersion = tablet.schema.schemaVersion;
  clearField(tablet, TabletMetaCloudPBSchema.field.schema);
  return tablet;
}

/** Stores the schemas of the tablets. They mostly have the same one, and of those with one version the first counts. */
async function saveSchemas(txn: Transaction, instanceId: string, tablets: readonly TabletMetaCloudPB[]): Promise<void> {
  const firsts = new Map<string, { readonly indexId: bigint; readonly schema: TabletSchemaCloudPB }>();
  for (const { indexId, schema } of tablets) {
    if (!schema) continue;
    const name = `${indexId}/${schema.schemaVersion}`;
    if (!firsts.has(name)) firsts.set(name, { indexId, schema });
  }
  for (const { indexId, schema } of firsts.values()) {
    await saveSchema(txn, fieldsOfSchema(instanceId, indexId, schema), withStoredTypes(schema));
  }
}

/** Frontends say DECIMAL128 for the type that backends know as DECIMAL128I. */
function withStoredTypes(given: TabletSchemaCloudPB): TabletSchemaCloudPB {
  if (!given.column.some(({ type }) => type === 'DECIMAL128')) return given;
  const schema = copyFields(given);
  schema.column = given.column.map((column) => {
    if (column.type !== 'DECIMAL128') return column;
    return Object.assign(copyFields(column), { type: 'DECIMAL128I' });
  });
  return schema;
}
