import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { collectRange } from '../../../src/kv/collect-range.ts';
import { bytes, text } from '../../support/kv/bytes.ts';
import type { Subject } from '../contract.ts';

export function limitsContract(subject: Subject): void {
  describe('limits', () => {
    test('the longest key and the largest value are kept, ranges around them work', async () => {
      const store = subject.store();
      const { key_bytes, value_bytes } = store.limits;
      const key = new Uint8Array(key_bytes).fill(0xfe);
      const value = new Uint8Array(value_bytes).fill(7);
      await store.transact(async (txn) => txn.set(key, value));
      await store.transact(async (txn) => {
        expect(text(await txn.get(key))).toBe(text(value));
        const after = new Uint8Array([...key, 0]);
        expect(await collectRange(txn, key, after)).toHaveLength(1);
        expect(await collectRange(txn, after, bytes('\xff'))).toHaveLength(0);
        expect(await collectRange(txn, key, after, { reverse: true })).toHaveLength(1);
        txn.clearRange(key, after);
      });
      expect(await store.transact((txn) => txn.get(key))).toBeUndefined();
    });

    test('a longer key and a larger value are refused, and the transaction goes on without them', async () => {
      const store = subject.store();
      const { key_bytes, value_bytes } = store.limits;
      const longKey = new Uint8Array(key_bytes + 1);
      await store.transact(async (txn) => {
        const tooLong = expect.objectContaining({ code: 'key_too_large' });
        expect(() => txn.set(longKey, bytes(''))).toThrow(tooLong);
        expect(() => txn.clear(longKey)).toThrow(tooLong);
        expect(() => txn.add(longKey, 1n)).toThrow(tooLong);
        expect(() => txn.setVersionstampedKey(longKey, 0, bytes(''))).toThrow(tooLong);
        expect(() => txn.clearRange(longKey, new Uint8Array(key_bytes + 2))).toThrow(tooLong);
        await expect(txn.get(longKey)).rejects.toMatchObject({ code: 'key_too_large' });
        expect(() => txn.set(bytes('k'), new Uint8Array(value_bytes + 1))).toThrow(
          expect.objectContaining({ code: 'value_too_large' }),
        );
        txn.set(bytes('k'), bytes('1'));
      });
      expect(text(await store.transact((txn) => txn.get(bytes('k'))))).toBe('1');
    });

    test('a transaction that writes too much is refused', async () => {
      const store = subject.store();
      const { transaction_bytes, value_bytes } = store.limits;
      const value = new Uint8Array(value_bytes);
      const write = store.transact(async (txn) => {
        for (let i = 0; i * value_bytes <= transaction_bytes; i++) {
          txn.set(bytes(`k${i}`), value);
        }
      });
      await expect(write).rejects.toMatchObject({ code: 'transaction_too_large', retryable: false });
      expect(await store.transact((txn) => txn.get(bytes('k0')))).toBeUndefined();
    });

    test('nearly as much as is allowed is written, all of it', async () => {
      const store = subject.store();
      const { transaction_bytes, value_bytes } = store.limits;
      const count = Math.floor(transaction_bytes / (value_bytes + 10));
      await store.transact(async (txn) => {
        for (let i = 0; i < count; i++) {
          txn.set(bytes(`k${i}`), new Uint8Array(value_bytes).fill(i));
        }
      });
      const values = await store.transact((txn) =>
        txn.getMany(Array.from({ length: count }, (_, i) => bytes(`k${i}`))),
      );
      expect(values.every((value, i) => value?.length === value_bytes && value[value_bytes - 1] === i % 256)).toBe(
        true,
      );
    });

    test('a range that ends before it begins and a limit that is no number of pairs are misuse', async () => {
      const txn = subject.store().begin();
      const misuse = { code: 'misuse', retryable: false };
      expect(() => txn.clearRange(bytes('b'), bytes('a'))).toThrow(expect.objectContaining({ code: 'misuse' }));
      await expect(collectRange(txn, bytes('b'), bytes('a'))).rejects.toMatchObject(misuse);
      await expect(collectRange(txn, bytes('a'), bytes('b'), { limit: -1 })).rejects.toMatchObject(misuse);
      await expect(collectRange(txn, bytes('a'), bytes('b'), { limit: 1.5 })).rejects.toMatchObject(misuse);
      txn.cancel();
    });

    test('a transaction that is too old is ended, a state that the engine can hold is not', async () => {
      const store = subject.store();
      await store.transact(async (txn) => txn.set(bytes('a'), bytes('1')));
      const reader = store.begin();
      const writer = store.begin();
      await reader.get(bytes('a'));
      await writer.get(bytes('a'));
      writer.set(bytes('b'), bytes('1'));
      const held = await store.holdSnapshot?.();
      await store.transact(async (txn) => txn.set(bytes('a'), bytes('2')));
      await sleep(store.limits.transaction_ms + 600);
      const tooOld = { code: 'too_old', retryable: true };
      await expect(writer.commit()).rejects.toMatchObject(tooOld);
      // An engine whose versions rise now and then keeps what is old as much longer.
      const refused = () =>
        Promise.resolve(reader.get(bytes('a'))).then(
          () => undefined,
          (error: unknown) => error,
        );
      await expect.poll(refused).toMatchObject(tooOld);
      expect(await store.transact((txn) => txn.get(bytes('b')))).toBeUndefined();
      for await (const page of held?.getRange(bytes('a'), bytes('b')) ?? []) {
        expect(page.map(({ value }) => text(value))).toEqual(['1']);
      }
      held?.release();
    });

    test('thousands of transactions that read at a time are served', async () => {
      const store = subject.store();
      const txns = Array.from({ length: 3_000 }, () => store.begin());
      let committed = 0;
      for (const [i, txn] of txns.entries()) {
        await txn.get(bytes('a'));
        if (i % 10 === 0) {
          txn.set(bytes(`k${i}`), bytes('1'));
          await txn.commit();
          committed++;
        }
      }
      for (const txn of txns) {
        txn.cancel();
      }
      const keys = await store.transact((txn) => collectRange(txn, bytes('k'), bytes('l')));
      expect(keys).toHaveLength(committed);
    });
  });
}
