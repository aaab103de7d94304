import { posix } from 'node:path';
import {
  type ObjectStoreInfoPB,
  ObjectStoreInfoPB_Provider as Provider,
} from '../../schema/gen/cloud/object_store_pb.ts';
import type { StorageVaultPB } from '../../schema/gen/cloud/vault_pb.ts';
import { trimPrefix } from './trim-prefix.ts';

/** Where objects lie, as far as it tells places apart that have nothing in common. */
export interface Place {
  readonly resource_id: string;
  /** The bucket, container or file system, with what tells those of one name apart. */
  readonly bucket: string;
  /** Ends with a slash, unless it is empty. */
  readonly prefix: string;
}

/** The place of an object store of an instance. */
export function placeOfStore({ id, provider, bucket, prefix }: ObjectStoreInfoPB): Place {
  // Of one bucket, one instance may say S3 and another the name of who runs it. Endpoints differ even more.
  const kind = provider === Provider.AZURE ? 'azure' : 's3';
  return { resource_id: id, bucket: `${kind} ${bucket}`, prefix: folder(prefix) };
}

/** The place of a vault, or undefined for one that has none. */
export function placeOfVault({ id, objInfo, hdfsInfo }: StorageVaultPB): Place | undefined {
  // One file system has many names: of each name node, with a port and without, and of all of them together.
  if (hdfsInfo) return { resource_id: id, bucket: 'hdfs', prefix: folder(hdfsInfo.prefix) };
  return objInfo && { ...placeOfStore(objInfo), resource_id: id };
}

/** Whether objects may lie in both. */
export function overlap(one: Place, other: Place): boolean {
  if (one.bucket !== other.bucket) return false;
  return isWithin(one.prefix, other.prefix) || isWithin(walked(one.prefix), walked(other.prefix));
}

function isWithin(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

/** Where a prefix leads to in a file system: `a//b/../c` is `a/c` there. */
function walked(prefix: string): string {
  return posix.normalize(`/${prefix}`).slice(1);
}

function folder(prefix: string): string {
  const trimmed = trimPrefix(prefix);
  return trimmed === '' ? '' : `${trimmed}/`;
}
