import { findInstance } from '../../meta/instance/instance-record.ts';
import { InstanceInfoPB_Status as InstanceStatus } from '../../schema/gen/cloud/instance_pb.ts';
import { ContradictionError } from '../note-failure.ts';
import { checkMeta } from './check-meta.ts';
import { checkObjects } from './check-objects.ts';
import { checkOrphans } from './check-orphans.ts';
import { type CheckContext, type CheckReport, CheckResults, type Finding } from './check-report.ts';

/**
 * What is compared. `objects`: each visible rowset has its objects. `orphans`: a key leads to each object; it lists all of
 * them. `meta`: the records of tablets fit each other.
 */
export type CheckName = 'objects' | 'orphans' | 'meta';

export interface CheckOptions {
  /** Unless told, all of them. */
  readonly checks?: readonly CheckName[];
  /** Of each kind of finding, how many the report has; 100 unless told. */
  readonly most_kept?: number;
  /** An object that is younger is taken for one in the making; an hour unless told. */
  readonly young_ms?: number;
  /** Told of each finding, those beyond `most_kept` included. */
  readonly onFinding?: (finding: Finding) => void;
}

const MOST_KEPT = 100;
const YOUNG_MS = 3_600_000;
const ALL_CHECKS: readonly CheckName[] = ['meta', 'objects', 'orphans'];

/**
 * Compares what is stored of an instance with its objects, and deletes nothing. Loads, compactions and the recycler may go
 * on meanwhile: what looks wrong is looked at once more before it is reported. Of a dropped instance nothing is checked.
 * Rejects when the store fails or `signal` is aborted; a place that can't be reached is a finding.
 */
export async function checkInstance(context: CheckContext, options: CheckOptions = {}): Promise<CheckReport> {
  const { checks = ALL_CHECKS, most_kept = MOST_KEPT, young_ms = YOUNG_MS, onFinding } = options;
  const { store, instance_id, now_ms } = context;
  const began_ms = now_ms();
  const results = new CheckResults(most_kept, onFinding);
  const instance = await store.transact((txn) => findInstance(txn, instance_id));
  if (!instance) throw new ContradictionError(`there is no instance ${instance_id}`);
  const dropped = instance.status === InstanceStatus.DELETED;
  if (!dropped) {
    if (checks.includes('meta')) await checkMeta(context, results);
    if (checks.includes('objects')) await checkObjects(context, results);
    if (checks.includes('orphans')) await checkOrphans({ ...context, instance }, results, young_ms);
  }
  return results.report({ instance_id, began_ms, ended_ms: now_ms(), dropped });
}
