import type { ObjectLocation } from '../../../src/objects/location.ts';
import type { OpenObjectStore } from '../../../src/objects/options.ts';
import { MemoryBucket } from './memory-bucket.ts';
import { MemoryObjectStore, type MemoryOptions } from './memory-object-store.ts';

/** Opens places in the memory of the test instead of real ones: every bucket, container and file system that is asked for. */
export interface MemoryPlaces {
  readonly open: OpenObjectStore;
  /** The bucket of that name, the container, or the file system, such as `hdfs://host:port`. */
  bucket(name: string): MemoryBucket;
}

export function memoryPlaces(options: MemoryOptions = {}): MemoryPlaces {
  const buckets = new Map<string, MemoryBucket>();
  const bucket = (name: string): MemoryBucket => {
    const known = buckets.get(name) ?? new MemoryBucket();
    buckets.set(name, known);
    return known;
  };
  return {
    bucket,
    open: (location, { name }) => new MemoryObjectStore(name, bucket(bucketOf(location)), location.prefix, options),
  };
}

function bucketOf(location: ObjectLocation): string {
  switch (location.kind) {
    case 's3':
      return location.bucket;
    case 'azure':
      return location.container;
    case 'hdfs':
      return location.fs_name;
  }
}
