import { describe, expect, test } from 'vitest';
import { collectRange } from '../../../src/kv/collect-range.ts';
import type { RangeOptions, Transaction } from '../../../src/kv/store.ts';
import { bytes, counter, text } from '../../support/kv/bytes.ts';
import type { Subject } from '../contract.ts';

interface Case {
  readonly name: string;
  readonly read: (txn: Transaction) => Promise<unknown>;
  readonly meanwhile: (txn: Transaction) => void;
  readonly conflict: boolean;
}

function range(begin: string, end: string, options?: RangeOptions) {
  return (txn: Transaction) => collectRange(txn, bytes(begin), bytes(end), options);
}

function get(key: string, options?: { snapshot: boolean }) {
  return async (txn: Transaction) => txn.get(bytes(key), options);
}

function set(key: string, value = '2') {
  return (txn: Transaction) => txn.set(bytes(key), bytes(value));
}

/** Over a store that holds `a`, `c`, `e` and `g`, each with the value 1. */
const CASES: readonly Case[] = [
  { name: 'a key that changed', read: get('a'), meanwhile: set('a'), conflict: true },
  { name: 'a key that was cleared', read: get('a'), meanwhile: (txn) => txn.clear(bytes('a')), conflict: true },
  { name: 'an absent key that appeared', read: get('b'), meanwhile: set('b'), conflict: true },
  {
    name: 'one of many keys',
    read: async (txn) => txn.getMany(['a', 'b'].map(bytes)),
    meanwhile: set('b'),
    conflict: true,
  },
  { name: 'a counter that was added to', read: get('n'), meanwhile: (txn) => txn.add(bytes('n'), 1n), conflict: true },
  {
    name: 'a key in a range that was cleared',
    read: get('c'),
    meanwhile: (txn) => txn.clearRange(bytes('b'), bytes('d')),
    conflict: true,
  },
  { name: 'another key', read: get('a'), meanwhile: set('b'), conflict: false },
  { name: 'a key in a snapshot read', read: get('a', { snapshot: true }), meanwhile: set('a'), conflict: false },
  { name: 'a value in a range', read: range('a', 'h'), meanwhile: set('e'), conflict: true },
  { name: 'a new key in a range', read: range('a', 'h'), meanwhile: set('d'), conflict: true },
  { name: 'a new key in an empty range', read: range('x', 'z'), meanwhile: set('y'), conflict: true },
  { name: 'a new key at the end of a range', read: range('a', 'h'), meanwhile: set('h'), conflict: false },
  { name: 'a new key before a range', read: range('c', 'h'), meanwhile: set('b'), conflict: false },
  {
    name: 'a key that vanished from a range',
    read: range('a', 'h'),
    meanwhile: (txn) => txn.clear(bytes('g')),
    conflict: true,
  },
  {
    name: 'a range in a snapshot read',
    read: range('a', 'h', { snapshot: true }),
    meanwhile: set('d'),
    conflict: false,
  },
  { name: 'a key within the limit', read: range('a', 'h', { limit: 2 }), meanwhile: set('b'), conflict: true },
  { name: 'a key behind the limit', read: range('a', 'h', { limit: 2 }), meanwhile: set('d'), conflict: false },
  {
    name: 'a key within the limit, backwards',
    read: range('a', 'h', { limit: 2, reverse: true }),
    meanwhile: set('f'),
    conflict: true,
  },
  {
    name: 'a key behind the limit, backwards',
    read: range('a', 'h', { limit: 2, reverse: true }),
    meanwhile: set('d'),
    conflict: false,
  },
  {
    name: 'a key that the transaction had set itself before it read it',
    read: async (txn) => {
      txn.set(bytes('a'), bytes('own'));
      await txn.get(bytes('a'));
    },
    meanwhile: set('a'),
    conflict: false,
  },
  {
    name: 'a counter that the transaction had added to before it read it',
    read: async (txn) => {
      txn.add(bytes('n'), 1n);
      await txn.get(bytes('n'));
    },
    meanwhile: (txn) => txn.add(bytes('n'), 1n),
    conflict: true,
  },
  { name: 'nothing, since it only writes', read: async () => undefined, meanwhile: set('result'), conflict: false },
];

