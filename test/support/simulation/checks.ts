import { RecycleRowsetPB_Type } from '../../../src/schema/gen/cloud/rowset_pb.ts';
import { TxnStatusPB } from '../../../src/schema/gen/cloud/txn_pb.ts';
import { coverProblem } from './cover.ts';
import { isLive, type Load, type Model, type Tablet } from './model.ts';
import type { Observed, ObservedStore } from './observed.ts';
import { keysSeenTwice, visibleRows } from './rows.ts';
import { initialRowsetId } from './rowset.ts';
import { sizesProblem } from './sizes.ts';

/** Everything in which a service differs from what it has promised to those who called it. */
export function checkObserved(model: Model, observed: Observed): string[] {
  return [
    ...tableProblems(model, observed),
    ...versionProblems(model, observed),
    ...tabletProblems(model, observed),
    ...rowProblems(model, observed),
    ...txnProblems(model, observed),
    ...labelProblems(observed),
  ];
}

/** As `checkObserved`, with what only the store shows. */
export function checkStored(model: Model, stored: ObservedStore): string[] {
  return [
    ...checkObserved(model, stored),
    ...temporaryProblems(model, stored),
    ...rowsetProblems(model, stored),
    ...bookkeepingProblems(model, stored),
    ...lockProblems(model, stored),
  ];
}

/** A table's version was raised once by each load that touched it and by each change; its routine load counts each task once. */
function tableProblems(model: Model, { tables }: Observed): string[] {
  return model.tables.flatMap((table) => {
    const { version = 0n, routine_rows = 0n } = tables.get(table.id) ?? {};
    const loads = model.visibleLoads().filter((load) => load.table === table);
    const touched = loads.filter((load) => rowsetsOf(load).length > 0);
    const expected = BigInt(touched.length) + table.changes;
    const rows = loads.reduce((sum, load) => sum + load.routine_rows, 0n);
    return [
      ...(version === expected ? [] : [`table ${table.id} has version ${version} instead of ${expected}`]),
      ...(routine_rows === rows
        ? []
        : [`the routine load of table ${table.id} counts ${routine_rows} rows instead of ${rows}`]),
    ];
  });
}

/** A partition's version is one more than the number of loads, and of parts of loads, that were committed to it. */
function versionProblems(model: Model, { versions }: Observed): string[] {
  const known = model.partitions().filter(({ dropped }) => !(dropped && model.recycled));
  return known.flatMap((partition) => {
    const version = versions.get(partition.id) ?? 1n;
    const expected = 1n + model.raisesOf(partition);
    if (version === expected) return [];
    return [`partition ${partition.id} has version ${version}, and ${expected - 1n} loads were committed to it`];
  });
}

/** A tablet has every version up to that of its partition, and statistics that fit. */
function tabletProblems(model: Model, { versions, rowsets, stats }: Observed): string[] {
  const expected = model.tablets().filter((tablet) => tablet.ready && isLive(tablet));
  return expected.flatMap(({ id, partition }) => {
    const found = rowsets.get(id) ?? [];
    const sizes = stats.get(id);
    const cover = coverProblem(found, versions.get(partition.id) ?? 1n);
    const size = sizes === undefined ? 'has no statistics' : sizesProblem(sizes, found);
    const problems = [cover, size].filter((problem) => problem !== undefined);
    return problems.map((problem) => `tablet ${id} of partition ${partition.id}: ${problem}`);
  });
}

/** Of a tablet that merges on write, the last row of each key is visible, and no other. */
function rowProblems(model: Model, { versions, rowsets, bitmaps }: Observed): string[] {
  const merging = ({ partition }: Tablet) => partition.table.merges_on_write;
  const expected = model.tablets().filter((tablet) => tablet.ready && isLive(tablet) && merging(tablet));
  return expected.flatMap((tablet) => {
    const { id, partition } = tablet;
    const ids = (rowsets.get(id) ?? []).map(({ rowset_id }) => rowset_id);
    const visible = visibleRows(model.rows, ids, bitmaps.get(id) ?? [], versions.get(partition.id) ?? 1n);
    const last = model.lastRows(tablet);
    const shown = new Map(visible.map((row) => [row.key, row.value]));
    const problems = keysSeenTwice(visible).map((key) => `key ${key} is visible twice`);
    for (const { key, value } of last.values()) {
      const seen = shown.get(key);
      if (seen !== value) problems.push(`key ${key} is ${seen ?? 'lost'} instead of ${value}`);
    }
    for (const key of shown.keys()) if (!last.has(key)) problems.push(`key ${key} was written by nobody`);
    return problems.map((problem) => `tablet ${id} of partition ${partition.id}: ${problem}`);
  });
}

