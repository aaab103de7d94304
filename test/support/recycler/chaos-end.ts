import { setTimeout as sleep } from 'node:timers/promises';
import { keys } from '../../../src/keys/key-table.ts';
import { collectRange } from '../../../src/kv/collect-range.ts';
import { openEmbeddedStore } from '../../../src/kv/embedded/store.ts';
import type { Transaction } from '../../../src/kv/store.ts';
import { storedProblems } from '../fuzz/stored-pairs.ts';
import { CLOUD_UNIQUE_ID, type Cluster, expectCode, INSTANCE_ID } from '../simulation/cluster.ts';
import { DB_ID, isLive, type Model } from '../simulation/model.ts';
import type { ServiceProcess } from '../simulation/service-process.ts';
import { viewTablet } from '../simulation/tablet-view.ts';
import { type ChaosStorage, JOB_EXPIRES_S, keysOf } from './chaos-storage.ts';
import { callRecycler, jobInfo } from './recycler-calls.ts';

/** Far longer than it takes, so that only what nobody finds is left after it. */
const MOST_MS = (JOB_EXPIRES_S + 120) * 1000;
const PAUSE_MS = 100;

/** Waits until there are no objects but those of visible rowsets. Answers those that are left even so. */
export async function waitUntilClean(
  cluster: Cluster,
  service: ServiceProcess,
  { double }: ChaosStorage,
): Promise<string[]> {
  const live = await liveObjects(cluster);
  const base = await service.base();
  const end_ms = performance.now() + MOST_MS;
  // What parts of a load have written stays for as long as its label is known.
  const { answer } = await service.insist('clean_txn_label', { cloudUniqueId: CLOUD_UNIQUE_ID, dbId: DB_ID });
  expectCode(cluster, 'clean_txn_label at the end', answer, 'OK');
  for (;;) {
    const orphans = double.keys().filter((key) => !live.has(key));
    const { round } = await jobInfo(base, INSTANCE_ID);
    const due = round?.sweeps.filter(({ name, scanned }) => EMPTIED.has(name) && scanned > 0) ?? [];
    if (orphans.length === 0 && round?.state === 'succeeded' && due.length === 0) return [];
    if (performance.now() > end_ms) {
      return [...orphans.map((key) => `${key} is an orphan`), `the last round: ${JSON.stringify(round)}`];
    }
    await sleep(PAUSE_MS);
  }
}

/** Has the service compare its store with object storage, both ways, and answers what it finds wrong. */
export async function checkedByService(service: ServiceProcess): Promise<string[]> {
  const base = await service.base();
  const query = { instance_id: INSTANCE_ID };
  const before = (await lastCheck(base))?.began_ms;
  const { status, text } = await callRecycler(base, 'check_instance', query);
  if (status !== 200) return [`check_instance was answered with ${status} ${text}`];
  const end_ms = performance.now() + MOST_MS;
  while (performance.now() < end_ms) {
    const check = await lastCheck(base);
    if (check && check.began_ms !== before && check.state !== 'running') {
      return check.state === 'succeeded' ? [] : [`the checker says ${JSON.stringify(check)}`];
    }
    await sleep(PAUSE_MS);
  }
  return ['the checker came to no end'];
}

async function lastCheck(base: string): Promise<{ state: string; began_ms: number } | undefined> {
  const { text } = await callRecycler(base, 'check_job_info', { instance_id: INSTANCE_ID });
  return JSON.parse(text).check;
}

/** The keys of the objects of all visible rowsets. */
async function liveObjects(cluster: Cluster): Promise<Set<string>> {
  const live = new Set<string>();
  for (const tablet of cluster.model.tablets().filter(isLive)) {
    const view = await viewTablet(cluster, 'at the end', tablet);
    for (const rowset of view?.rowsets ?? []) for (const key of keysOf(rowset)) live.add(key);
  }
  return live;
}

/** What a store has kept that the recycler should have removed. */
export async function leftInStore(dir: string, model: Model): Promise<string[]> {
  const store = await openEmbeddedStore({ dir, exclusive: true });
  try {
    const left = await store.transact((txn) => leftovers(txn, model));
    return [...left, ...(await storedProblems(store))];
  } finally {
    await store.close();
  }
}

/** The sweeps over those kinds: in the end there is nothing for them to look at, due or not. */
const EMPTIED: ReadonlySet<string> = new Set([
  'recycle_indexes',
  'recycle_partitions',
  'recycle_rowsets',
  'recycle_tmp_rowsets',
]);
/** Kinds of keys of which nothing is left when there is nothing to recycle. */
const EMPTY = [keys.recycleRowset, keys.recyclePartition, keys.recycleIndex, keys.metaRowsetTmp] as const;
/** Those of tablets. */
const OF_TABLETS = [keys.metaTablet, keys.metaTabletIndex, keys.metaRowset, keys.statsTablet, keys.jobTablet] as const;

async function leftovers(txn: Transaction, model: Model): Promise<string[]> {
  const problems: string[] = [];
  const instance_id = INSTANCE_ID;
  for (const kind of EMPTY) {
    const { begin, end } = kind.range({ instance_id });
    for (const { key } of await collectRange(txn, begin, end))
      problems.push(`${kind.name} is left: ${shown(kind, key)}`);
  }
  const live = new Set(
    model
      .tablets()
      .filter(isLive)
      .map(({ id }) => id),
  );
  for (const kind of OF_TABLETS) {
    const { begin, end } = kind.range({ instance_id });
    for (const { key } of await collectRange(txn, begin, end)) {
      // The counters of a tablet have keys below that of its statistics.
      const tablet_id = kind.read(key)?.fields.tablet_id;
      if (tablet_id === undefined || !live.has(tablet_id)) problems.push(`${kind.name} is left: ${shown(kind, key)}`);
    }
  }
  return problems;
}

function shown(kind: { decode(key: Uint8Array): object | undefined }, key: Uint8Array): string {
  return JSON.stringify(kind.decode(key), (_, value) => (typeof value === 'bigint' ? `${value}` : value));
}
