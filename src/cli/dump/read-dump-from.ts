import { bucketUrl } from '../../config/kind.ts';
import type { Settings } from '../../config/settings.ts';
import { openBucket } from '../../dump/backup/open-place.ts';
import { readDumpFile } from '../../dump/dump-file.ts';
import { RateLimiters } from '../../objects/rate-limiters.ts';
import { usage } from '../command-error.ts';
import { STANDARD } from './standard-streams.ts';

/** Where a dump is read from: a file, an object of a bucket, or `-` for the standard input, which can be read once. */
export function readDumpFrom(path: string, settings: Settings): AsyncIterable<Uint8Array> {
  if (path === STANDARD) return process.stdin;
  return /^[a-z0-9]+:\/\//.test(path) ? readObject(path, settings) : readDumpFile(path);
}

async function* readObject(path: string, settings: Settings): AsyncGenerator<Uint8Array> {
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  const folder = bucketUrl.parse(path.slice(0, slash));
  if (!folder || name === '') {
    throw usage(
      `${JSON.stringify(path)} is no object of a bucket: s3://BUCKET/PREFIX/NAME or azure://CONTAINER/PREFIX/NAME`,
    );
  }
  if (folder.scheme === 's3' && settings.backup_endpoint === '' && settings.backup_region === '') {
    throw usage(`${path} needs backup_endpoint, or backup_region at Amazon`);
  }
  if (folder.scheme === 'azure' && settings.backup_ak === '') {
    throw usage(`${path} needs backup_ak, the account, and backup_sk, its key`);
  }
  const limiters = new RateLimiters({ ...settings, enable_s3_rate_limiter: false });
  const bucket = openBucket(folder, settings, { limiters });
  try {
    yield* bucket.read(name);
  } finally {
    bucket.close();
  }
}
