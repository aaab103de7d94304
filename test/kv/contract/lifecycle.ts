import { describe, expect, test } from 'vitest';
import { collectRange } from '../../../src/kv/collect-range.ts';
import { StoreError } from '../../../src/kv/store-error.ts';
import { bytes, text } from '../../support/kv/bytes.ts';
import type { Subject } from '../contract.ts';

export function lifecycleContract(subject: Subject): void {
  describe('the life of a transaction and of the store', () => {
    test('a transaction can not be used after its commit or its cancellation', async () => {
      const store = subject.store();
      const committed = store.begin();
      committed.set(bytes('a'), bytes('1'));
      await committed.commit();
      const cancelled = store.begin();
      cancelled.cancel();
      for (const txn of [committed, cancelled]) {
        const misuse = { code: 'misuse' };
        await expect(txn.get(bytes('a'))).rejects.toMatchObject(misuse);
        await expect(txn.getMany([bytes('a')])).rejects.toMatchObject(misuse);
        await expect(collectRange(txn, bytes('a'), bytes('b'))).rejects.toMatchObject(misuse);
        await expect(txn.readVersion()).rejects.toMatchObject(misuse);
        await expect(txn.commit()).rejects.toMatchObject(misuse);
        expect(() => txn.set(bytes('a'), bytes('2'))).toThrow(expect.objectContaining(misuse));
        expect(() => txn.clear(bytes('a'))).toThrow(expect.objectContaining(misuse));
        expect(() => txn.clearRange(bytes('a'), bytes('b'))).toThrow(expect.objectContaining(misuse));
        expect(() => txn.add(bytes('a'), 1n)).toThrow(expect.objectContaining(misuse));
        txn.cancel();
        txn.cancel();
      }
      expect(text(await store.transact((txn) => txn.get(bytes('a'))))).toBe('1');
    });

    test('the read version rises with each commit and is that of the last one', async () => {
      const store = subject.store();
      const versions: bigint[] = [];
      for (let i = 0; i < 3; i++) {
        const txn = store.begin();
        txn.set(bytes('a'), bytes(String(i)));
        await txn.commit();
        const committed = Buffer.from(txn.versionstamp()).readBigUInt64BE();
        const read = await store.transact((reader) => reader.readVersion());
        expect(read).toBeGreaterThanOrEqual(committed);
        versions.push(read);
      }
      expect(versions).toEqual([...new Set(versions)].sort((left, right) => (left < right ? -1 : 1)));
    });

    test('a read begins no earlier than the commits that were acknowledged before it', async () => {
      const store = subject.store();
      const begun = store.begin();
      await store.transact(async (txn) => txn.set(bytes('a'), bytes('1')));
      expect(text(await begun.get(bytes('a')))).toBe('1');
      begun.cancel();
    });

    test('what a function throws cancels its transaction and reaches the caller', async () => {
      const store = subject.store();
      let runs = 0;
      const failing = store.transact(async (txn) => {
        runs++;
        txn.set(bytes('a'), bytes('1'));
        throw new TypeError('mine');
      });
      await expect(failing).rejects.toThrow(new TypeError('mine'));
      expect(runs).toBe(1);
      expect(await store.transact((txn) => txn.get(bytes('a')))).toBeUndefined();
    });

    test('transactNow gives at once what waits for nothing, and rejects all the same', async () => {
      const store = subject.store();
      if (store.transactNow === undefined) return;
      await store.transact(async (txn) => txn.set(bytes('a'), bytes('1')));
      const value = store.transactNow((txn) => txn.get(bytes('a')));
      expect(value instanceof Promise ? undefined : text(value)).toBe('1');
      const refusal = new Error('no');
      const refused = store.transactNow(() => {
        throw refusal;
      });
      await expect(refused).rejects.toBe(refusal);
      await expect(
        store.transactNow((txn) => txn.get(new Uint8Array(store.limits.key_bytes + 1))),
      ).rejects.toBeInstanceOf(StoreError);
      await store.transactNow((txn) => txn.set(bytes('a'), bytes('2')));
      expect(text(await store.transact((txn) => txn.get(bytes('a'))))).toBe('2');
    });

    test('transact returns what the function returns', async () => {
      expect(await subject.store().transact(async () => 42)).toBe(42);
    });

    test('closing waits for the commits in flight and refuses what comes later', async () => {
      const store = subject.store();
      const open = store.begin();
      await open.get(bytes('a'));
      const commits = Array.from({ length: 50 }, (_, i) =>
        store.transact(async (txn) => txn.set(bytes(`k${String(i).padStart(2, '0')}`), bytes('1'))),
      );
      await Promise.resolve();
      const closed = store.close();
      const outcomes = await Promise.allSettled(commits);
      await closed;
      await store.close();
      const refused = { code: 'closed' };
      await expect(open.get(bytes('a'))).rejects.toMatchObject(refused);
      await expect(store.transact((txn) => txn.get(bytes('a')))).rejects.toMatchObject(refused);
      await expect(store.transact(async (txn) => txn.set(bytes('a'), bytes('1')))).rejects.toMatchObject(refused);
      const reopened = await subject.reopen();
      if (reopened !== undefined) {
        const pairs = await reopened.transact((txn) => collectRange(txn, bytes('k'), bytes('l')));
        expect(pairs).toHaveLength(outcomes.filter(({ status }) => status === 'fulfilled').length);
      }
    });

    test('versionstamps go on rising after the store was closed and opened', async () => {
      let store = subject.store();
      let last = '';
      for (let round = 0; round < 3; round++) {
        const txn = store.begin();
        txn.set(bytes('a'), bytes('1'));
        await txn.commit();
        const stamp = text(txn.versionstamp());
        expect(stamp > last).toBe(true);
        last = stamp;
        store = (await subject.reopen()) ?? store;
      }
    });
  });
}
