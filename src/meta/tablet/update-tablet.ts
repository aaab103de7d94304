import { create } from '@bufbuild/protobuf';
import type { TabletMetaInfoPB, UpdateTabletRequest } from '../../schema/gen/cloud/tablet_pb.ts';
import type { TabletMetaCloudPB } from '../../schema/gen/olap/tablet_meta_pb.ts';
import { TabletSchemaCloudPBSchema } from '../../schema/gen/olap/tablet_schema_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { saveTablet, tabletToChange } from './tablet-record.ts';

/** The properties of a tablet that an update looks for, in this order. It changes the first one that it finds. */
const PROPERTIES = [
  'isInMemory',
  'isPersistent',
  'ttlSeconds',
  'groupCommitIntervalMs',
  'groupCommitDataBytes',
  'compactionPolicy',
  'timeSeriesCompactionGoalSizeMbytes',
  'timeSeriesCompactionFileCountThreshold',
  'timeSeriesCompactionTimeThresholdSeconds',
  'timeSeriesCompactionEmptyRowsetsThreshold',
  'timeSeriesCompactionLevelThreshold',
  'disableAutoCompaction',
] as const satisfies readonly (keyof TabletMetaInfoPB)[];

/** Changes one property of each of the tablets. All are changed or, when one is not there, none. */
export async function updateTablet(
  { txn }: Call,
  { tabletMetaInfos }: UpdateTabletRequest,
  instanceId: string,
): Promise<Record<string, never>> {
  for (const given of tabletMetaInfos) {
    const stored = await tabletToChange(txn, instanceId, given.tabletId);
    changeProperty(stored.tablet, given);
    saveTablet(txn, stored);
  }
  return {};
}

function changeProperty(tablet: TabletMetaCloudPB, given: TabletMetaInfoPB): void {
  const name = PROPERTIES.find((each) => isSet(given, each));
  if (name === undefined) return;
  if (name !== 'disableAutoCompaction') {
    Object.assign(tablet, { [name]: given[name] });
    return;
  }
  // Doris leaves a schema in the tablet that says nothing but this.
  tablet.schema ??= create(TabletSchemaCloudPBSchema);
  tablet.schema.disableAutoCompaction = given.disableAutoCompaction;
}
