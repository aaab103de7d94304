import { keys } from '../../keys/key-table.ts';
import type { KeyValue, Transaction } from '../../kv/store.ts';
import { rowsetPrefix } from '../data-paths.ts';
import { isKeptLongEnough, isWriterOverdue, nowInSeconds, timesText } from '../expiration.ts';
import { Slots } from '../jobs/slots.ts';
import { KnownSchemas } from '../known-schemas.ts';
import { noteFailure } from '../note-failure.ts';
import { type DueRowset, reclaimRowsets } from '../reclaim-rowsets.ts';
import { type FoundRecord, hexOf, isUnchanged, recordsOfPage } from '../record-of-pair.ts';
import { type Due, keyOf, recycleInBatches } from '../recycle-batch.ts';
import { checkNames, droppedRowset, leftAmong } from '../recycled-rowset.ts';
import { objectsOfRowset } from '../rowset-objects.ts';
import type { Sweep, SweepContext } from '../sweep.ts';
import { endAbandonedCompactions, tabletsAtWork } from '../tablet-jobs.ts';
import { visibleAmong } from '../visible-rowsets.ts';
import { wholeOrAlone } from '../whole-or-alone.ts';
import { type WriterState, writerStates } from '../writers.ts';

type TmpRowset = FoundRecord<typeof keys.metaRowsetTmp.shape>;

interface Candidate extends Due {
  readonly found: TmpRowset;
  readonly tablet_id: bigint;
  readonly rowset_id: string;
  readonly times: { readonly creationTime: bigint; readonly expiration: bigint };
}

/** Few enough that a transaction which looks through their tablets is a short one. */
const MOVED_TOGETHER = 100;

/**
 * Reclaims the rowsets of transactions that were aborted, and of jobs that never came to their end, `retention_seconds`
 * after they expired. Those of a transaction that is committed, visible or still running stay, however old they are.
 *
 * Each first becomes a rowset that was dropped: in the same transaction of the store it is taken from whoever might still
 * make it visible, and leads to its objects as before.
 */
export const recycleTmpRowsets: Sweep = {
  name: 'recycle_tmp_rowsets',
  run(context) {
    const { store, instance_id } = context;
    const schemas = new KnownSchemas(store, instance_id);
    const slots = new Slots(context.settings.instance_recycler_worker_pool_size);
    return recycleInBatches(context, {
      range: keys.metaRowsetTmp.range({ instance_id }),
      batch_items: MOVED_TOGETHER,
      dueOf: async (page) => {
        const found = recordsOfPage(context, keys.metaRowsetTmp, page).flatMap((each) => candidateOf(context, each));
        return wholeOrAlone(context, found, keyOf, (some) => store.transact((txn) => dueAmong(context, txn, some)));
      },
      reclaim: async (candidates) => {
        const moved = await wholeOrAlone(context, candidates, keyOf, async (some) => {
          const done = await store.transact((txn) => moveIn(context, txn, some));
          context.progress.deleted(done.removed);
          return done.moved;
        });
        await reclaimRowsets(context, await Promise.all(moved.map((each) => dueRowset(schemas, each))), slots);
      },
    });
  },
};

function candidateOf(context: SweepContext, found: TmpRowset): Candidate[] {
  const { pair, fields, record } = found;
  const times = { creationTime: record.creationTime, expiration: record.txnExpiration };
  if (!isKeptLongEnough(context, times, context.settings.retention_seconds)) return [];
  try {
    const { tablet_id } = fields;
    const { rowsetIdV2: rowset_id } = record;
    checkNames({ tablet_id, rowset_id }, record);
    rowsetPrefix({ tablet_id, rowset_id });
    return [{ pair, found, tablet_id, rowset_id, times, why: `never became visible, ${timesText(times)}` }];
  } catch (error) {
    noteFailure(context, hexOf(pair), error);
    return [];
  }
}

/** Those that neither a transaction nor a job can make visible any more. */
async function dueAmong(
  context: SweepContext,
  txn: Transaction,
  candidates: readonly Candidate[],
): Promise<readonly Candidate[]> {
  const { instance_id } = context;
  const states = await writerStates(
    txn,
    instance_id,
    candidates.map(({ found }) => found.fields.txn_id),
  );
  const through = candidates.filter((candidate) => isThrough(context, candidate, states));
  const ofJobs = through.filter(({ found }) => states.get(found.fields.txn_id) === 'none');
  const tablets = ofJobs.map(({ tablet_id }) => tablet_id);
  const at_work = await tabletsAtWork(txn, instance_id, tablets, nowInSeconds(context));
  return through.filter((candidate) => !(ofJobs.includes(candidate) && at_work.has(candidate.tablet_id)));
}

function isThrough(
  context: SweepContext,
  { found, times }: Candidate,
  states: ReadonlyMap<bigint, WriterState>,
): boolean {
  const state = states.get(found.fields.txn_id);
  return state === 'aborted' || (state === 'none' && isWriterOverdue(context, times));
}

interface MovedRowset {
  readonly candidate: Candidate;
  /** Its recycle record. */
  readonly pair: KeyValue;
}

/**
 * Lets the rowsets that are still due be recycled rowsets. One that is visible already, or was and is left to the recycler
 * since, was written twice by a request that was on its way for long: of that only the temporary one goes.
 */
async function moveIn(
  context: SweepContext,
  txn: Transaction,
  candidates: readonly Candidate[],
): Promise<{ readonly moved: readonly MovedRowset[]; readonly removed: number }> {
  const { instance_id } = context;
  const now = await txn.getMany(candidates.map(({ pair }) => pair.key));
  const unchanged = candidates.filter(({ pair }, i) => isUnchanged(pair, now[i]));
  const due = await dueAmong(context, txn, unchanged);
  const tablets = due.map(({ tablet_id }) => tablet_id);
  await endAbandonedCompactions(txn, instance_id, tablets, nowInSeconds(context));
  const twice = new Set([...(await visibleAmong(txn, instance_id, due)), ...(await leftAmong(txn, instance_id, due))]);
  const moved: MovedRowset[] = [];
  for (const candidate of due) {
    txn.clear(candidate.pair.key);
    if (twice.has(candidate)) continue;
    const { creationTime, expiration } = candidate.times;
    const since = expiration > 0n ? expiration : creationTime;
    const pair = droppedRowset(instance_id, candidate, candidate.pair.value, since);
    txn.set(pair.key, pair.value);
    moved.push({ candidate, pair });
  }
  return { moved, removed: twice.size };
}

async function dueRowset(schemas: KnownSchemas, { candidate, pair }: MovedRowset): Promise<DueRowset> {
  const { found, tablet_id, rowset_id, why } = candidate;
  const { record } = found;
  const objects = objectsOfRowset(candidate, record, await schemas.filesOf(record));
  const { resourceId: resource_id, totalDiskSize } = record;
  return { pair, tablet_id, rowset_id, resource_id, objects, bytes: Number(totalDiskSize), why };
}
