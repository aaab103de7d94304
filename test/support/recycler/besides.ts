import type { Store, Transaction } from '../../../src/kv/store.ts';

/** A store in whose first transaction after `skipped` others `meanwhile` happens when it has read and written what it does. */
export function besides<S extends Store>(store: S, skipped: number, meanwhile: () => Promise<unknown>): S {
  let left = skipped;
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (name === 'transactNow') return undefined;
      if (name !== 'transact') return typeof member === 'function' ? member.bind(target) : member;
      return (work: (txn: Transaction) => Promise<unknown>, options: never) =>
        target.transact(async (txn) => {
          const result = await work(txn);
          if (left-- === 0) await meanwhile();
          return result;
        }, options);
    },
  });
}
