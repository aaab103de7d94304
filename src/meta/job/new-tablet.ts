import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecord } from '../../records/message-record.ts';
import type { TabletSchemaChangeJobPB } from '../../schema/gen/cloud/job_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { TabletIndexPB } from '../../schema/gen/cloud/tablet_pb.ts';
import { type TabletMetaCloudPB, TabletStatePB as TabletState } from '../../schema/gen/olap/tablet_meta_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { invalid, MetaError } from '../meta-error.ts';
import { fieldsOfTablet, type TabletFields } from '../tablet/tablet-index.ts';
import { completeIndex, type JobTablet } from './tablet-job.ts';

/** The tablet that a schema change makes, and that takes the place of its base tablet once it runs. */
export interface NewTablet {
  /** Complete. */
  readonly index: TabletIndexPB;
  readonly fields: TabletFields;
  /** To be changed. Its state is PB_NOTREADY. */
  readonly meta: TabletMetaCloudPB;
}

/**
 * The tablet that a schema change of `base` makes. Throws INVALID_ARGUMENT when none is named or its state is none that a
 * new tablet has, TABLET_NOT_FOUND when there is none, and JOB_ALREADY_SUCCESS when it is running already.
 */
export async function newTabletOf(
  txn: Transaction,
  base: JobTablet,
  { newTabletIdx: given }: TabletSchemaChangeJobPB,
): Promise<NewTablet> {
  if (!given || given.tabletId <= 0n) throw invalid('no valid new_tablet_id given');
  if (given.tabletId === base.index.tabletId) throw invalid('not allow new_tablet_id same with base_tablet_id');
  const index = await completeIndex(txn, base.instanceId, given);
  const fields = fieldsOfTablet(base.instanceId, index);
  const meta = await readRecord(txn, keys.metaTablet, fields, { editable: true });
  if (!meta) throw unknownTablet(base.instanceId, fields);
  if (meta.tabletState === TabletState.PB_RUNNING) {
    throw new MetaError(MetaServiceCode.JOB_ALREADY_SUCCESS, 'schema_change job already success');
  }
  if (!isSet(meta, 'tabletState') || meta.tabletState !== TabletState.PB_NOTREADY) {
    throw invalid('invalid new tablet state');
  }
  return { index, fields, meta };
}

/** Whether both are one schema change on one node. A change that is tried again on another node is another. */
export function isSameChange(a: TabletSchemaChangeJobPB, b: TabletSchemaChangeJobPB): boolean {
  return a.id === b.id && a.initiator === b.initiator;
}

function unknownTablet(instanceId: string, fields: TabletFields): MetaError {
  const place = `instance_id=${instanceId} tablet_id=${fields.tablet_id}`;
  const key = keys.metaTablet.encode(fields).toString('hex');
  const message = `failed to get new tablet meta (not found) ${place} key=${key} err=KeyNotFound`;
  return new MetaError(MetaServiceCode.TABLET_NOT_FOUND, message);
}
