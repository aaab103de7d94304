import { CLOUD_UNIQUE_ID, type Cluster, expectCode } from './cluster.ts';
import { type DeleteBitmap, encodeRows } from './delete-bitmap.ts';
import { isLive, type Tablet } from './model.ts';
import { codeName } from './rpc-client.ts';
import { type UpdateLock, WHOLE_RUN_S } from './update-lock.ts';

/** Writes delete bitmaps under a lock. Returns false when others have taken that. */
export async function updateBitmaps(
  cluster: Cluster,
  about: string,
  tablet: Tablet,
  bitmaps: readonly DeleteBitmap[],
  { table, lock_id, initiator, expiration }: UpdateLock,
): Promise<boolean> {
  const { answer } = await cluster.service.insist('update_delete_bitmap', {
    cloudUniqueId: CLOUD_UNIQUE_ID,
    tableId: table.id,
    partitionId: tablet.partition.id,
    tabletId: tablet.id,
    lockId: lock_id,
    initiator,
    rowsetIds: bitmaps.map(({ rowset_id }) => rowset_id),
    segmentIds: bitmaps.map(({ segment }) => segment),
    versions: bitmaps.map(({ version }) => version),
    segmentDeleteBitmaps: bitmaps.map(({ rows }) => encodeRows(rows)),
  });
  // Compactions share theirs, and one that fails gives it back for all of them.
  const lost = expiration < WHOLE_RUN_S || lock_id < 0n ? ['LOCK_EXPIRED'] : [];
  const gone = isLive(tablet) ? [] : ['TABLET_NOT_FOUND'];
  expectCode(cluster, `${about}: update_delete_bitmap of tablet ${tablet.id}`, answer, 'OK', ...lost, ...gone);
  return codeName(answer) !== 'LOCK_EXPIRED';
}
