import { describe, expect, test } from 'vitest';
import { collectRange } from '../../../src/kv/collect-range.ts';
import { StoreErrorCode } from '../../../src/kv/store-error.ts';
import { BEGIN, bytes, counter, END, text } from '../../support/kv/bytes.ts';
import type { Subject } from '../contract.ts';

export function atomicContract(subject: Subject): void {
  describe('atomic operations', () => {
    test('add counts from 0, upwards and downwards, and wraps around', async () => {
      const store = subject.store();
      await store.transact(async (txn) => txn.add(bytes('n'), 5n));
      await store.transact(async (txn) => txn.add(bytes('n'), -7n));
      expect(text(await store.transact((txn) => txn.get(bytes('n'))))).toBe(text(counter(-2n)));
      await store.transact(async (txn) => txn.add(bytes('n'), 3n));
      expect(text(await store.transact((txn) => txn.get(bytes('n'))))).toBe(text(counter(1n)));
    });

    test('add is seen by its transaction, over what lies below', async () => {
      const store = subject.store();
      await store.transact(async (txn) => txn.add(bytes('stored'), 10n));
      await store.transact(async (txn) => {
        txn.add(bytes('stored'), 1n);
        txn.add(bytes('stored'), 1n);
        txn.set(bytes('set'), counter(20n));
        txn.add(bytes('set'), 1n);
        txn.add(bytes('cleared'), 5n);
        txn.clear(bytes('cleared'));
        txn.add(bytes('cleared'), 1n);
        const read = await txn.getMany(['stored', 'set', 'cleared'].map(bytes));
        expect(read.map(text)).toEqual([12n, 21n, 1n].map((n) => text(counter(n))));
      });
      const read = await store.transact((txn) => txn.getMany(['stored', 'set', 'cleared'].map(bytes)));
      expect(read.map(text)).toEqual([12n, 21n, 1n].map((n) => text(counter(n))));
    });

    test('concurrent additions all count and none conflicts', async () => {
      const store = subject.store();
      await Promise.all(
        Array.from({ length: 200 }, async () => {
          const txn = store.begin();
          txn.add(bytes('n'), 1n);
          await txn.commit();
        }),
      );
      expect(text(await store.transact((txn) => txn.get(bytes('n'))))).toBe(text(counter(200n)));
    });

    test('a versionstamp stands in key and value where it was asked for, and nowhere else', async () => {
      const store = subject.store();
      const txn = store.begin();
      txn.setVersionstampedKey(bytes(`k${'?'.repeat(10)}e`), 1, bytes('v'));
      txn.setVersionstampedValue(bytes('value'), bytes(`ab${'?'.repeat(10)}c`), 2);
      await txn.commit();
      const stamp = text(txn.versionstamp());
      expect(stamp).toHaveLength(10);
      const pairs = await store.transact((reader) => collectRange(reader, BEGIN, END));
      expect(pairs.map(({ key, value }) => [text(key), text(value)])).toEqual([
        [`k${stamp}e`, 'v'],
        ['value', `ab${stamp}c`],
      ]);
    });

    test('versionstamps rise in the order of the commits, also for those that commit at once', async () => {
      const store = subject.store();
      const stamps: string[] = [];
      async function write(key: string): Promise<void> {
        const txn = store.begin();
        txn.set(bytes(key), bytes('1'));
        await txn.commit();
        stamps.push(text(txn.versionstamp()));
      }
      for (let round = 0; round < 5; round++) {
        const before = stamps.length;
        await Promise.all(Array.from({ length: 50 }, (_, i) => write(`${round} ${i}`)));
        const later = stamps.slice(before);
        expect(later.every((stamp) => before === 0 || stamp > (stamps[before - 1] ?? ''))).toBe(true);
        stamps.sort();
      }
      expect(new Set(stamps).size).toBe(stamps.length);
    });

    test('what depends on a versionstamp that is not known yet can not be read', async () => {
      const store = subject.store();
      const txn = store.begin();
      txn.setVersionstampedValue(bytes('value'), bytes('?'.repeat(10)), 0);
      txn.setVersionstampedKey(bytes(`k${'?'.repeat(10)}`), 1, bytes('v'));
      const misuse = { code: StoreErrorCode.Misuse };
      await expect(txn.get(bytes('value'))).rejects.toMatchObject(misuse);
      await expect(txn.get(bytes(`k${'5'.repeat(10)}`))).rejects.toMatchObject(misuse);
      await expect(collectRange(txn, bytes('u'), bytes('w'))).rejects.toMatchObject(misuse);
      await expect(collectRange(txn, bytes('k'), bytes('l'), { reverse: true })).rejects.toMatchObject(misuse);
      expect(await collectRange(txn, bytes('l'), bytes('u'))).toEqual([]);
      txn.set(bytes('value'), bytes('known'));
      expect(text(await txn.get(bytes('value')))).toBe('known');
      txn.cancel();
    });

    test('writes take effect in the order of their calls', async () => {
      const store = subject.store();
      await store.transact(async (txn) => {
        txn.setVersionstampedKey(bytes(`gone${'?'.repeat(10)}`), 4, bytes('v'));
        txn.clearRange(bytes('gone'), bytes('gonf'));
        txn.clearRange(bytes('kept'), bytes('kepu'));
        txn.setVersionstampedKey(bytes(`kept${'?'.repeat(10)}`), 4, bytes('v'));
        txn.setVersionstampedValue(bytes('n'), bytes('?'.repeat(10)), 0);
        txn.set(bytes('n'), counter(1n));
        txn.add(bytes('n'), 1n);
      });
      const pairs = await store.transact((txn) => collectRange(txn, BEGIN, END));
      expect(pairs.map(({ key }) => text(key).slice(0, 4))).toEqual(['kept', 'n']);
      expect(text(pairs[1]?.value)).toBe(text(counter(2n)));
    });

    test('a versionstamp that does not fit is misuse', () => {
      const txn = subject.store().begin();
      expect(() => txn.setVersionstampedKey(bytes('too short'), 0, bytes(''))).toThrow(/versionstamp/);
      expect(() => txn.setVersionstampedValue(bytes('k'), bytes('?'.repeat(12)), 3)).toThrow(/versionstamp/);
      expect(() => txn.setVersionstampedValue(bytes('k'), bytes('?'.repeat(12)), -1)).toThrow(/versionstamp/);
      txn.cancel();
    });

    test('only a transaction that has committed a write has a versionstamp', async () => {
      const txn = subject.store().begin();
      await txn.get(bytes('a'));
      expect(() => txn.versionstamp()).toThrow(/versionstamp/);
      await txn.commit();
      expect(() => txn.versionstamp()).toThrow(/versionstamp/);
    });
  });
}
