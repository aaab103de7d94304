import { type Body, callerOf, type World } from '../world.ts';

/** Requests for indexes and partitions: prepared, committed and dropped, each in all orders, since every one is sent often. */
export const INDEX_PARTITION_BODIES = {
  prepare_index: ofIndexes({}),
  commit_index: ofIndexes({ is_new_table: true }),
  drop_index: ofIndexes({}),
  prepare_partition: ofPartitions({}),
  commit_partition: ofPartitions({}),
  drop_partition: ofPartitions({ need_update_table_version: true }),
  check_kv: ({ s3 }: World): Body[] => [
    { cloud_unique_id: callerOf(s3), op: 'CREATE_INDEX_AFTER_FE_COMMIT', check_keys: { index_ids: [101, 102] } },
    { cloud_unique_id: callerOf(s3), op: 'CREATE_INDEX_AFTER_FE_COMMIT', check_keys: { index_ids: [900] } },
    {
      cloud_unique_id: callerOf(s3),
      op: 'CREATE_PARTITION_AFTER_FE_COMMIT',
      check_keys: { partition_ids: [201, 900] },
    },
  ],
};

function ofIndexes(more: Body): (world: World) => Body[] {
  return ({ s3 }) => {
    const request = { cloud_unique_id: callerOf(s3), db_id: 1, table_id: 100, expiration: 500, ...more };
    return [
      { ...request, index_ids: [101] },
      { ...request, index_ids: [102, 103] },
      { ...request, index_ids: [103, 101, 101] },
    ];
  };
}

function ofPartitions(more: Body): (world: World) => Body[] {
  return ({ s3 }) => {
    const request = { cloud_unique_id: callerOf(s3), db_id: 1, table_id: 100, expiration: 600, ...more };
    return [
      { ...request, index_ids: [101], partition_ids: [201] },
      { ...request, index_ids: [101, 102], partition_ids: [202, 203] },
      { ...request, index_ids: [], partition_ids: [203, 201] },
    ];
  };
}
