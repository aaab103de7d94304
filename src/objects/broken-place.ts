import type { DeletedObjects, ObjectStore, StoredObject } from './object-store.ts';
import type { ObjectStoreError } from './object-store-error.ts';

/** A place that is known to exist and can't be opened: every call rejects with the reason, so that nobody goes on without it. */
export class BrokenPlace implements ObjectStore {
  constructor(
    readonly name: string,
    readonly reason: ObjectStoreError,
  ) {}

  put(): Promise<void> {
    return Promise.reject(this.reason);
  }

  exists(): Promise<boolean> {
    return Promise.reject(this.reason);
  }

  // biome-ignore lint/correctness/useYield: there is nothing that it could give
  async *list(): AsyncGenerator<readonly StoredObject[]> {
    throw this.reason;
  }

  delete(): Promise<void> {
    return Promise.reject(this.reason);
  }

  deletePrefix(): Promise<DeletedObjects> {
    return Promise.reject(this.reason);
  }

  close(): void {}
}
