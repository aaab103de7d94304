import { usage } from '../command-error.ts';
import { command } from '../program/command.ts';
import { flag, optional } from '../program/value.ts';
import { fileKind } from '../service/connection.ts';
import { BUCKET_SETTINGS } from './bucket-settings.ts';

/** `nereus restore`. */
export const restore = command({
  name: 'restore',
  summary: 'Load a dump, or the keys and values of another store, into an empty store',
  details: [
    'No service may run on the store, which is the one in --data-dir or, with --kv foundationdb, that of a cluster. Later transaction ids are above all that were given out before.',
    'A restore of a dump that was stopped or killed goes on where it was when the same is run again; until then no service starts on the store.',
    'A damaged dump is told with the place, and nothing of it is restored. --from - reads from the standard input, and --from s3://BUCKET/NAME or azure://CONTAINER/NAME from a bucket, which the settings say how to reach.',
    'The pairs are a JSON list in hex, [["KEY", "VALUE"], ["KEY", "VALUE"]], of a store of Doris 3.0 or of Nereus; when one is damaged, its line is told and nothing is restored.',
  ].join(' '),
  options: {
    from: optional(fileKind, 'The dump to load'),
    pairs: optional(fileKind, 'The keys and values to load'),
    into_non_empty: flag('With a dump of one instance: add it to a store that has others'),
    undo: flag('Remove what a restore has brought that did not come to its end'),
  },
  settings: ['data_dir', 'kv', 'fdb_cluster', 'fdb_cluster_file_path', 'fdb_txn_timeout_ms', ...BUCKET_SETTINGS],
  examples: [
    { does: 'Restore a backup', line: 'nereus restore --from nereus.dump --data-dir /var/lib/nereus' },
    { does: 'Take over a store', line: 'nereus restore --pairs pairs.json --data-dir /var/lib/nereus' },
  ],
  run: async ({ from, pairs, into_non_empty, undo }, { loaded, terminal }) => {
    const ways = [from, pairs, undo || undefined].filter((way) => way !== undefined);
    if (ways.length !== 1) throw usage('restore needs one of --from FILE, --pairs FILE and --undo');
    if (into_non_empty && from === undefined) throw usage('--into-non-empty goes with --from FILE alone');
    if (into_non_empty && from === '-') throw usage('--into-non-empty reads the dump twice, so it needs a file');
    const { settings } = loaded;
    if (pairs !== undefined) return (await import('../restore/restore.ts')).restore(settings, pairs, terminal);
    const { restoreFrom, undoRestore } = await import('../restore/restore-dump.ts');
    return from === undefined ? undoRestore(settings) : restoreFrom(settings, { from, into_non_empty }, terminal);
  },
});
