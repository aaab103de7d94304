import { type Body, callerOf, LOAD_DB, LOAD_TABLE, type World } from '../world.ts';

/** Commits of the transactions that have begun, in every way there is, and of one that there is not. */
export const COMMIT_BODIES = {
  commit_txn: (world: World) => [...world.txnIds, '9'].flatMap((txnId) => commitsOf(world, txnId)),
};

function commitsOf({ s3, serial }: World, txn_id: string): Body[] {
  const txn = { cloud_unique_id: callerOf(s3), db_id: LOAD_DB, txn_id };
  return [
    { ...txn, mow_table_ids: [LOAD_TABLE] },
    { ...txn, is_2pc: true, base_tablet_ids: [1001, 1002, 1009] },
    { ...txn, is_2pc: false, enable_txn_lazy_commit: true, base_tablet_ids: [1001] },
    { ...txn, is_txn_load: true, sub_txn_infos: [{ sub_txn_id: txn_id, table_id: LOAD_TABLE }, { sub_txn_id: 9 }] },
    { ...txn, is_txn_load: true, sub_txn_infos: [{ sub_txn_id: txn_id, table_id: LOAD_TABLE }] },
    {
      ...txn,
      commit_attachment: {
        type: 'RT_TASK_TXN_COMMIT_ATTACHMENT',
        rl_task_txn_commit_attachment: { job_id: 5, loaded_rows: serial(), progress: { partition_to_offset: [] } },
      },
    },
  ];
}
