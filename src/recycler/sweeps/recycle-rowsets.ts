import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { RecycleRowsetPB_Type as Type } from '../../schema/gen/cloud/rowset_pb.ts';
import { isKeptLongEnough, isWriterOverdue, nowInSeconds, timesText } from '../expiration.ts';
import { Slots } from '../jobs/slots.ts';
import { KnownSchemas } from '../known-schemas.ts';
import { ContradictionError, noteFailure } from '../note-failure.ts';
import { type DueRowset, reclaimRowsets } from '../reclaim-rowsets.ts';
import { hexOf, isUnchanged, recordsOfPage } from '../record-of-pair.ts';
import { keyOf, recycleInBatches, slices } from '../recycle-batch.ts';
import { checkNames, mayBeUnfinished, type RecycledRowset, vaultOf, withoutWriter } from '../recycled-rowset.ts';
import { objectsByPrefix, objectsOfRowset } from '../rowset-objects.ts';
import type { Sweep, SweepContext } from '../sweep.ts';
import { endAbandonedCompactions, tabletsAtWork } from '../tablet-jobs.ts';
import { idIn, visibleAmong } from '../visible-rowsets.ts';
import { wholeOrAlone } from '../whole-or-alone.ts';
import { writerStates } from '../writers.ts';

/** A rowset that is due, with the record that says so. */
interface Candidate extends DueRowset {
  readonly found: RecycledRowset;
  /** Whether someone may still be about to commit it. */
  readonly has_writer: boolean;
}

/**
 * Reclaims the rowsets that compactions and schema changes replaced, after `compacted_rowset_retention_seconds`, and those
 * that were announced and never written to their end, `retention_seconds` after their writer expired. The latter are marked
 * first, after which no one can commit them any more.
 */
export const recycleRowsets: Sweep = {
  name: 'recycle_rowsets',
  run(context) {
    const { store, instance_id } = context;
    const schemas = new KnownSchemas(store, instance_id);
    const slots = new Slots(context.settings.instance_recycler_worker_pool_size);
    return recycleInBatches(context, {
      range: keys.recycleRowset.range({ instance_id }),
      dueOf: async (page) => {
        const expired = recordsOfPage(context, keys.recycleRowset, page).filter((found) =>
          mayHaveExpired(context, found),
        );
        const candidates = await Promise.all(expired.map((found) => candidateOf(context, schemas, found)));
        const given = candidates.filter((each) => each !== undefined);
        return wholeOrAlone(context, given, keyOf, (some) => dueAmong(context, some));
      },
      reclaim: async (candidates) => {
        const withoutWriters = candidates.filter(({ has_writer }) => !has_writer);
        const marked = await markUnwritten(
          context,
          candidates.filter(({ has_writer }) => has_writer),
        );
        await reclaimRowsets(context, [...withoutWriters, ...marked], slots);
      },
    });
  },
};

/** Whether a rowset's time is over, as far as its record says. With `force_immediate_recycle` its writer is asked too. */
function mayHaveExpired(context: SweepContext, { record }: RecycledRowset): boolean {
  const { retention_seconds, compacted_rowset_retention_seconds } = context.settings;
  if (mayBeUnfinished(record)) return isKeptLongEnough(context, record, retention_seconds);
  return isKeptLongEnough(context, record, Math.min(compacted_rowset_retention_seconds, retention_seconds));
}

async function candidateOf(
  context: SweepContext,
  schemas: KnownSchemas,
  found: RecycledRowset,
): Promise<Candidate | undefined> {
  try {
    const { pair, fields, record } = found;
    const { tablet_id, rowset_id } = fields;
    const { rowsetMeta } = record;
    checkNames(fields, rowsetMeta);
    const known = !mayBeUnfinished(record) && rowsetMeta !== undefined;
    const objects = known
      ? objectsOfRowset(fields, rowsetMeta, await schemas.filesOf(rowsetMeta))
      : objectsByPrefix(fields);
    const bytes = known ? Number(rowsetMeta.totalDiskSize) : 0;
    const why = `${WORDS[record.type]}, ${timesText(record)}`;
    const has_writer = record.type === Type.PREPARE;
    return { pair, found, tablet_id, rowset_id, resource_id: vaultOf(found), objects, bytes, why, has_writer };
  } catch (error) {
    noteFailure(context, hexOf(found.pair), error);
    return undefined;
  }
}

const WORDS: Readonly<Record<Type, string>> = {
  [Type.PREPARE]: 'never committed',
  [Type.COMPACT]: 'replaced by a compaction',
  [Type.DROP]: 'dropped',
  [Type.UNKNOWN]: 'never committed, or replaced',
};

/** Those of the candidates that nobody is at work on. One that is visible all the same contradicts its record, and stays. */
async function dueAmong(context: SweepContext, candidates: readonly Candidate[]): Promise<readonly Candidate[]> {
  const { store, instance_id } = context;
  return store.transact(async (txn) => {
    const through = await throughAmong(context, txn, candidates);
    const finished = candidates.filter(({ has_writer }) => !has_writer);
    const visible = await visibleAtTheirVersions(txn, instance_id, finished.filter(isWritten));
    const others = await visibleAmong(
      txn,
      instance_id,
      finished.filter((candidate) => !isWritten(candidate)),
    );
    return candidates.filter((candidate) => {
      if (candidate.has_writer) return through.has(candidate);
      if (!visible.has(candidate) && !others.has(candidate)) return true;
      noteFailure(context, hexOf(candidate.pair), new ContradictionError('the rowset is visible'));
      return false;
    });
  });
}

