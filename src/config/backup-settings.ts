import { boolean, integer, text } from './kind.ts';
import { own, section } from './setting.ts';

const CENTURY_SECONDS = 100 * 365 * 24 * 3600;

const seconds = integer({ placeholder: 'SECONDS', min: 0, max: CENTURY_SECONDS });

/** When dumps are written by themselves, where, and how long they stay. */
export const BACKUP = section('Backup', {
  backup_interval_seconds: own(
    seconds,
    '0',
    'How long after the beginning of a backup the next one begins, in seconds; 0 for none. A backup is a dump of the whole store, which is read again and checked when it is written.',
  ),
  backup_dir: own(
    text({ placeholder: 'DIR', allowed: 'a path' }),
    '',
    'The directory of the backups, better one on another disk. It is created when it is not there.',
  ),
  backup_keep: own(
    integer({ placeholder: 'N', min: 1, max: 1_000_000 }),
    '7',
    'How many backups of this store to keep. Older ones are removed when a new one was found to be sound.',
  ),
  backup_keep_seconds: own(
    seconds,
    '0',
    'How old backups get at most before they are removed in the same way, in seconds; 0 for any age. The newest always stays.',
  ),
  backup_compress: own(boolean, 'true', 'Whether backups are compressed.'),
  backup_max_growth_mb: own(
    integer({ placeholder: 'MIB', min: 1, max: 2 ** 40 }),
    '10240',
    'By how much the store may grow on disk while a backup is written, in MiB; then the backup is given up. It grows by what is written meanwhile, since nothing that the backup still reads is used again.',
  ),
});
