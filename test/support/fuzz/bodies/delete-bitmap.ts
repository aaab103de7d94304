import { type Body, callerOf, type World } from '../world.ts';

/** Requests for delete bitmaps: of a load and a compaction that take turns with one lock, and of those who have none. */
export const DELETE_BITMAP_BODIES = {
  get_delete_bitmap_update_lock: (world: World) => [
    { ...tableOf(world), lock_id: 500, initiator: 1, expiration: -5 },
    { ...tableOf(world), lock_id: -1, initiator: 2, expiration: -5 },
    { ...tableOf(world), lock_id: 500, initiator: 1, require_compaction_stats: true, tablet_indexes: [TABLET] },
  ],
  update_delete_bitmap: (world: World) => [
    { ...tabletOf(world), lock_id: 500, initiator: 1, ...bitmaps(['r1', 'r1', 'r2']) },
    { ...tabletOf(world), lock_id: -1, initiator: 2, ...bitmaps(['r3']) },
    { ...tabletOf(world), lock_id: 501, initiator: 1, unlock: true, ...bitmaps(['r1', 'r2']) },
    { ...tabletOf(world), lock_id: -3, initiator: 1, unlock: true, ...bitmaps(['r2']) },
    { ...tabletOf(world), lock_id: 500, initiator: 1, unlock: true, ...bitmaps(['r1', 'r2']), versions: [2] },
  ],
  get_delete_bitmap: (world: World) => [
    { ...tabletOf(world), ...versions(['r1', 'r2', 'r3']) },
    { ...tabletOf(world), ...versions(['r2']), begin_versions: [9] },
    { ...tabletOf(world), ...versions(['r1']), idx: TABLET, cumulative_point: 2 },
  ],
  remove_delete_bitmap: (world: World) => [
    { ...tabletOf(world), ...versions(['r1', 'r3']) },
    { ...tabletOf(world), ...versions(['r1']), begin_versions: [9] },
  ],
  remove_delete_bitmap_update_lock: (world: World) => [
    { ...tabletOf(world), lock_id: 500, initiator: 1 },
    { ...tabletOf(world), lock_id: -1, initiator: 2 },
  ],
};

const TABLET = { table_id: 100, index_id: 101, partition_id: 201, tablet_id: 301 };

function tableOf({ s3 }: World): Body {
  return { cloud_unique_id: callerOf(s3), table_id: 100, partition_ids: [201] };
}

function tabletOf({ s3 }: World): Body {
  return { cloud_unique_id: callerOf(s3), table_id: 100, partition_id: 201, tablet_id: 301 };
}

function bitmaps(rowset_ids: string[]): Body {
  return {
    rowset_ids,
    segment_ids: rowset_ids.map((_, i) => i),
    versions: rowset_ids.map((_, i) => 2 + i),
    segment_delete_bitmaps: rowset_ids.map((id) => Buffer.from(id.repeat(20)).toString('base64')),
  };
}

function versions(rowset_ids: string[]): Body {
  return { rowset_ids, begin_versions: rowset_ids.map(() => 0), end_versions: rowset_ids.map(() => 5) };
}
