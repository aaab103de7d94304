import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../src/objects/object-store.ts';
import { ObjectStoreError } from '../../src/objects/object-store-error.ts';

/** A place to be tested. Stores of one place with different prefixes share a bucket. */
export interface ContractPlace {
  open(prefix: string): ObjectStore;
  stop(): Promise<void>;
}

const MANY = 1010;
const AT_ONCE = 20;

/** What every kind of place must do. */
export function contract(start: () => Promise<ContractPlace>): void {
  let place: ContractPlace;
  let prefixes = 0;
  beforeAll(async () => {
    place = await start();
  });
  afterAll(() => place?.stop());

  /** A place below a prefix of its own, with objects in it. */
  async function storeWith(...keys: string[]): Promise<ObjectStore> {
    const store = place.open(`p${++prefixes}`);
    await putAll(store, keys);
    return store;
  }

  describe('objects', () => {
    test('are there once they were put, with their sizes and times, and not when they were deleted', async () => {
      const store = await storeWith();
      expect(await store.exists('data/1/a.dat')).toBe(false);
      const before_ms = Date.now();
      await store.put('data/1/a.dat', Buffer.from('four'));
      expect(await store.exists('data/1/a.dat')).toBe(true);
      expect(await store.exists('data/1/a')).toBe(false);
      expect(await store.exists('data/1')).toBe(false);
      const [object] = await listed(store, '');
      expect(object).toMatchObject({ key: 'data/1/a.dat', size_bytes: 4 });
      expect(object?.modified_ms).toBeGreaterThanOrEqual(before_ms - 1000);
      expect(object?.modified_ms).toBeLessThanOrEqual(Date.now());
      await store.put('data/1/a.dat', Buffer.from('as long as that'));
      expect(await listed(store, '')).toMatchObject([{ size_bytes: 15 }]);
      await store.put('data/1/a.dat', new Uint8Array());
      expect(await listed(store, '')).toMatchObject([{ size_bytes: 0 }]);
      await store.delete(['data/1/a.dat']);
      expect(await store.exists('data/1/a.dat')).toBe(false);
      expect(await listed(store, '')).toEqual([]);
    });

    test('may have any signs in their keys', async () => {
      const keys = [
        'a b',
        'a+b',
        'a%20b',
        'ä/ü',
        '日本',
        '<&>"\'',
        'a=1&b=2',
        'a;b,c',
        '[x]{y}',
        '$~!@()*^|`',
        '#?',
        '...',
      ];
      const store = await storeWith(...keys);
      expect(await keysOf(store, '')).toEqual([...keys].sort());
      for (const key of keys) expect([key, await store.exists(key)]).toEqual([key, true]);
      await store.delete(['a b', 'a%20b', '日本', '<&>"\'', '#?', 'a+b']);
      const left = ['ä/ü', 'a=1&b=2', 'a;b,c', '[x]{y}', '$~!@()*^|`', '...'];
      expect(await keysOf(store, '')).toEqual(left.sort());
      expect(await store.deletePrefix('a=')).toEqual({ objects: 1, bytes: 1 });
      expect(await store.deletePrefix('')).toEqual({ objects: 5, bytes: 5 });
    });

    test('that were never there count as deleted, and so does one that is named twice', async () => {
      const store = await storeWith('a', 'b', 'c');
      await store.delete(['a', 'none', 'a', 'no/such/folder/x', 'b']);
      await store.delete(['a', 'b']);
      await store.delete([]);
      expect(await keysOf(store, '')).toEqual(['c']);
    });
  });

  describe('a prefix', () => {
    const keys = ['data/1/a', 'data/1/b', 'data/10/a', 'data/1', 'data/2/x/y/z', 'other'];

    test('is the beginning of keys, not a folder', async () => {
      // A file system can't have a file and a folder of one name.
      const store = await storeWith(...keys.filter((key) => key !== 'data/1'));
      expect(await keysOf(store, 'data/1/')).toEqual(['data/1/a', 'data/1/b']);
      expect(await keysOf(store, 'data/1')).toEqual(['data/1/a', 'data/1/b', 'data/10/a']);
      expect(await keysOf(store, 'data/2/x/y/z')).toEqual(['data/2/x/y/z']);
      expect(await keysOf(store, 'o')).toEqual(['other']);
      for (const none of ['data/3/', 'data/1/a/', 'none', 'data/2/x/y/z0', 'ther']) {
        expect([none, await listed(store, none)]).toEqual([none, []]);
      }
    });

    test('is deleted with all below it, and nothing beside it', async () => {
      const store = await storeWith(...keys.filter((key) => key !== 'data/1'));
      expect(await store.deletePrefix('data/1/a/')).toEqual({ objects: 0, bytes: 0 });
      expect(await store.deletePrefix('none/')).toEqual({ objects: 0, bytes: 0 });
      expect(await store.deletePrefix('data/1/')).toEqual({ objects: 2, bytes: 2 });
      expect(await keysOf(store, '')).toEqual(['data/10/a', 'data/2/x/y/z', 'other']);
      expect(await store.deletePrefix('data/1')).toEqual({ objects: 1, bytes: 1 });
      expect(await store.deletePrefix('data/1/')).toEqual({ objects: 0, bytes: 0 });
      expect(await store.deletePrefix('')).toEqual({ objects: 2, bytes: 2 });
      expect(await listed(store, '')).toEqual([]);
      expect(await store.deletePrefix('')).toEqual({ objects: 0, bytes: 0 });
    });

    test('loses nothing more once it may not', async () => {
      const store = await storeWith('data/1/a', 'data/1/b', 'data/10/a', 'other');
      const refused = new Error('it is not to go any more');
      for (const prefix of ['data/1/', 'data/1', 'o', '']) {
        await expect(store.deletePrefix(prefix, () => Promise.reject(refused))).rejects.toBe(refused);
      }
      expect(await keysOf(store, '')).toHaveLength(4);
      let asked = 0;
      const gone = await store.deletePrefix('data/', async () => void asked++);
      expect([gone, asked > 0]).toEqual([{ objects: 3, bytes: 3 }, true]);
    });

    test('of one tenant is nothing to another', async () => {
      const one = place.open('tenant');
      const other = place.open('tenant2');
      await putAll(one, ['data/1/a']);
      await putAll(other, ['data/1/b']);
      expect(await keysOf(one, '')).toEqual(['data/1/a']);
      expect(await one.deletePrefix('')).toEqual({ objects: 1, bytes: 1 });
      expect(await keysOf(other, '')).toEqual(['data/1/b']);
    });
  });

  describe('keys that lead out of the prefix are refused', () => {
    test.each(['/a', '../a', 'a/../b', 'a/..', './a', 'a/./b', '..', 'a\\..\\b'])('%s', async (key) => {
      const store = await storeWith('kept');
      const calls = [
        store.put(key, Buffer.from('x')),
        store.exists(key),
        store.delete(['kept', key]),
        store.deletePrefix(key),
        listed(store, key),
      ];
      const outcomes = await Promise.allSettled(calls);
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(ObjectStoreError) });
      }
      expect(await keysOf(store, '')).toEqual(['kept']);
    });
  });

  test('a place without a prefix of its own is never emptied, and otherwise a place like others', async () => {
    const store = place.open('');
    await putAll(store, ['bare/1', 'bare/2']);
    await expect(store.deletePrefix('')).rejects.toThrow(/no prefix of its own/);
    expect(await keysOf(store, 'bare/')).toEqual(['bare/1', 'bare/2']);
    expect(await store.deletePrefix('bare/')).toEqual({ objects: 2, bytes: 2 });
  });

  test('many objects are listed in pages and deleted in batches', async () => {
    const keys = Array.from({ length: MANY }, (_, i) => `data/${i % 7}/${i}.dat`);
    const store = await storeWith(...keys);
    const pages: number[] = [];
    for await (const page of store.list('data/')) pages.push(page.length);
    expect(pages.length).toBeGreaterThan(1);
    expect(Math.min(...pages)).toBeGreaterThan(0);
    expect(await keysOf(store, 'data/')).toEqual([...keys].sort());
    await store.delete(keys.slice(0, MANY - 50));
    expect(await keysOf(store, '')).toEqual(keys.slice(MANY - 50).sort());
    expect(await store.deletePrefix('data/')).toEqual({ objects: 50, bytes: 50 });
    expect(await listed(store, '')).toEqual([]);
  });
}

export async function putAll(store: ObjectStore, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    await Promise.all(keys.slice(at, at + AT_ONCE).map((key) => store.put(key, Buffer.from('x'))));
  }
}

export async function listed(store: ObjectStore, prefix: string) {
  const objects = [];
  for await (const page of store.list(prefix)) objects.push(...page);
  return objects;
}

export async function keysOf(store: ObjectStore, prefix: string): Promise<string[]> {
  return (await listed(store, prefix)).map(({ key }) => key).sort();
}
