import { type Body, callerOf, LOAD_DB, LOAD_TABLE, loadTxn, type World } from '../world.ts';

/** Requests about the transactions that have begun, in whichever states others have left them, and about some that never did. */
export const TXN_BODIES = {
  begin_txn: (world: World) => ['t0', 't1', `new${world.serial()}`].map((label) => loadTxn(world, label)),
  precommit_txn: onEachTxn((txn_id, world) => [
    { txn_id, db_id: LOAD_DB, precommit_timeout_ms: 5 },
    {
      txn_id,
      commit_attachment: { type: 'LODD_JOB_FINAL_OPERATION', load_job_final_operation: { id: world.serial() } },
    },
  ]),
  abort_txn: (world: World) => [
    ...onEachTxn((txn_id) => [{ txn_id }, { txn_id, db_id: LOAD_DB, reason: 'fuzz' }])(world),
    { ...caller(world), db_id: LOAD_DB, label: 't1', txn_id: 0 },
    { ...caller(world), db_id: LOAD_DB, label: 'nobody' },
  ],
  get_txn: (world: World) => [
    ...onEachTxn((txn_id) => [{ txn_id }, { txn_id, db_id: LOAD_DB + 1 }])(world),
    { ...caller(world), db_id: LOAD_DB, label: 't0' },
  ],
  get_txn_id: (world: World) => [
    { ...caller(world), db_id: LOAD_DB, label: 't0' },
    { ...caller(world), db_id: LOAD_DB, label: 't1', txn_status: ['TXN_STATUS_VISIBLE', 'TXN_STATUS_PREPARED'] },
    { ...caller(world), db_id: LOAD_DB, label: 't2', txn_status: ['TXN_STATUS_ABORTED'] },
  ],
  get_current_max_txn_id: (world: World) => [caller(world)],
  begin_sub_txn: onEachTxn((txn_id, world) => [
    { ...subTxn(txn_id, world.serial() % 3), label: 't0' },
    { ...subTxn(txn_id, 0), label: 'sub' },
  ]),
  abort_sub_txn: onEachTxn((txn_id) => [
    { ...subTxn(txn_id, 0), sub_txn_id: txn_id },
    { ...subTxn(txn_id, 1), sub_txn_id: 10 },
  ]),
  abort_txn_with_coordinator: (world: World) => [
    { ...caller(world), id: 3, ip: '10.1.1.1', start_time: 6 },
    { ...caller(world), id: 3, ip: '10.1.1.1', start_time: 5 },
  ],
  check_txn_conflict: (world: World) => [
    { ...caller(world), db_id: LOAD_DB, end_txn_id: '9000000000000000000', table_ids: [LOAD_TABLE] },
    { ...caller(world), db_id: LOAD_DB, end_txn_id: world.txnIds[1] ?? 1, table_ids: [LOAD_TABLE, 5] },
  ],
  clean_txn_label: (world: World) => [
    { ...caller(world), db_id: LOAD_DB, labels: ['t0', 't1'] },
    { ...caller(world), db_id: LOAD_DB },
  ],
};

function caller({ s3 }: World): Body {
  return { cloud_unique_id: callerOf(s3) };
}

/** The bodies that `make` makes of the id of each transaction, and of one that there is not. */
function onEachTxn(make: (txnId: string, world: World) => readonly Body[]): (world: World) => Body[] {
  return (world) =>
    [...world.txnIds, '9'].flatMap((id) => make(id, world).map((body) => ({ ...caller(world), ...body })));
}

function subTxn(txn_id: string, sub_txn_num: number): Body {
  return { txn_id, sub_txn_num, db_id: LOAD_DB, table_ids: [LOAD_TABLE] };
}
