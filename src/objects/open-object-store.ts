import { AzureBackend } from './azure/backend.ts';
import type { ObjectBackend } from './backend.ts';
import { HdfsBackend } from './hdfs/backend.ts';
import type { ObjectLocation } from './location.ts';
import type { ObjectStore } from './object-store.ts';
import { ObjectStoreError } from './object-store-error.ts';
import type { ObjectStoreOptions } from './options.ts';
import { RootedStore } from './rooted-store.ts';
import { S3Backend } from './s3/backend.ts';

/** Opens a place for objects where it really is; an `OpenObjectStore`. */
export function openObjectStore(location: ObjectLocation, options: ObjectStoreOptions): ObjectStore {
  const { name } = options;
  try {
    return new RootedStore(name, location.prefix, backendOf(location, options));
  } catch (error) {
    if (!(error instanceof ObjectStoreError)) throw error;
    throw new ObjectStoreError(error.fault, `${name}: ${error.message}`);
  }
}

function backendOf(location: ObjectLocation, options: ObjectStoreOptions): ObjectBackend {
  switch (location.kind) {
    case 's3':
      return new S3Backend(location, options);
    case 'azure':
      return new AzureBackend(location, options);
    case 'hdfs':
      return new HdfsBackend(location, options);
  }
}
