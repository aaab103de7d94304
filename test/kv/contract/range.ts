import { describe, expect, test } from 'vitest';
import { collectRange } from '../../../src/kv/collect-range.ts';
import type { RangeOptions, Transaction } from '../../../src/kv/store.ts';
import { BEGIN, bytes, counter, END, text } from '../../support/kv/bytes.ts';
import type { Subject } from '../contract.ts';

/** The pairs of a range as `key=value`. */
async function listed(txn: Transaction, begin: string, end: string, options?: RangeOptions): Promise<string[]> {
  const pairs = await collectRange(txn, bytes(begin), bytes(end), options);
  return pairs.map(({ key, value }) => `${text(key)}=${text(value)}`);
}

export function rangeContract(subject: Subject): void {
  async function fill(...keys: string[]): Promise<void> {
    await subject.store().transact(async (txn) => {
      for (const key of keys) {
        txn.set(bytes(key), bytes('1'));
      }
    });
  }

  describe('ranges', () => {
    test('hold their beginning and not their end, in the order of the bytes', async () => {
      await fill('b', 'a', '\x00', 'ab', '\xfe', 'c', 'a\x00');
      await subject.store().transact(async (txn) => {
        expect(await listed(txn, '', '\xff')).toEqual(['\x00=1', 'a=1', 'a\x00=1', 'ab=1', 'b=1', 'c=1', '\xfe=1']);
        expect(await listed(txn, 'a', 'b')).toEqual(['a=1', 'a\x00=1', 'ab=1']);
        expect(await listed(txn, 'a\x00', 'ab')).toEqual(['a\x00=1']);
        expect(await listed(txn, 'd', 'e')).toEqual([]);
        expect(await listed(txn, 'b', 'b')).toEqual([]);
      });
    });

    test('run backwards', async () => {
      await fill('a', 'b', 'c', 'd');
      await subject.store().transact(async (txn) => {
        expect(await listed(txn, 'a', 'd', { reverse: true })).toEqual(['c=1', 'b=1', 'a=1']);
        expect(await listed(txn, 'aa', 'cc', { reverse: true })).toEqual(['c=1', 'b=1']);
        expect(await listed(txn, '', '\xff', { reverse: true, limit: 2 })).toEqual(['d=1', 'c=1']);
        expect(await listed(txn, 'x', 'z', { reverse: true })).toEqual([]);
      });
    });

    test('stop at their limit', async () => {
      await fill('a', 'b', 'c');
      await subject.store().transact(async (txn) => {
        expect(await listed(txn, 'a', 'z', { limit: 0 })).toEqual([]);
        expect(await listed(txn, 'a', 'z', { limit: 2 })).toEqual(['a=1', 'b=1']);
        expect(await listed(txn, 'a', 'z', { limit: 9 })).toEqual(['a=1', 'b=1', 'c=1']);
      });
    });

    test('come in pages, none of them empty, and lose nothing between pages', async () => {
      const keys = Array.from({ length: 3_000 }, (_, i) => `key ${String(i).padStart(5, '0')}`);
      await fill(...keys);
      for (const reverse of [false, true]) {
        const txn = subject.store().begin();
        const seen: string[] = [];
        let pages = 0;
        for await (const page of txn.getRange(BEGIN, END, { reverse })) {
          expect(page.length).toBeGreaterThan(0);
          seen.push(...page.map(({ key }) => text(key)));
          pages++;
        }
        txn.cancel();
        expect(pages).toBeGreaterThan(1);
        expect(seen).toEqual(reverse ? keys.toReversed() : keys);
      }
    });

    test('show the own writes of the transaction in their places', async () => {
      await fill('a', 'c', 'e', 'g');
      await subject.store().transact(async (txn) => {
        txn.set(bytes('b'), bytes('2'));
        txn.set(bytes('c'), bytes('2'));
        txn.clear(bytes('e'));
        txn.set(bytes('h'), bytes('2'));
        txn.add(bytes('0'), 1n);
        const all = [`0=${text(counter(1n))}`, 'a=1', 'b=2', 'c=2', 'g=1', 'h=2'];
        expect(await listed(txn, '', '\xff')).toEqual(all);
        expect(await listed(txn, '', '\xff', { reverse: true })).toEqual(all.toReversed());
        expect(await listed(txn, 'b', 'h', { limit: 2 })).toEqual(['b=2', 'c=2']);
        expect(await listed(txn, 'b', 'h', { limit: 2, reverse: true })).toEqual(['g=1', 'c=2']);
      });
    });

    test('show cleared ranges as empty, and what was set in them later', async () => {
      const keys = Array.from({ length: 1_500 }, (_, i) => `k${String(i).padStart(5, '0')}`);
      await fill(...keys, 'z');
      await subject.store().transact(async (txn) => {
        txn.clearRange(bytes('k'), bytes('l'));
        expect(await listed(txn, '', '\xff')).toEqual(['z=1']);
        expect(await listed(txn, '', '\xff', { reverse: true })).toEqual(['z=1']);
        expect(await listed(txn, '', 'l')).toEqual([]);
        txn.set(bytes('k00007'), bytes('2'));
        expect(await listed(txn, '', '\xff', { limit: 1 })).toEqual(['k00007=2']);
        expect(await listed(txn, '', '\xff', { limit: 2, reverse: true })).toEqual(['z=1', 'k00007=2']);
      });
      await subject.store().transact(async (txn) => {
        expect(await listed(txn, '', '\xff')).toEqual(['k00007=2', 'z=1']);
      });
    });

    test('see writes that are made between two pages', async () => {
      const keys = Array.from({ length: 1_000 }, (_, i) => `k${String(i).padStart(5, '0')}`);
      await fill(...keys);
      await subject.store().transact(async (txn) => {
        const seen: string[] = [];
        for await (const page of txn.getRange(BEGIN, END)) {
          if (seen.length === 0) {
            txn.clearRange(bytes('k00900'), bytes('l'));
            txn.set(bytes('m'), bytes('2'));
          }
          seen.push(...page.map(({ key }) => text(key)));
        }
        expect(seen).toEqual([...keys.slice(0, 900), 'm']);
      });
    });

    test('clearRange removes what is there when it commits, and nothing beyond its bounds', async () => {
      await fill('a', 'b', 'b\x00', 'c');
      await subject.store().transact(async (txn) => txn.clearRange(bytes('b'), bytes('c')));
      await subject.store().transact(async (txn) => {
        expect(await listed(txn, '', '\xff')).toEqual(['a=1', 'c=1']);
      });
    });
  });
}
