import { boolean, bucketUrl, integer, text } from './kind.ts';
import { own, secret, section } from './setting.ts';

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
  backup_to: own(
    bucketUrl,
    '',
    'The bucket of the backups, in place of a directory: of the S3 family, or a container of Azure Blob Storage. It must be there already.',
  ),
  backup_endpoint: own(
    text({ placeholder: 'ADDRESS', pattern: /^\S*$/, allowed: 'an address, or empty' }),
    '',
    'Where that bucket is reached: `https://minio.example.com:9000`, say; without `http://` or `https://` by `https`. Empty: at Amazon in `backup_region`, or at the usual address of the Azure account.',
  ),
  backup_region: own(
    text({ placeholder: 'REGION', pattern: /^[\w-]*$/, allowed: 'a region, or empty' }),
    '',
    'The region of that bucket. Most storage of the S3 family but that of Amazon does without.',
  ),
  backup_use_path_style: own(
    boolean,
    'false',
    'Whether that bucket of the S3 family stands in the path of addresses, and not in the name of the host. Endpoints that are an address in figures, or a name of one word, need no word about it.',
  ),
  backup_ak: own(
    text({ placeholder: 'AK', pattern: /^\S*$/, allowed: 'an access key, or empty' }),
    '',
    'The access key for that bucket, or the name of the Azure account. Empty, for the S3 family alone: what the machine or the environment of the service has, such as a profile of the instance or `AWS_ACCESS_KEY_ID`.',
  ),
  backup_sk: secret(
    own(
      text({ placeholder: 'SK', pattern: /^\S*$/, allowed: 'a secret key, or empty' }),
      '',
      'The secret key that belongs to it, or the key of the Azure account.',
    ),
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
