import { command } from '../program/command.ts';

/** `nereus doctor`. */
export const doctor = command({
  name: 'doctor',
  summary: 'Check every key and value of a store, and change nothing',
  details: [
    'Keys are compared with the table of all kinds, values with their messages: required fields, fields that nobody knows, chunks of split values, sizes of counters.',
    'The store may be one that Doris wrote, and a service may run on it. It ends with 9 when something was found.',
    'Keys are shown in hex; nereus shows no values, since they may hold secrets.',
  ].join(' '),
  settings: ['kv', 'data_dir', 'fdb_cluster', 'fdb_cluster_file_path', 'fdb_txn_timeout_ms'],
  examples: [
    { does: 'Check the store of this machine', line: 'nereus doctor --data-dir /var/lib/nereus' },
    {
      does: 'What is damaged, for a script',
      line: 'nereus doctor --json | jq \'.findings[] | select(.severity == "damaged")\'',
    },
  ],
  run: async (_given, { loaded, note }) => (await import('../doctor/doctor.ts')).doctor(loaded.settings, note),
});
