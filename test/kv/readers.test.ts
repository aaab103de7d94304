import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EmbeddedStore, openEmbeddedStore } from '../../src/kv/embedded/store.ts';
import { bytes, text } from '../support/kv/bytes.ts';
import { forkProgram } from '../support/kv/programs.ts';
import { temporaryFolder } from '../support/kv/temporary-store.ts';

let dir: string;
let open: EmbeddedStore[];
let children: ChildProcess[];

beforeEach(async () => {
  dir = await temporaryFolder();
  open = [];
  children = [];
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(open.map((store) => store.close()));
  await rm(dir, { recursive: true, force: true });
});

async function opened(options: object): Promise<EmbeddedStore> {
  const store = await openEmbeddedStore({ dir, ...options });
  open.push(store);
  return store;
}

const owner = () => opened({ exclusive: true, admits_readers: true });
const reader = () => opened({ reads_only: true });
const set = (store: EmbeddedStore, key: string, value: string | Uint8Array) =>
  store.transact(async (txn) => txn.set(bytes(key), typeof value === 'string' ? bytes(value) : value));
const get = async (store: EmbeddedStore, key: string) => text(await store.transact((txn) => txn.get(bytes(key))));
const inUse = { code: 'in_use' };

/** Starts another process that opens the store to read, and returns what it says. */
async function readElsewhere(): Promise<{ child: ChildProcess; answer: object }> {
  const child = forkProgram('read-process', [dir]);
  children.push(child);
  const [answer] = await once(child, 'message');
  return { child, answer: answer as object };
}

test('a reader reads beside the owner of a store, and sees each commit', async () => {
  const store = await owner();
  await set(store, 'a', '1');
  const beside = await reader();
  expect(await get(beside, 'a')).toBe('1');
  await set(store, 'a', '2');
  expect(await get(beside, 'a')).toBe('2');
});

test('a reader can’t write', async () => {
  await set(await owner(), 'a', '1');
  const beside = await reader();
  const refused = { code: 'misuse', message: 'The store was opened to read alone.' };
  await expect(set(beside, 'a', '2')).rejects.toMatchObject(refused);
  await expect(beside.advanceVersion(5n)).rejects.toMatchObject(refused);
  await expect(beside.setUnfinished('')).rejects.toMatchObject(refused);
});

test('a reader makes no store', async () => {
  const missing = { code: 'storage', message: `There is no store in ${dir}.` };
  await expect(reader()).rejects.toMatchObject(missing);
});

test('an owner that lets nobody in lets no reader in, and none opens beside a reader', async () => {
  const alone = await opened({ exclusive: true });
  await expect(reader()).rejects.toMatchObject(inUse);
  await alone.close();
  await reader();
  await expect(opened({ exclusive: true })).rejects.toMatchObject(inUse);
});

test('the owner may come and go while a reader is there, and still is the only one', async () => {
  await (await owner()).close();
  const beside = await reader();
  const store = await owner();
  await set(store, 'a', '1');
  expect(await get(beside, 'a')).toBe('1');
  await expect(owner()).rejects.toMatchObject(inUse);
  await expect(opened({ group: 'x' })).rejects.toMatchObject(inUse);
  await store.close();
  expect(await get(beside, 'a')).toBe('1');
  await opened({ group: 'x' });
});

test('readers read beside those who share a store, and beside each other', async () => {
  const sharing = await Promise.all([opened({ group: 'x' }), opened({ group: 'x' })]);
  await set(sharing[1], 'a', '1');
  const beside = await Promise.all([reader(), reader()]);
  expect(await Promise.all(beside.map((store) => get(store, 'a')))).toEqual(['1', '1']);
});

test('readers that come, go and are killed take no commit of the owner back', async () => {
  const store = await owner();
  await set(store, 'commit 0', 'here');
  let acknowledged = 1;
  let writing = true;
  const writer = (async () => {
    while (writing) await set(store, `commit ${acknowledged++}`, 'here');
  })();
  for (let round = 0; round < 4; round++) {
    const { child, answer } = await readElsewhere();
    expect(answer).toHaveProperty('version');
    await (await openEmbeddedStore({ dir, reads_only: true })).close();
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  writing = false;
  await writer;
  const missing: number[] = [];
  for (let i = 0; i < acknowledged; i++) if ((await get(store, `commit ${i}`)) === undefined) missing.push(i);
  expect(missing).toEqual([]);
});

test('the file grows while a state is held, but no longer when its holder was killed', async () => {
  const store = await owner();
  const value = new Uint8Array(90_000);
  const rewrite = async () => {
    for (let i = 0; i < 20; i++) await set(store, `k${i}`, value);
  };
  await rewrite();
  const { child } = await readElsewhere();
  const held = await store.holdSnapshot({ most_growth_bytes: 1024 * 1024 });
  while (held.growth_bytes() <= 1024 * 1024) await rewrite();
  // The bound is looked at several times a second.
  for (let ended = false; !ended; await sleep(20)) {
    ended = await held
      .getRange(bytes('k'), bytes('l'))
      [Symbol.asyncIterator]()
      .next()
      .then(
        () => false,
        (error: unknown) => {
          expect(error).toMatchObject({ code: 'too_old', message: expect.stringMatching(/grown by \d+ MiB while/) });
          return true;
        },
      );
  }
  held.release();
  child.kill('SIGKILL');
  await once(child, 'exit');
  // Its reader is found within a second or so; from then on pages are used again, and the file stays as long as it is.
  let still = 0;
  for (let size = store.stats().size_bytes_on_disk; still < 10; ) {
    await rewrite();
    const now = store.stats().size_bytes_on_disk;
    still = now === size ? still + 1 : 0;
    size = now;
  }
});
