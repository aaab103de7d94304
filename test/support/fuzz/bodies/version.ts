import { callerOf, type World } from '../world.ts';

/** Requests of versions, of partitions and tables that loads may have touched and of others. */
export const VERSION_BODIES = {
  get_version: ({ s3 }: World) => {
    const caller = { cloud_unique_id: callerOf(s3) };
    return [
      { ...caller, db_id: 1, table_id: 10, partition_id: 11 },
      { ...caller, db_id: 1, table_id: 10, is_table_version: true },
      { ...caller, batch_mode: true, db_ids: [1, 1, 2], table_ids: [10, 10, 10], partition_ids: [11, 12, 11] },
      { ...caller, batch_mode: true, is_table_version: true, db_ids: [1, 1], table_ids: [10, 20] },
      { ...caller, batch_mode: true, db_ids: [1, 1], table_ids: [10], partition_ids: [11, 12] },
    ];
  },
};
