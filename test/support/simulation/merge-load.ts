import type { Random } from '../random.ts';
import { CLOUD_UNIQUE_ID, type Cluster, expectCode } from './cluster.ts';
import { bitmapsOf, type DeletedRow, keysOf, rowsWrittenAgain } from './delete-bitmap.ts';
import { DB_ID, isLive, type Load, type LoadPart, type WrittenRowset } from './model.ts';
import { RememberedTablet } from './remembered-tablet.ts';
import type { AnswerOf } from './rpc-client.ts';
import { updateBitmaps } from './update-bitmaps.ts';
import { dawdle, LOAD_INITIATOR, takeLock, type UpdateLock } from './update-lock.ts';

/** How often a load asks for the lock before it gives up. */
const TRIES = 500;

export function lockOfLoad({ id, table }: Load, expiration: bigint): UpdateLock {
  return { table, lock_id: id, initiator: LOAD_INITIATOR, expiration };
}

/**
 * What a load does before its commit where its table merges on write: under the lock of the table it deletes the rows with
 * its keys that were visible before, as of the version that it is about to get. Returns whether it still has the lock, as
 * far as it knows; undefined when it did not get it.
 */
export async function mergeLoad(
  cluster: Cluster,
  random: Random,
  load: Load,
  lock: UpdateLock,
): Promise<boolean | undefined> {
  const about = `transaction ${load.id}`;
  const rowsets = load.parts.flatMap(({ rowsets }) => rowsets);
  const tablets = rowsets.map(({ tablet }) => tablet).filter(isLive);
  const taken = await takeLock(cluster, random, lock, { about, tablets, tries: TRIES });
  if (taken === undefined) return undefined;
  const counts = taken.cumulativeCompactionCnts.length === tablets.length ? countsOf(taken) : [];
  for (const part of load.parts) await askVersions(cluster, about, part);
  // Where others always took the lock before it wrote, none would take it between that and the commit.
  const early = random.chance(0.5);
  if (early) await dawdle(random, lock);
  const written = await Promise.all(
    rowsets.map((rowset) => {
      const atLeast = counts[tablets.indexOf(rowset.tablet)] ?? 0n;
      return mergeRowset(cluster, load, rowset, { lock, compactions: atLeast });
    }),
  );
  if (!early) await dawdle(random, lock);
  return written.every(Boolean);
}

function countsOf({ baseCompactionCnts, cumulativeCompactionCnts }: AnswerOf<'get_delete_bitmap_update_lock'>) {
  return baseCompactionCnts.map((base, i) => base + (cumulativeCompactionCnts[i] ?? 0n));
}

/** Finds out which versions a load will get: nobody else gets any while it has the lock. */
async function askVersions(cluster: Cluster, about: string, { partitions, versions }: LoadPart): Promise<void> {
  if (partitions.length === 0) return;
  const { answer } = await cluster.service.insist('get_version', {
    cloudUniqueId: CLOUD_UNIQUE_ID,
    batchMode: true,
    dbIds: partitions.map(() => DB_ID),
    tableIds: partitions.map(({ table }) => table.id),
    partitionIds: partitions.map(({ id }) => id),
  });
  if (!expectCode(cluster, `${about}: get_version`, answer, 'OK')) return;
  for (const [i, partition] of partitions.entries()) {
    const visible = answer.versions[i] ?? -1n;
    versions.set(partition, visible === -1n ? 2n : visible + 1n);
  }
}

interface Merging {
  readonly lock: UpdateLock;
  /** How many compactions of the tablet there had been when the lock was taken. */
  readonly compactions: bigint;
}

async function mergeRowset(
  cluster: Cluster,
  load: Load,
  { rowset_id, tablet }: WrittenRowset,
  { lock, compactions }: Merging,
): Promise<boolean> {
  const about = `transaction ${load.id}`;
  const part = load.parts.find(({ rowsets }) => rowsets.some((each) => each.rowset_id === rowset_id));
  const version = part?.versions.get(tablet.partition) ?? 0n;
  const remembered = new RememberedTablet(tablet);
  if (!(await remembered.sync(cluster, about))) return true;
  if (isLive(tablet) && remembered.compactions < compactions) {
    cluster.findings.add(`${about}: tablet ${tablet.id} has fewer compactions than the answer to its lock says`);
  }
  const segments = cluster.model.rows.get(rowset_id) ?? [];
  const keys = keysOf(segments);
  const replaced = remembered.visibleRows(cluster.model, version - 1n).filter(({ key }) => keys.has(key));
  const deleted: DeletedRow[] = replaced.map(({ rowset_id, segment, row }) => ({ rowset_id, segment, row, version }));
  deleted.push(...rowsWrittenAgain(rowset_id, segments, version));
  return updateBitmaps(cluster, about, tablet, bitmapsOf(deleted), lock);
}