export function conflictContract(subject: Subject): void {
  describe('conflicts', () => {
    for (const { name, read, meanwhile, conflict } of CASES) {
      test(`${conflict ? 'a commit fails' : 'a commit passes'} when another changes ${name}`, async () => {
        const store = subject.store();
        await store.transact(async (txn) => {
          for (const key of ['a', 'c', 'e', 'g']) {
            txn.set(bytes(key), bytes('1'));
          }
        });
        const txn = store.begin();
        await txn.readVersion();
        await read(txn);
        await store.transact(async (other) => meanwhile(other));
        txn.set(bytes('result'), bytes('mine'));
        if (conflict) {
          await expect(txn.commit()).rejects.toMatchObject({ code: 'conflict', retryable: true });
        } else {
          await txn.commit();
        }
        const result = await store.transact((reader) => reader.get(bytes('result')));
        expect(text(result)).toBe(conflict ? undefined : 'mine');
      });
    }

    test('a transaction that only read never conflicts', async () => {
      const store = subject.store();
      const txn = store.begin();
      await txn.get(bytes('a'));
      await store.transact(async (other) => other.set(bytes('a'), bytes('1')));
      await txn.commit();
    });

    test('of those that commit at the same moment and read what the others write, one wins', async () => {
      const store = subject.store();
      const txns = Array.from({ length: 20 }, () => store.begin());
      await Promise.all(txns.map((txn) => txn.get(bytes('a'))));
      const outcomes = await Promise.allSettled(
        txns.map((txn, i) => {
          txn.set(bytes('a'), bytes(String(i)));
          return txn.commit();
        }),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    test('two that read each other’s key and write their own do not both commit', async () => {
      const store = subject.store();
      const left = store.begin();
      const right = store.begin();
      await left.get(bytes('right'));
      await right.get(bytes('left'));
      left.set(bytes('left'), bytes('1'));
      right.set(bytes('right'), bytes('1'));
      const outcomes = await Promise.allSettled([left.commit(), right.commit()]);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    test('a consumer that stops early conflicts only on what it was given', async () => {
      const store = subject.store();
      await store.transact(async (txn) => {
        for (let i = 0; i < 3_000; i++) {
          txn.set(bytes(`k${String(i).padStart(5, '0')}`), bytes('1'));
        }
      });
      async function readFirstPage(txn: Transaction): Promise<string> {
        for await (const page of txn.getRange(bytes('k'), bytes('l'))) {
          return text(page[page.length - 1]?.key) ?? '';
        }
        return '';
      }
      for (const behind of [true, false]) {
        const txn = store.begin();
        const last = await readFirstPage(txn);
        await store.transact(async (other) =>
          other.set(bytes(behind ? `${last}\x00` : last), bytes(behind ? 'behind' : 'within')),
        );
        txn.set(bytes('result'), bytes(String(behind)));
        const committed = await Promise.resolve(txn.commit()).then(
          () => true,
          () => false,
        );
        expect(committed).toBe(behind);
      }
    });

    test('transact runs again after a conflict until it commits', async () => {
      const store = subject.store();
      let runs = 0;
      await store.transact(async (txn) => {
        runs++;
        const value = await txn.get(bytes('n'));
        if (runs < 3) {
          await store.transact(async (other) => other.add(bytes('n'), 1n));
        }
        txn.set(bytes('seen'), value ?? bytes(''));
      });
      expect(runs).toBe(3);
      expect(text(await store.transact((txn) => txn.get(bytes('seen'))))).toBe(text(counter(2n)));
    });

    test('transact gives up after its attempts with the last error', async () => {
      const store = subject.store();
      let runs = 0;
      const failing = store.transact(
        async (txn) => {
          runs++;
          await txn.get(bytes('n'));
          await store.transact(async (other) => other.add(bytes('n'), 1n));
          txn.set(bytes('mine'), bytes('1'));
        },
        { attempts: 3 },
      );
      await expect(failing).rejects.toMatchObject({ code: 'conflict' });
      expect(runs).toBe(3);
    });

    test('transact gives up after its time with the last error', async () => {
      const store = subject.store();
      let runs = 0;
      const failing = (within_ms: number) =>
        store.transact(
          async (txn) => {
            runs++;
            await txn.get(bytes('n'));
            await store.transact(async (other) => other.add(bytes('n'), 1n));
            txn.set(bytes('mine'), bytes('1'));
          },
          { within_ms },
        );
      await expect(failing(0)).rejects.toMatchObject({ code: 'conflict' });
      expect(runs).toBe(1);
      await expect(failing(600_000)).rejects.toMatchObject({ code: 'conflict' });
      expect(runs).toBe(21);
    });

    test('increments by reading and writing lose nothing under contention', async () => {
      const store = subject.store();
      const increment = () =>
        store.transact(
          async (txn) => {
            const value = Number(text(await txn.get(bytes('n'))) ?? '0');
            txn.set(bytes('n'), bytes(String(value + 1)));
          },
          { attempts: 1_000 },
        );
      await Promise.all(Array.from({ length: 25 }, increment));
      expect(text(await store.transact((txn) => txn.get(bytes('n'))))).toBe('25');
    });
  });
}