/** A transaction is what the answers about it said. */
function txnProblems({ loads }: Model, { txns }: Observed): string[] {
  return [...loads.values()].flatMap(({ id, outcome, forgotten }) => {
    const status = txns.get(id)?.status;
    if (forgotten) return status === undefined ? [] : [`transaction ${id} is there, though its label was cleaned`];
    const expected = outcome === 'visible' ? TxnStatusPB.TXN_STATUS_VISIBLE : TxnStatusPB.TXN_STATUS_ABORTED;
    if (outcome === 'open') return [`transaction ${id} was neither committed nor aborted`];
    if (status === expected) return [];
    return [`transaction ${id} is ${TxnStatusPB[status ?? 0]}, though it was ${outcome}`];
  });
}

/** At most one transaction of a label is not aborted. */
function labelProblems({ txns }: Observed): string[] {
  const live = new Map<string, bigint[]>();
  for (const { id, label, status } of txns.values()) {
    if (status !== TxnStatusPB.TXN_STATUS_ABORTED) live.set(label, [...(live.get(label) ?? []), id]);
  }
  return [...live].flatMap(([label, ids]) =>
    ids.length > 1 ? [`label ${label} has ${ids.length} live transactions: ${ids.join(', ')}`] : [],
  );
}

/** Nothing temporary is left of what has become visible. */
function temporaryProblems(model: Model, { temporary }: ObservedStore): string[] {
  const visible = new Map<bigint, string>();
  for (const { id, parts } of model.visibleLoads()) {
    for (const { txn_id } of parts) visible.set(txn_id, `transaction ${id}`);
  }
  for (const { outcome, rowset_id, txn_id } of model.outputs) {
    if (outcome === 'committed') visible.set(txn_id, `the job that made ${rowset_id}`);
  }
  return [...visible].flatMap(([txn_id, owner]) => {
    const left = temporary.get(txn_id);
    return left === undefined ? [] : [`temporary rowsets of ${owner}, which is visible, are left: ${left.join(', ')}`];
  });
}

/**
 * What was committed is there, or is to be recycled because something took its place; what was not committed is not
 * there. This holds for dropped indexes and partitions too: a transaction is there as a whole, or not at all.
 */
function rowsetProblems(model: Model, { rowsets, recycled }: ObservedStore): string[] {
  const stored = new Map([...rowsets].flatMap(([tablet, all]) => all.map(({ rowset_id }) => [rowset_id, tablet])));
  const problems: string[] = [];
  const known = new Set(model.tablets().map(({ id }) => initialRowsetId(id)));
  const replaced: readonly unknown[] = [RecycleRowsetPB_Type.COMPACT, RecycleRowsetPB_Type.DROP];
  const must = (rowset_id: string, tablet: bigint, owner: string) => {
    known.add(rowset_id);
    const type = recycled.get(rowset_id);
    const here = stored.get(rowset_id) === tablet;
    if (here && type !== undefined) {
      problems.push(`rowset ${rowset_id} of ${owner} is visible, and to be recycled as ${RecycleRowsetPB_Type[type]}`);
    }
    if (!here && !replaced.includes(type)) problems.push(`rowset ${rowset_id} of ${owner}, which is visible, is lost`);
  };
  for (const load of model.visibleLoads()) {
    for (const { rowset_id, tablet } of rowsetsOf(load)) must(rowset_id, tablet.id, `transaction ${load.id}`);
  }
  for (const { outcome, rowset_id, tablet } of model.outputs) {
    if (outcome === 'committed') must(rowset_id, tablet.id, 'a job');
    if (outcome === 'open') known.add(rowset_id);
  }
  for (const [rowset_id, tablet] of stored) {
    if (!known.has(rowset_id)) problems.push(`tablet ${tablet} has rowset ${rowset_id}, which was not committed`);
  }
  return problems;
}

/** What is kept about transactions besides themselves fits to how they are. */
function bookkeepingProblems(model: Model, { txns, labels, running, finished, pending }: ObservedStore): string[] {
  const problems = [...pending].map((partition) => `the version of partition ${partition} waits for a transaction`);
  for (const { id, label, forgotten } of model.loads.values()) {
    if (running.has(id)) problems.push(`transaction ${id} is finished, and counts as running`);
    if (forgotten && (finished.has(id) || labels.get(label)?.includes(id))) {
      problems.push(`transaction ${id} was forgotten, and left traces`);
    }
    if (!forgotten && !finished.has(id)) problems.push(`transaction ${id} is finished, and will never be forgotten`);
  }
  for (const { id, label } of txns.values()) {
    if (!labels.get(label)?.includes(id)) problems.push(`label ${label} does not know its transaction ${id}`);
  }
  return problems;
}

/** A load gives the lock on delete bitmaps back when it is committed. */
function lockProblems({ loads }: Model, { locks }: ObservedStore): string[] {
  return [...locks].flatMap(([table, id]) => {
    const visible = loads.get(id)?.outcome === 'visible';
    return visible ? [`transaction ${id} is visible, and holds the lock on delete bitmaps of table ${table}`] : [];
  });
}

function rowsetsOf({ parts }: Load) {
  return parts.flatMap(({ rowsets }) => rowsets);
}
