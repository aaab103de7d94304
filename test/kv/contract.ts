import { afterEach, beforeEach, describe } from 'vitest';
import type { Store } from '../../src/kv/store.ts';
import { atomicContract } from './contract/atomic.ts';
import { conflictContract } from './contract/conflict.ts';
import { heldContract } from './contract/held.ts';
import { lifecycleContract } from './contract/lifecycle.ts';
import { limitsContract } from './contract/limits.ts';
import { rangeContract } from './contract/range.ts';
import { readWriteContract } from './contract/read-write.ts';

/** A fresh, empty store for one test, and how to take it away afterwards. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Closes the store and opens it again with what it held, where the engine can. */
  readonly reopen?: () => Promise<Store>;
  readonly dispose: () => Promise<void>;
}

/** The subject of the test that runs. */
export interface Subject {
  store(): Store;
  reopen(): Promise<Store> | undefined;
}

/** Everything that a store promises, as tests that any engine must pass. */
export function storeContract(engine: string, create: () => Promise<StoreUnderTest>): void {
  describe(`${engine} keeps the promises of a store:`, () => {
    let current: StoreUnderTest | undefined;
    let store: Store | undefined;

    beforeEach(async () => {
      current = await create();
      store = current.store;
    });

    afterEach(async () => {
      await current?.dispose();
    });

    const subject: Subject = {
      store() {
        if (store === undefined) {
          throw new Error('The store is there only while a test runs.');
        }
        return store;
      },
      reopen() {
        const reopened = current?.reopen?.();
        return reopened?.then((next) => {
          store = next;
          return next;
        });
      },
    };

    readWriteContract(subject);
    rangeContract(subject);
    atomicContract(subject);
    conflictContract(subject);
    limitsContract(subject);
    lifecycleContract(subject);
    heldContract(subject);
  });
}
