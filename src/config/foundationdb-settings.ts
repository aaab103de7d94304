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

const OCTET = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const NETWORK = `(?:${OCTET}\\.){3}${OCTET}/(?:3[0-2]|[12]?\\d)`;
const NETWORKS = new RegExp(`^(?:${NETWORK}(?:;${NETWORK})*)?$`);

/** How the services on one cluster find each other. */
export const NEIGHBOURS = {
  hostname: doris(
    text({ placeholder: 'NAME', pattern: /^[\w.-]*$/, allowed: 'a host name, or empty' }),
    '',
    'The name by which other services on the same FoundationDB cluster reach this one. Empty: by its address.',
  ),
  priority_networks: doris(
    text({
      placeholder: 'NETWORKS',
      pattern: NETWORKS,
      allowed: 'ADDRESS/BITS, several of them with ; in between, or empty',
    }),
    '',
    'In which networks that address is, where the service listens on all: `10.0.0.0/8;192.168.0.0/16`. Empty: the first that there is.',
  ),
  meta_server_register_interval_ms: doris(
    integer({ placeholder: 'MS', min: 100, max: 3_600_000 }),
    '20000',
    'How often a service on a FoundationDB cluster renews its entry in the registry there.',
  ),
  meta_server_lease_ms: doris(
    integer({ placeholder: 'MS', min: 100, max: 24 * 3_600_000 }),
    '60000',
    'For how long an entry counts. At least `meta_server_register_interval_ms`.',
  ),
};
