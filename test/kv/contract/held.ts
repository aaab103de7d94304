import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type HeldSnapshot, holdSnapshot } from '../../../src/kv/held-snapshot.ts';
import type { KeyValue } from '../../../src/kv/store.ts';
import { bytes, text } from '../../support/kv/bytes.ts';
import type { Subject } from '../contract.ts';

const ALL = [bytes(''), bytes('\xff')] as const;

/** What a held state shows, as text. */
async function shown(
  held: HeldSnapshot,
  [begin, end]: readonly [Uint8Array, Uint8Array] = ALL,
  page_bytes?: number,
): Promise<string> {
  const pairs: KeyValue[] = [];
  for await (const page of held.getRange(begin, end, page_bytes)) {
    expect(page.length).toBeGreaterThan(0);
    pairs.push(...page);
  }
  return pairs.map(({ key, value }) => `${text(key)}=${text(value)}`).join(' ');
}

export function heldContract(subject: Subject): void {
  describe('a state that is held', () => {
    test('is the newest one when it is taken, and stays as it is whatever is committed', async () => {
      const store = subject.store();
      await store.transact(async (txn) => {
        for (const key of ['a', 'b', 'c']) txn.set(bytes(key), bytes('1'));
      });
      const held = await holdSnapshot(store);
      const version = await store.transact((txn) => txn.readVersion());
      // Where versions rise with time, the later look may give a higher one.
      expect(held.version).toBeLessThanOrEqual(version);
      for (let i = 2; i < 10; i++) {
        await store.transact(async (txn) => {
          txn.set(bytes('a'), bytes(`${i}`));
          txn.clear(bytes('b'));
          txn.set(bytes(`d${i}`), bytes('new'));
        });
      }
      expect(await shown(held)).toBe('a=1 b=1 c=1');
      expect(await shown(held, [bytes('b'), bytes('c')])).toBe('b=1');
      expect(held.growth_bytes()).toBeGreaterThanOrEqual(0);
      held.release();
      const now = await holdSnapshot(store);
      expect(now.version).toBeGreaterThan(version);
      expect(await shown(now)).toContain('a=9 c=1 d2=new');
      now.release();
    });

    test('is read in pages as small as one asks, each key once', async () => {
      const store = subject.store();
      const names = Array.from({ length: 700 }, (_, i) => `k${String(i).padStart(4, '0')}`);
      await store.transact(async (txn) => {
        for (const name of names) txn.set(bytes(name), bytes('v'));
      });
      const held = await holdSnapshot(store);
      const all = names.map((name) => `${name}=v`).join(' ');
      for (const page_bytes of [1, 100, undefined]) expect(await shown(held, ALL, page_bytes)).toBe(all);
      expect(await shown(held, [bytes('l'), bytes('m')])).toBe('');
      held.release();
    });

    test('can’t be read once it was given back, which may be done twice', async () => {
      const store = subject.store();
      await store.transact(async (txn) => txn.set(bytes('a'), bytes('1')));
      const held = await holdSnapshot(store);
      held.release();
      held.release();
      await expect(shown(held)).rejects.toMatchObject({ code: 'misuse' });
    });

    test('can’t be read once the store is closed', async () => {
      const store = subject.store();
      await store.transact(async (txn) => txn.set(bytes('a'), bytes('1')));
      const held = await holdSnapshot(store);
      await store.close();
      await expect(shown(held)).rejects.toMatchObject({ code: 'closed' });
      held.release();
      await expect(holdSnapshot(store)).rejects.toMatchObject({ code: 'closed' });
    });

    test('refuses a range that ends before it begins', async () => {
      const held = await holdSnapshot(subject.store());
      await expect(shown(held, [bytes('b'), bytes('a')])).rejects.toMatchObject({ code: 'misuse' });
      held.release();
    });

    test('ends when it gets older than its holder has asked for, where the engine can hold it as long as one asks', async () => {
      const store = subject.store();
      await store.transact(async (txn) => txn.set(bytes('a'), bytes('1')));
      const held = await store.holdSnapshot?.({ most_ms: 1 });
      while (held !== undefined) {
        const found = await shown(held).catch((error: unknown) => error);
        if (found !== 'a=1') {
          expect(found).toMatchObject({ code: 'too_old', message: expect.stringContaining('longer than 0.001 s') });
          break;
        }
        await sleep(20);
      }
      held?.release();
    });
  });
}