/** Whether a rowset was written to its end, so that its metadata says at which version it stood. */
function isWritten({ found }: Candidate): boolean {
  return !mayBeUnfinished(found.record) && found.record.rowsetMeta !== undefined;
}

/** Those that still stand where they stood. */
async function visibleAtTheirVersions(
  txn: Transaction,
  instance_id: string,
  candidates: readonly Candidate[],
): Promise<ReadonlySet<Candidate>> {
  const places = candidates.map(({ tablet_id, found }) =>
    keys.metaRowset.encode({ instance_id, tablet_id, version: found.record.rowsetMeta?.endVersion ?? 0n }),
  );
  const values = await txn.getMany(places, { snapshot: true });
  return new Set(
    candidates.filter((candidate, i) => {
      const value = values[i];
      return value !== undefined && idIn(places[i] as Buffer, value) === candidate.rowset_id;
    }),
  );
}

function txnOf({ found }: Candidate): bigint {
  return found.record.rowsetMeta?.txnId ?? 0n;
}

/**
 * Those of the candidates whose writers can't commit them any more, or should have long ago and are heard of no more: of
 * loads the transaction tells that, of jobs the tablet. A schema change writes what it has converted under the id of the
 * load that wrote the original, so that a transaction which is visible says nothing of whether the writer is through.
 */
async function throughAmong(
  context: SweepContext,
  txn: Transaction,
  candidates: readonly Candidate[],
): Promise<ReadonlySet<Candidate>> {
  const { instance_id } = context;
  const written = candidates.filter(({ has_writer }) => has_writer);
  const states = await writerStates(txn, instance_id, written.map(txnOf));
  const stateOf = (candidate: Candidate) => states.get(txnOf(candidate)) ?? 'none';
  const mayBeOfJobs = written.filter((each) => stateOf(each) === 'none' || stateOf(each) === 'visible');
  const overdue = mayBeOfJobs.filter((each) => isWriterOverdue(context, each.found.record));
  const at_work = await tabletsAtWork(txn, instance_id, overdue.map(tabletOf), nowInSeconds(context));
  return new Set([
    ...written.filter((each) => stateOf(each) === 'aborted'),
    ...overdue.filter(({ tablet_id }) => !at_work.has(tablet_id)),
  ]);
}

function tabletOf({ tablet_id }: Candidate): bigint {
  return tablet_id;
}

/** Few enough that a transaction which looks through their tablets is a short one. */
const MARKED_TOGETHER = 100;

/**
 * Takes rowsets from those who may still want to commit them, and returns those that are nobody's now, as they are
 * recorded from here on. A rowset that was committed after all, and then announced once more by a request that was on its
 * way for long, only loses its record.
 */
async function markUnwritten(context: SweepContext, candidates: readonly Candidate[]): Promise<readonly DueRowset[]> {
  const { store, progress } = context;
  const marked: DueRowset[] = [];
  for (const some of slices(candidates, MARKED_TOGETHER)) {
    const done = await wholeOrAlone(context, some, keyOf, async (items) => [
      await store.transact((txn) => markIn(context, txn, items)),
    ]);
    for (const { ours, committed } of done) {
      marked.push(...ours);
      progress.deleted(committed);
    }
  }
  return marked;
}

async function markIn(
  context: SweepContext,
  txn: Transaction,
  candidates: readonly Candidate[],
): Promise<{ readonly ours: readonly DueRowset[]; readonly committed: number }> {
  const { instance_id } = context;
  const now = await txn.getMany(candidates.map(({ pair }) => pair.key));
  const through = await throughAmong(context, txn, candidates);
  const due = candidates.filter((candidate, i) => isUnchanged(candidate.pair, now[i]) && through.has(candidate));
  await endAbandonedCompactions(txn, instance_id, due.map(tabletOf), nowInSeconds(context));
  const taken = await committedAmong(txn, instance_id, due);
  const ours = due
    .filter((candidate) => !taken.has(candidate))
    .map((candidate) => {
      const pair = { key: candidate.pair.key, value: withoutWriter(candidate.found) };
      txn.set(pair.key, pair.value);
      return { ...candidate, pair };
    });
  for (const { pair } of taken) txn.clear(pair.key);
  return { ours, committed: taken.size };
}

/** Those that are visible, or wait for their transaction or job to make them so. */
async function committedAmong(
  txn: Transaction,
  instance_id: string,
  candidates: readonly Candidate[],
): Promise<ReadonlySet<Candidate>> {
  const temporary = await txn.getMany(
    candidates.map((each) =>
      keys.metaRowsetTmp.encode({ instance_id, txn_id: txnOf(each), tablet_id: each.tablet_id }),
    ),
  );
  const committed = new Set(await visibleAmong(txn, instance_id, candidates));
  for (const [i, candidate] of candidates.entries()) {
    const value = temporary[i];
    if (value !== undefined && idIn(candidate.pair.key, value) === candidate.rowset_id) committed.add(candidate);
  }
  return committed;
}
