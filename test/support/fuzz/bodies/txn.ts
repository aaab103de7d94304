import { callerOf, type World } from '../world.ts';

type Body = Record<string, unknown>;

const DB = 1001;
const TABLE = 10_010;

/** Requests about transactions: some labels that are used again and again, in the states that the others leave them in. */
export const TXN_BODIES = {
  begin_txn: (world: World) =>
    ['t0', 't1', `t${world.serial()}`].map((label, i) => ({
      ...caller(world),
      txn_info: {
        db_id: DB,
        table_ids: [TABLE, TABLE + i],
        label,
        timeout_ms: 60_000,
        request_id: { hi: 1, lo: world.serial() % 2 },
        coordinator: { sourceType: 'TXN_SOURCE_TYPE_BE', ip: '10.1.1.1', id: 3, start_time: 5 },
        load_job_source_type: 'LOAD_JOB_SRC_TYPE_BACKEND_STREAMING',
        precommit_timeout_ms: 1000,
        listener_id: 4,
      },
    })),
};

function caller({ s3 }: World): Body {
  return { cloud_unique_id: callerOf(s3) };
}
