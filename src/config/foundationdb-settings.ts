import { integer, text } from './kind.ts';
import { doris } from './setting.ts';

const CONNECTION = text({
  placeholder: 'CLUSTER',
  pattern: /^(\w+:\w+@\S+)?$/,
  allowed: 'description:id@host:port,..., or empty',
});

/** Where the cluster is, in the section of storage. */
export const FOUNDATIONDB = {
  fdb_cluster: doris(
    CONNECTION,
    '',
    'What the cluster file of FoundationDB is to hold: `description:id@host:port,...`. It is written there at each start. Empty: the file is taken as it is.',
  ),
  fdb_cluster_file_path: doris(
    text({ placeholder: 'FILE', pattern: /./, allowed: 'a path' }),
    './conf/fdb.cluster',
    'The cluster file of FoundationDB. The client library must be able to write to it.',
  ),
  fdb_txn_timeout_ms: doris(
    integer({ placeholder: 'MS', min: 100, max: 600_000 }),
    '10000',
    'How long a transaction of FoundationDB waits for answers in all.',
  ),
};
