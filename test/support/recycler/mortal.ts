import type { Store } from '../../../src/kv/store.ts';
import { ObjectStoreError } from '../../../src/objects/object-store-error.ts';
import type { ObjectCall, ObjectFault } from '../objects/memory-object-store.ts';

/** What everything that a dead process still tries to do ends with. */
export class KilledError extends Error {}

/** A process that is killed at its nth deed, before or after it is done: a transaction of the store, or a call for objects. */
export class Mortal {
  readonly #dying = new AbortController();
  #deeds: number;

  constructor(deeds: number) {
    this.#deeds = deeds;
  }

  get signal(): AbortSignal {
    return this.#dying.signal;
  }

  /** The store as this process sees it. */
  storeOf(store: Store): Store {
    return {
      limits: store.limits,
      begin: () => store.begin(),
      close: () => store.close(),
      transact: async (work, options) => {
        this.#live();
        const result = await store.transact((txn) => {
          if (this.signal.aborted) throw new KilledError();
          return work(txn);
        }, options);
        this.#live();
        return result;
      },
    };
  }

  /** What goes wrong with a call for objects since the process is dead, or dies of it. */
  faultOf(_: ObjectCall): ObjectFault | undefined {
    const killed = new ObjectStoreError('failed', 'the process was killed');
    try {
      this.#live();
      return undefined;
    } catch {
      return { before: killed };
    }
  }

  #live(): void {
    if (!this.signal.aborted && --this.#deeds === 0) this.#dying.abort(new KilledError());
    if (this.signal.aborted) throw new KilledError();
  }
}
