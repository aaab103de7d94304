import { describe, expect, test } from 'vitest';
import { bytes, text } from '../../support/kv/bytes.ts';
import type { Subject } from '../contract.ts';

export function readWriteContract(subject: Subject): void {
  describe('reads and writes', () => {
    test('a key that was never written has no value', async () => {
      const txn = subject.store().begin();
      expect(await txn.get(bytes('a'))).toBeUndefined();
      expect(await txn.getMany([bytes('a'), bytes('b')])).toEqual([undefined, undefined]);
      txn.cancel();
    });

    test('what was committed is read by the next transaction', async () => {
      const store = subject.store();
      await store.transact(async (txn) => txn.set(bytes('a'), bytes('1')));
      expect(text(await store.transact((txn) => txn.get(bytes('a'))))).toBe('1');
    });

    test('an empty value and an empty key are kept', async () => {
      const store = subject.store();
      await store.transact(async (txn) => {
        txn.set(bytes(''), bytes('of the empty key'));
        txn.set(bytes('a'), bytes(''));
      });
      const read = await store.transact((txn) => txn.getMany([bytes(''), bytes('a')]));
      expect(read.map(text)).toEqual(['of the empty key', '']);
    });

    test('any bytes make a key, and values come back as they were', async () => {
      const store = subject.store();
      const every = Uint8Array.from({ length: 256 }, (_, i) => i);
      await store.transact(async (txn) => txn.set(every, every));
      expect(text(await store.transact((txn) => txn.get(every)))).toBe(text(every));
    });

    test('getMany answers in the order of its keys, repeated ones included', async () => {
      const store = subject.store();
      await store.transact(async (txn) => {
        txn.set(bytes('a'), bytes('1'));
        txn.set(bytes('b'), bytes('2'));
      });
      const keys = ['b', 'x', 'a', 'b'].map(bytes);
      const read = await store.transact((txn) => txn.getMany(keys));
      expect(read.map(text)).toEqual(['2', undefined, '1', '2']);
    });

    test('a transaction reads its own writes and clears', async () => {
      const store = subject.store();
      await store.transact(async (txn) => {
        txn.set(bytes('kept'), bytes('old'));
        txn.set(bytes('gone'), bytes('old'));
        txn.set(bytes('in range'), bytes('old'));
      });
      await store.transact(async (txn) => {
        txn.set(bytes('kept'), bytes('new'));
        txn.clear(bytes('gone'));
        txn.clearRange(bytes('in'), bytes('io'));
        const read = await txn.getMany(['kept', 'gone', 'in range'].map(bytes));
        expect(read.map(text)).toEqual(['new', undefined, undefined]);
        txn.set(bytes('in range'), bytes('again'));
        expect(text(await txn.get(bytes('in range')))).toBe('again');
      });
      const read = await store.transact((txn) => txn.getMany(['kept', 'gone', 'in range'].map(bytes)));
      expect(read.map(text)).toEqual(['new', undefined, 'again']);
    });

    test('writes are seen by nobody else before the commit, and never when cancelled', async () => {
      const store = subject.store();
      const writer = store.begin();
      writer.set(bytes('a'), bytes('1'));
      expect(await store.transact((txn) => txn.get(bytes('a')))).toBeUndefined();
      writer.cancel();
      expect(await store.transact((txn) => txn.get(bytes('a')))).toBeUndefined();
    });

    test('all reads of a transaction are of one state', async () => {
      const store = subject.store();
      await store.transact(async (txn) => {
        txn.set(bytes('a'), bytes('1'));
        txn.set(bytes('b'), bytes('1'));
      });
      const reader = store.begin();
      expect(text(await reader.get(bytes('a')))).toBe('1');
      await store.transact(async (txn) => {
        txn.set(bytes('a'), bytes('2'));
        txn.set(bytes('b'), bytes('2'));
      });
      expect(text(await reader.get(bytes('b')))).toBe('1');
      await reader.commit();
    });

    test('what the caller does to its bytes after a call changes nothing', async () => {
      const store = subject.store();
      const key = Buffer.from('k');
      const value = Buffer.from('v');
      await store.transact(async (txn) => {
        txn.set(key, value);
        key.fill('x');
        value.fill('x');
        const own = await txn.get(bytes('k'));
        own?.fill(0);
        expect(text(await txn.get(bytes('k')))).toBe('v');
      });
      const read = await store.transact((txn) => txn.get(bytes('k')));
      expect(text(read)).toBe('v');
    });

    test('many keys in one transaction', async () => {
      const store = subject.store();
      const keys = Array.from({ length: 5_000 }, (_, i) => bytes(`key ${i}`));
      await store.transact(async (txn) => {
        for (const key of keys) {
          txn.set(key, key);
        }
      });
      const read = await store.transact((txn) => txn.getMany(keys));
      expect(read.map(text)).toEqual(keys.map((key) => text(key)));
    });
  });
}
