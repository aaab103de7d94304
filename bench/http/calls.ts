import { GET_VERSION_JSON } from '../data/served-version.ts';
import { CLOUD_UNIQUE_ID, DB_ID, TABLE_ID } from '../data/tablets.ts';
import { post } from './compare.ts';

/** Asks for the version of the one partition, each time. */
export function getVersion(): () => Buffer {
  const bytes = post('/MetaService/get_version', JSON.parse(GET_VERSION_JSON));
  return () => bytes;
}

/** Begins a transaction under a new label, each time. */
export function beginTxns(): () => Buffer {
  const run = Date.now();
  let begun = 0;
  return () =>
    post('/MetaService/begin_txn', {
      cloud_unique_id: CLOUD_UNIQUE_ID,
      txn_info: {
        db_id: Number(DB_ID),
        table_ids: [Number(TABLE_ID)],
        label: `bench_${run}_${begun++}`,
        timeout_ms: 600_000,
      },
    });
}
