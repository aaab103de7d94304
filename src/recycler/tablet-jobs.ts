import { keys } from '../keys/key-table.ts';
import type { Transaction } from '../kv/store.ts';
import { hasExpired, isAbandoned } from '../meta/job/job-time.ts';
import { fieldsOfTablet, type TabletFields } from '../meta/tablet/tablet-index.ts';
import { readRecords, writeRecord } from '../records/message-record.ts';
import type { TabletJobInfoPB } from '../schema/gen/cloud/job_pb.ts';
import { TabletStatePB as TabletState } from '../schema/gen/olap/tablet_meta_pb.ts';
import { isSet } from '../schema/presence.ts';

interface JobsOfTablet {
  readonly tablet_id: bigint;
  readonly fields: TabletFields;
  /** To be changed. */
  readonly jobs: TabletJobInfoPB;
}

/**
 * The tablets that a job is at work on, `now` in seconds since 1970: it may commit what it has written, however long that
 * has taken. What becomes of their jobs meanwhile is a conflict.
 */
export async function tabletsAtWork(
  txn: Transaction,
  instance_id: string,
  tablet_ids: Iterable<bigint>,
  now: bigint,
): Promise<ReadonlySet<bigint>> {
  const found = await jobsOf(txn, instance_id, tablet_ids);
  const changed = found.filter(({ jobs: { schemaChange } }) => schemaChange && !hasExpired(schemaChange, now));
  const made = await beingMade(
    txn,
    changed.map(({ fields }) => fields),
  );
  const at_work = found.filter(({ jobs, fields }) => isCompacted(jobs, now) || made.has(fields));
  return new Set(at_work.map(({ tablet_id }) => tablet_id));
}

/**
 * Takes the compactions that are heard of no more off their tablets. Until another one takes their place they could be
 * committed still, and with them rowsets that are about to go.
 */
export async function endAbandonedCompactions(
  txn: Transaction,
  instance_id: string,
  tablet_ids: Iterable<bigint>,
  now: bigint,
): Promise<void> {
  for (const { fields, jobs } of await jobsOf(txn, instance_id, tablet_ids)) {
    const left = jobs.compaction.filter((compaction) => !isAbandoned(compaction, now));
    if (left.length === jobs.compaction.length) continue;
    jobs.compaction = left;
    writeRecord(txn, keys.jobTablet, fields, jobs);
  }
}

function isCompacted({ compaction }: TabletJobInfoPB, now: bigint): boolean {
  return compaction.some((each) => !isAbandoned(each, now));
}

/**
 * Those of some tablets that a schema change still makes, which is recorded at its base tablet, too, and may be for long
 * after its end. It writes to no other tablet, and none that runs is made any more.
 */
async function beingMade(txn: Transaction, tablets: readonly TabletFields[]): Promise<ReadonlySet<TabletFields>> {
  const metas = await readRecords(txn, keys.metaTablet, tablets);
  return new Set(
    tablets.filter((_, i) => {
      const meta = metas[i];
      return meta && isSet(meta, 'tabletState') && meta.tabletState === TabletState.PB_NOTREADY;
    }),
  );
}

/** The jobs of those tablets that have some. One that is gone has none. */
async function jobsOf(
  txn: Transaction,
  instance_id: string,
  tablet_ids: Iterable<bigint>,
): Promise<readonly JobsOfTablet[]> {
  const ids = [...new Set(tablet_ids)];
  const indexes = await readRecords(
    txn,
    keys.metaTabletIndex,
    ids.map((tablet_id) => ({ instance_id, tablet_id })),
  );
  const tablets = ids.flatMap((tablet_id, i) => {
    const index = indexes[i];
    return index ? [{ tablet_id, fields: fieldsOfTablet(instance_id, index) }] : [];
  });
  const records = await readRecords(
    txn,
    keys.jobTablet,
    tablets.map(({ fields }) => fields),
    { editable: true },
  );
  return tablets.flatMap((tablet, i) => {
    const jobs = records[i];
    return jobs ? [{ ...tablet, jobs }] : [];
  });
}
