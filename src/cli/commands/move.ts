import { text } from '../../config/kind.ts';
import { usage } from '../command-error.ts';
import { command } from '../program/command.ts';
import { flag, optional } from '../program/value.ts';

const urlKind = text({ placeholder: 'URL', allowed: 'embedded:DIR or foundationdb:CLUSTER_FILE', pattern: /./ });

/** `nereus move`. */
export const move = command({
  name: 'move',
  summary: 'Copy a whole store to another engine or another place, and check the copy',
  details: [
    'A URL is embedded:DIR, the store in a data directory, or foundationdb:FILE, the store in the cluster of a cluster file.',
    'Stop the service first: a store that is in use is refused, as what is committed during the move would be lost. The source is not changed; start no service on it afterwards.',
    'Everything is read again from the target and compared by count and SHA-256. Later transaction ids are above all that the source has given out.',
    'A move that was stopped or killed goes on where it was when the same is run again; until then no service starts on the target.',
  ].join(' '),
  options: {
    from: optional(urlKind, 'The store to move'),
    to: optional(urlKind, 'Where to: a store that is empty, or not there yet'),
    while_in_use: flag(
      'Move what the source has by now though a service is on it; what that commits from now on is lost',
    ),
    overwrite: flag('Remove all that the target has first'),
  },
  asks: true,
  settings: ['fdb_txn_timeout_ms'],
  examples: [
    {
      does: 'From one machine to a cluster',
      line: 'nereus move --from embedded:/var/lib/nereus --to foundationdb:/etc/foundationdb/fdb.cluster',
    },
    { does: 'To another disk', line: 'nereus move --from embedded:/var/lib/nereus --to embedded:/mnt/fast/nereus' },
  ],
  run: async ({ from, to, while_in_use, overwrite }, context) => {
    if (from === undefined || to === undefined) throw usage('move needs --from URL and --to URL');
    return (await import('../move/move.ts')).move({ from, to, while_in_use, overwrite }, context);
  },
});
