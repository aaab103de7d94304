import { integer, text } from '../../config/kind.ts';
import { usage } from '../command-error.ts';
import { command } from '../program/command.ts';
import { flag, optional, withDefault } from '../program/value.ts';
import { fileKind } from '../service/connection.ts';
import { BUCKET_SETTINGS } from './bucket-settings.ts';

const instanceKind = text({ placeholder: 'ID', allowed: 'the id of an instance', pattern: /./ });
const mebibytesKind = integer({ placeholder: 'MIB', min: 1, max: 2 ** 40 });
const MOST_GROWTH_MB = 10_240;

/** `nereus dump`. */
export const dump = command({
  name: 'dump',
  summary: 'Write one state of the store, or of one instance, to a file while the service goes on',
  details: [
    'The store in --data-dir may be in use by a service of this machine or not. The file gets its name when it is whole.',
    'It holds the keys with which secrets are encrypted: whoever can read it can read those, so keep it as you keep the store.',
    'As long as the dump takes, the store uses no space again that commits free. --out - writes to the standard output.',
    'With --kv foundationdb the store of a cluster is dumped, which is read twice, and must not be written to meanwhile: services must be stopped.',
  ].join(' '),
  options: {
    out: optional(fileKind, 'The file to write'),
    instance_id: optional(instanceKind, 'Dump this instance alone'),
    compress: flag('Compress the pairs with zlib'),
    overwrite: flag('Replace the file when it is there already'),
    most_growth_mb: withDefault(
      mebibytesKind,
      MOST_GROWTH_MB,
      'Give up when the store has grown by more meanwhile, in MiB',
    ),
    while_in_use: flag('Of a cluster: try it though services are registered; it fails when one has written'),
    verify: optional(fileKind, 'Write nothing, but read this dump to its end and say whether it is as it was written'),
  },
  settings: ['data_dir', 'kv', 'fdb_cluster', 'fdb_cluster_file_path', 'fdb_txn_timeout_ms', ...BUCKET_SETTINGS],
  examples: [
    { does: 'A backup', line: 'nereus dump --data-dir /var/lib/nereus --out nereus.dump' },
    { does: 'Whether a backup is sound', line: 'nereus dump --verify nereus.dump' },
    {
      does: 'Whether one in a bucket is',
      line: 'nereus dump --config nereus.conf --verify s3://bucket/nereus/nereus-20260131T120000Z.dump',
    },
    { does: 'To another machine', line: 'nereus dump --out - --compress | ssh backup "cat > nereus.dump"' },
  ],
  run: async ({ out, verify, ...options }, { loaded, terminal }) => {
    if (verify !== undefined) {
      if (out !== undefined) throw usage('--out and --verify exclude each other');
      return (await import('../dump/verify.ts')).verify(loaded.settings, verify, terminal);
    }
    if (out === undefined) throw usage('--out FILE is needed, or --verify FILE');
    return (await import('../dump/dump.ts')).dump(loaded.settings, { out, ...options }, terminal);
  },
});
