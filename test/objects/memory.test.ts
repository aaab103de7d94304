import { MemoryBucket } from '../support/objects/memory-bucket.ts';
import { MemoryObjectStore } from '../support/objects/memory-object-store.ts';
import { contract } from './contract.ts';

contract(async () => {
  const bucket = new MemoryBucket();
  return {
    open: (prefix) => new MemoryObjectStore('memory', bucket, prefix, { page_objects: 100 }),
    stop: async () => undefined,
  };
});
