import { execFile } from 'node:child_process';
import { mkdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { open } from 'lmdb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { collectRange } from '../../src/kv/collect-range.ts';
import { openEmbeddedStore } from '../../src/kv/embedded/store.ts';
import { bytes, counter, text } from '../support/kv/bytes.ts';
import { programPath } from '../support/kv/programs.ts';
import { temporaryFolder } from '../support/kv/temporary-store.ts';

describe('what is on the disk', () => {
  let dir: string;

  beforeEach(async () => {
    dir = await temporaryFolder();
  });

  afterEach(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  /** Makes a store with a few thousand keys. */
  async function makeStore(): Promise<string> {
    const store = await openEmbeddedStore({ dir });
    await store.transact(async (txn) => {
      for (let i = 0; i < 5_000; i++) {
        txn.set(bytes(`k${i}`), new Uint8Array(200));
      }
    });
    await store.close();
    return join(dir, 'data.mdb');
  }

  test('a directory is created, with those above it', async () => {
    const deep = join(dir, 'a', 'b.c');
    const store = await openEmbeddedStore({ dir: deep });
    await store.close();
    expect((await stat(join(deep, 'data.mdb'))).isFile()).toBe(true);
  });

  test('a file in the place of the directory is a storage error that names it', async () => {
    const path = join(dir, 'file');
    await writeFile(path, 'x');
    await expect(openEmbeddedStore({ dir: path })).rejects.toMatchObject({
      code: 'storage',
      retryable: false,
      message: expect.stringContaining(path),
    });
  });

  test('a directory that can’t be made is a storage error', async () => {
    await expect(openEmbeddedStore({ dir: '/proc/nereus' })).rejects.toMatchObject({ code: 'storage' });
  });

  for (const [damage, length] of [
    ['cut in half', 0.5],
    ['cut to a few bytes', 0.0001],
  ] as const) {
    test(`a file that was ${damage} is a storage error`, async () => {
      const file = await makeStore();
      await truncate(file, Math.ceil((await stat(file)).size * length));
      await expect(openEmbeddedStore({ dir })).rejects.toMatchObject({
        code: 'storage',
        message: expect.stringContaining('damaged'),
      });
    });
  }

  test('a file of something else is a storage error and stays as it is', async () => {
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, 'data.mdb'), Buffer.alloc(100_000, 7));
    await expect(openEmbeddedStore({ dir })).rejects.toMatchObject({ code: 'storage' });
    expect((await stat(join(dir, 'data.mdb'))).size).toBe(100_000);
  });

  test('another program’s LMDB database is a storage error and stays as it is', async () => {
    const foreign = open<string, string>({ path: dir });
    await foreign.put('theirs', 'value');
    await foreign.close();
    await expect(openEmbeddedStore({ dir })).rejects.toMatchObject({
      code: 'storage',
      message: expect.stringContaining('not a store of Nereus'),
    });
    const again = open<string, string>({ path: dir });
    expect([...again.getKeys()]).toEqual(['theirs']);
    await again.close();
  });

  test('a store of a later format is a storage error', async () => {
    await makeStore();
    const own = open<Uint8Array, Uint8Array>({
      path: dir,
      encoding: 'binary',
      keyEncoding: 'binary',
      useVersions: true,
    });
    await own.put(bytes('format'), bytes('nereus-store 999'), 0);
    await own.close();
    await expect(openEmbeddedStore({ dir })).rejects.toMatchObject({
      code: 'storage',
      message: expect.stringContaining('nereus-store 999'),
    });
  });

  test('when there is no more room, commits fail with a storage error and the store is whole', async () => {
    // A limit on the length of files stands in for a full disk.
    const { stdout } = await promisify(execFile)('bash', [
      '-c',
      'ulimit -f 4096 && exec "$0" "$@"',
      process.execPath,
      programPath('fill-process'),
      dir,
    ]);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ codes: ['storage', 'storage', 'storage'], readable: 10_000 });
    const store = await openEmbeddedStore({ dir });
    await store.transact(async (txn) => {
      expect(text(await txn.get(bytes('count')))).toBe(text(counter(BigInt(report.commits))));
      expect(await collectRange(txn, bytes('k'), bytes('l'))).toHaveLength(report.commits);
      txn.set(bytes('more'), bytes('1'));
    });
    await store.close();
  });

  test('what would fill the disk is refused before LMDB is told of it, and reading goes on', async () => {
    await makeStore();
    const store = await openEmbeddedStore({ dir, disk_reserve_bytes: Number.MAX_SAFE_INTEGER });
    const before = await store.transact((txn) => txn.readVersion());
    await expect(store.transact(async (txn) => txn.set(bytes('a'), bytes('1')))).rejects.toMatchObject({
      code: 'storage',
      message: expect.stringMatching(
        /^The commit was not written: the disk has \d+ MiB left, and \d+ MiB must be free/,
      ),
    });
    expect(await store.transact((txn) => txn.readVersion())).toBe(before);
    await store.close();
  });

  test('versions rise above the one that was asked for, and over those that are higher nothing changes', async () => {
    const store = await openEmbeddedStore({ dir });
    async function commit(): Promise<bigint> {
      const txn = store.begin();
      txn.set(bytes('a'), bytes('1'));
      await txn.commit();
      return Buffer.from(txn.versionstamp()).readBigUInt64BE();
    }
    expect(await commit()).toBe(1n);
    await store.advanceVersion(2n ** 60n);
    const risen = await commit();
    expect(risen).toBeGreaterThan(2n ** 60n);
    await store.advanceVersion(5n);
    await expect(store.advanceVersion(2n ** 64n)).rejects.toMatchObject({ code: 'misuse' });
    expect(await commit()).toBe(risen + 1n);
    await store.close();
  });

  test('the statistics count commits, conflicts, batches, keys and bytes', async () => {
    const store = await openEmbeddedStore({ dir });
    const loser = store.begin();
    await loser.get(bytes('k1'));
    await Promise.all(['k1', 'k2', 'k3'].map((key) => store.transact(async (txn) => txn.set(bytes(key), bytes('1')))));
    loser.set(bytes('k4'), bytes('1'));
    await expect(loser.commit()).rejects.toMatchObject({ code: 'conflict' });
    expect(store.stats()).toMatchObject({ commits: 3, conflicts: 1, batches: 1, keys: 3, snapshots: 0 });
    expect(store.stats().size_bytes_on_disk).toBeGreaterThan(4096);
    await store.close();
  });
});
