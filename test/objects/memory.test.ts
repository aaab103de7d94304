import { describe, expect, test } from 'vitest';
import type { StoredObject } from '../../src/objects/object-store.ts';
import { ObjectStoreError } from '../../src/objects/object-store-error.ts';
import { MemoryBucket } from '../support/objects/memory-bucket.ts';
import { MemoryObjectStore, type ObjectCall, type ObjectFault } from '../support/objects/memory-object-store.ts';
import { contract, keysOf, putAll } from './contract.ts';

contract(async () => {
  const bucket = new MemoryBucket();
  return {
    open: (prefix) => new MemoryObjectStore('memory', bucket, prefix, { page_objects: 100 }),
    stop: async () => undefined,
  };
});

describe('faults on demand', () => {
  const GONE = new ObjectStoreError('unavailable', 'gone');

  /** A place with `a`, `b` and `c`, of which the next call of a kind fails. */
  async function placeWith(deed: ObjectCall['deed'], fault: ObjectFault) {
    const bucket = new MemoryBucket();
    let due = false;
    const store = new MemoryObjectStore('memory', bucket, 'pre', {
      page_objects: 2,
      fault: (call) => {
        if (!due || call.deed !== deed) return undefined;
        due = false;
        return fault;
      },
    });
    await putAll(store, ['a', 'b', 'c']);
    due = true;
    return { bucket, store };
  }

  test('come before a deed, which then has not been done, or after it', async () => {
    const early = await placeWith('delete', { before: GONE });
    await expect(early.store.delete(['a'])).rejects.toBe(GONE);
    expect(early.bucket.keys).toEqual(['pre/a', 'pre/b', 'pre/c']);
    await early.store.delete(['a']);
    expect(early.bucket.keys).toEqual(['pre/b', 'pre/c']);

    const late = await placeWith('delete', { after: GONE });
    await expect(late.store.deletePrefix('')).rejects.toBe(GONE);
    expect(late.bucket.keys).toEqual([]);
  });

  test('leave a part of a batch', async () => {
    const { bucket, store } = await placeWith('delete', { partial: 2 });
    await expect(store.delete(['a', 'b', 'c'])).rejects.toThrow('1 of 3 objects are still there');
    expect(bucket.keys).toEqual(['pre/c']);
  });

  test('end a listing after its first page', async () => {
    const { store } = await placeWith('list', { after: GONE });
    const seen: string[] = [];
    const all = async () => {
      for await (const page of store.list('')) seen.push(...page.map(({ key }) => key));
    };
    await expect(all()).rejects.toBe(GONE);
    expect(seen).toEqual(['a', 'b']);
  });

  test('show what was there some changes ago', async () => {
    const { store } = await placeWith('list', { stale_changes: 2 });
    await store.delete(['a']);
    expect(await keysOf(store, '')).toEqual(['a', 'b']);
    expect(await keysOf(store, '')).toEqual(['b', 'c']);
  });
});

test('pages come in any order that is wished', async () => {
  const order = (objects: StoredObject[]) => objects.reverse();
  const store = new MemoryObjectStore('memory', new MemoryBucket(), 'pre', { order, page_objects: 2 });
  await putAll(store, ['a', 'b', 'c']);
  const pages: string[][] = [];
  for await (const page of store.list('')) pages.push(page.map(({ key }) => key));
  expect(pages).toEqual([['c', 'b'], ['a']]);
});
