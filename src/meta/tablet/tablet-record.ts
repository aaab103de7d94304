import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecord, writeRecord } from '../../records/message-record.ts';
import type { TabletMetaCloudPB } from '../../schema/gen/olap/tablet_meta_pb.ts';
import { fieldsOfTablet, readTabletIndex, type TabletFields, tabletMissing } from './tablet-index.ts';

/** A tablet's record and where it stands. */
export interface StoredTablet {
  readonly fields: TabletFields;
  readonly tablet: TabletMetaCloudPB;
}

/** The record of a tablet that must be there, to be changed and given to `saveTablet`. Throws TABLET_NOT_FOUND. */
export async function tabletToChange(txn: Transaction, instanceId: string, tabletId: bigint): Promise<StoredTablet> {
  const fields = fieldsOfTablet(instanceId, await readTabletIndex(txn, instanceId, tabletId));
  const tablet = await readRecord(txn, keys.metaTablet, fields, { editable: true });
  if (!tablet) throw tabletMissing();
  // A tablet that kept its schema is of the version of that.
  if (tablet.schema) tablet.schemaVersion = tablet.schema.schemaVersion;
  return { fields, tablet };
}

export function saveTablet(txn: Transaction, { fields, tablet }: StoredTablet): void {
  writeRecord(txn, keys.metaTablet, fields, tablet);
}
