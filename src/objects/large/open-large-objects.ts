import { AzureBackend } from '../azure/backend.ts';
import { AzureParts } from '../azure/parts.ts';
import { AzureSession } from '../azure/session.ts';
import type { AzureLocation, S3Location } from '../location.ts';
import { ObjectStoreError } from '../object-store-error.ts';
import type { ObjectStoreOptions } from '../options.ts';
import { RootedStore } from '../rooted-store.ts';
import { S3Backend } from '../s3/backend.ts';
import { S3Parts } from '../s3/parts.ts';
import { S3Session } from '../s3/session.ts';
import { LargeObjects } from './large-objects.ts';

export interface LargeObjectStoreOptions extends ObjectStoreOptions {
  /** The size of a part; without it, what suits storage best. */
  readonly part_bytes?: number;
}

/**
 * Opens a place for large objects, without asking it anything yet.
 *
 * @throws {ObjectStoreError} when nothing can be there: an address that is none, a login that is not supported.
 */
export function openLargeObjects(location: S3Location | AzureLocation, options: LargeObjectStoreOptions): LargeObjects {
  const { name, part_bytes } = options;
  try {
    const { backend, parts } = backendsOf(location, options);
    const root = location.prefix === '' ? '' : `${location.prefix}/`;
    const store = new RootedStore(name, location.prefix, backend);
    return new LargeObjects({ store, parts, root, ...(part_bytes !== undefined && { part_bytes }) });
  } catch (error) {
    if (!(error instanceof ObjectStoreError)) throw error;
    throw new ObjectStoreError(error.fault, `${name}: ${error.message}`);
  }
}

function backendsOf(location: S3Location | AzureLocation, options: ObjectStoreOptions) {
  if (location.kind === 's3') {
    const session = new S3Session(location, options);
    return { backend: new S3Backend(location, options, session), parts: new S3Parts(location, session) };
  }
  const session = new AzureSession(location, options);
  return { backend: new AzureBackend(location, options, session), parts: new AzureParts(session) };
}
