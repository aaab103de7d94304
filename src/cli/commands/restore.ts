import { command } from '../program/command.ts';
import { optional } from '../program/value.ts';
import { fileKind } from '../service/connection.ts';

/** `nereus restore`. */
export const restore = command({
  name: 'restore',
  summary: 'Load the keys and values of another store into an empty one',
  details: [
    'The pairs are a JSON list in hex, [["KEY", "VALUE"], ["KEY", "VALUE"]], of a store of Doris 3.0 or of Nereus.',
    'The store in --data-dir must be empty, and no service may run on it. Later transaction ids are above all that the pairs hold.',
    'When a pair is damaged, its line is told and nothing is restored.',
  ].join(' '),
  options: { pairs: optional(fileKind, 'The keys and values to load') },
  without_json: true,
  settings: ['data_dir'],
  examples: [{ does: 'Take over a store', line: 'nereus restore --pairs pairs.json --data-dir /var/lib/nereus' }],
  run: async ({ pairs }, { loaded, terminal }) =>
    (await import('../restore/restore.ts')).restore(loaded.settings, pairs, terminal),
});
