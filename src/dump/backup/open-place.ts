import type { LargeObjects } from '../../objects/large/large-objects.ts';
import { openLargeObjects } from '../../objects/large/open-large-objects.ts';
import type { AzureLocation, S3Location } from '../../objects/location.ts';
import type { ObjectSettings, ObjectStoreOptions } from '../../objects/options.ts';
import type { RateLimiters } from '../../objects/rate-limiters.ts';
import type { Logger } from '../../observe/logger.ts';
import type { BackupPlace } from './backup-place.ts';
import { BackupBucket, type UploadNotes } from './bucket.ts';
import { BackupDirectory } from './directory.ts';

/** A bucket, and what the keys of all objects in it begin with. */
export interface BucketUrl {
  /** `s3://bucket/prefix` */
  readonly url: string;
  readonly scheme: 's3' | 'azure';
  readonly bucket: string;
  readonly prefix: string;
}

/** How a bucket of backups is reached. */
export interface BucketAccess extends ObjectSettings {
  readonly backup_endpoint: string;
  readonly backup_region: string;
  readonly backup_use_path_style: boolean;
  readonly backup_ak: string;
  readonly backup_sk: string;
}

/** Where backups go. */
export interface BackupPlaceSettings extends BucketAccess {
  readonly backup_dir: string;
  /** The bucket, in place of a directory. */
  readonly backup_to: BucketUrl | null;
}

export interface OpenPlaceOptions {
  /** Where the store is, for those who read a backup. */
  readonly origin: string;
  readonly limiters: RateLimiters;
  readonly signal: AbortSignal;
  readonly notes: UploadNotes;
  readonly logger: Logger;
}

/** Opens the directory or the bucket that the settings name. Throws an ObjectStoreError for an endpoint that can be none. */
export function openBackupPlace(settings: BackupPlaceSettings, options: OpenPlaceOptions): BackupPlace {
  const { origin, limiters, signal, notes, logger } = options;
  const { backup_to } = settings;
  if (backup_to === null) return new BackupDirectory(settings.backup_dir, origin);
  return new BackupBucket(openBucket(backup_to, settings, { limiters, signal }), notes, logger);
}

/** Opens a bucket of backups. Throws an ObjectStoreError for an endpoint that can be none. */
export function openBucket(
  { url: name, scheme, bucket, prefix }: BucketUrl,
  settings: BucketAccess,
  options: Pick<ObjectStoreOptions, 'limiters' | 'signal'>,
): LargeObjects {
  // Whoever reads a backup reads the secrets in it, so that it never goes in the clear unless the endpoint asks for that.
  const objects = { ...settings, s3_client_http_scheme: 'https' };
  const location = scheme === 's3' ? s3Location(settings, bucket, prefix) : azureLocation(settings, bucket, prefix);
  return openLargeObjects(location, { name, settings: objects, ...options });
}

function s3Location(settings: BucketAccess, bucket: string, prefix: string): S3Location {
  const {
    backup_endpoint,
    backup_region: region,
    backup_use_path_style: path_style,
    backup_ak: ak,
    backup_sk,
  } = settings;
  const credentials = ak === '' ? ({ kind: 'ambient' } as const) : ({ kind: 'keys', ak, sk: backup_sk } as const);
  const endpoint = backup_endpoint === '' ? amazon(region) : backup_endpoint;
  // One at a time: not all storage of the family takes more.
  return { kind: 's3', endpoint, region, bucket, prefix, path_style, batch_delete: false, credentials };
}

function azureLocation(settings: BucketAccess, container: string, prefix: string): AzureLocation {
  const { backup_endpoint: endpoint, backup_ak: account, backup_sk: account_key } = settings;
  return { kind: 'azure', endpoint, account, account_key, container, prefix };
}

function amazon(region: string): string {
  return `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}
