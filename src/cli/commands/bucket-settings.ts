/** The settings that say how a bucket with dumps is reached, by the schedule of the service or by a command. */
export const BUCKET_SETTINGS = [
  'backup_endpoint',
  'backup_region',
  'backup_use_path_style',
  'backup_ak',
  'backup_sk',
] as const;
