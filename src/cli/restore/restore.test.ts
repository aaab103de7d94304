import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NO_DUMP, undoFilling } from '../../dump/restore/filling.ts';
import { keys } from '../../keys/key-table.ts';
import { collectRange } from '../../kv/collect-range.ts';
import { openEmbeddedStore } from '../../kv/embedded/store.ts';
import { run } from '../run.ts';
import { fillStore } from './fill-store.ts';
import type { PairInFile } from './pairs-file.ts';

const DAY = 86_400_000_000n;
let dir: string;
let data: string;
let file: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nereus-restore-'));
  data = join(dir, 'data');
  file = join(dir, 'pairs.json');
});
afterEach(() => rm(dir, { recursive: true }));

/** Runs the command, and resolves to its exit code and what it said. */
function restore(...args: string[]) {
  return nereus('restore', '--data-dir', data, ...args);
}

async function nereus(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(args, {}, { out: (text) => void out.push(text), err: (text) => void err.push(text) });
  return { code, out: out.join(''), err: err.join('') };
}

async function restoreLines(...lines: string[]) {
  await writeFile(file, `[\n${lines.join(',\n')}\n]\n`);
  return restore('--pairs', file);
}

function line(key: Uint8Array, value: Uint8Array = new Uint8Array(0)): string {
  return JSON.stringify([key, value].map((bytes) => Buffer.from(bytes).toString('hex')));
}

const txnIndex = (txn_id: bigint) => keys.txnIndex.encode({ instance_id: 'i', txn_id });
/** A key of no kind, which may have any value. */
const plain = (name: string) => Buffer.from(`plain ${name}`);

/** The keys that are stored, and the version; rejects when the store is not one that a service would start on. */
async function stored(): Promise<{ keys: string[]; version: bigint }> {
  const store = await openEmbeddedStore({ dir: data, exclusive: true });
  try {
    const behindAll = Buffer.alloc(store.limits.key_bytes, 0xff);
    const pairs = await store.transact((txn) => collectRange(txn, Buffer.alloc(0), behindAll));
    const version = await store.transact((txn) => txn.readVersion());
    return { keys: pairs.map(({ key }) => Buffer.from(key).toString('latin1')), version };
  } finally {
    await store.close();
  }
}

/** Leaves the store as a restore leaves it that is killed: marked, with a part of its pairs. */
async function killedRestore(...names: string[]): Promise<void> {
  const store = await openEmbeddedStore({ dir: data, exclusive: true, to_fill: true });
  await store.setUnfinished(NO_DUMP);
  await store.transact(async (txn) => {
    for (const name of names) txn.set(plain(name), plain(name));
  });
  await store.close();
}

describe('nereus restore', () => {
  test('loads the pairs, and has versions go on above theirs', async () => {
    const done = await restoreLines(line(plain('a'), plain('x')), line(txnIndex(5_000n << 10n)), line(plain('b')));
    expect(done).toEqual({
      code: 0,
      out: `restored 3 pairs into ${data}; versions go on above ${5_000n + DAY}\n`,
      err: 'nereus: 2 of them have keys of no known kind; they are kept as they are\n',
    });
    const { keys: found, version } = await stored();
    expect(found).toEqual([txnIndex(5_000n << 10n).toString('latin1'), 'plain a', 'plain b']);
    expect(version).toBeGreaterThan(5_000n + DAY);
  });

  test('loads more than a transaction can take', async () => {
    const big = Buffer.alloc(90_000, 7);
    const lines = Array.from({ length: 150 }, (_, i) => line(plain(`${i}`.padStart(5, '0')), big));
    const many = Array.from({ length: 12_000 }, (_, i) => line(plain(`small ${i}`)));
    expect(await restoreLines(...lines, ...many)).toMatchObject({ code: 0 });
    expect((await stored()).keys).toHaveLength(12_150);
  });

  test('loads no pairs too', async () => {
    await writeFile(file, '[]');
    expect(await restore('--pairs', file)).toMatchObject({ code: 0, err: '' });
    expect((await stored()).keys).toEqual([]);
  });

  test('refuses a store that is not empty, and leaves it as it is', async () => {
    await restoreLines(line(plain('a')), line(plain('b')));
    const before = await stored();
    const again = await restoreLines(line(plain('c')));
    expect(again).toMatchObject({ code: 1, out: '' });
    expect(again.err).toMatch(/^nereus: the store in .*data is not empty: it has pairs; choose another directory/);
    expect(await stored()).toEqual(before);
  });

  test('refuses a store that is in use', async () => {
    const store = await openEmbeddedStore({ dir: data, exclusive: true });
    const refused = await restoreLines(line(plain('a')));
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toMatch(
      /data is in use by process \d+ .*; stop the other process, or choose another directory/,
    );
    await store.close();
    expect((await stored()).keys).toEqual([]);
  });

  test('makes no store for a file that can’t be opened', async () => {
    const { code, err } = await restore('--pairs', join(dir, 'nowhere'));
    expect({ code, err }).toEqual({ code: 1, err: `nereus: the file ${dir}/nowhere can't be read: ENOENT\n` });
    await expect(stat(data)).rejects.toThrow('ENOENT');
  });

  test('can’t be asked without a file, and serving not with one', async () => {
    expect(await restore()).toMatchObject({
      code: 2,
      err: expect.stringContaining('restore needs one of --from FILE, --pairs FILE'),
    });
    const dry = await restore('--pairs', file, '--dry-run');
    expect(dry).toMatchObject({ code: 2, err: expect.stringContaining('there is no flag --dry-run') });
    const config = await nereus('config', '--pairs', file);
    expect(config).toMatchObject({ code: 2, err: expect.stringContaining('there is no flag --pairs') });
  });
});

describe('a damaged file', () => {
  const many = Array.from({ length: 6_000 }, (_, i) => line(plain(`${i}`)));

  test.each([
    ['a broken pair', '["00"]', 'line 6002: there must be a pair here, as in ["KEY", "VALUE"]'],
    ['a broken value', line(txnIndex(1n), Buffer.from([0xff])), 'line 6002: the value is damaged: malformed txnIndex'],
    ['a key that is too long', line(Buffer.alloc(1_977)), 'line 6002: A key has 1977 bytes; at most 1976 are allowed'],
    ['a value that is too long', line(plain('x'), Buffer.alloc(100_001)), 'line 6002: A value has 100001 bytes'],
    ['a key that was there long before', line(plain('3')), 'line 6002: the key stands in an earlier line already'],
    ['a key that was there just before', line(plain('5999')), 'line 6002: the key stands in line 6001 already'],
    ['an id that none can have', line(txnIndex(2n ** 63n - 1n)), 'line 6002: a transaction id or a versionstamp is'],
  ])('with %s is refused with the place, and nothing stays of it', async (_, last, problem) => {
    const { code, out, err } = await restoreLines(...many, last);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(`nereus: ${file}, ${problem}`);
    expect(err).toMatch(/; nothing was restored\n$/);
    expect((await stored()).keys).toEqual([]);
    expect(await restoreLines(line(plain('a')))).toMatchObject({ code: 0 });
  });
});

describe('a restore that does not come to its end', () => {
  test('leaves a store that is opened by nobody but another restore, which begins anew', async () => {
    await killedRestore(...Array.from({ length: 7_000 }, (_, i) => `${i}`));
    await expect(stored()).rejects.toThrow(
      'it was being filled by nereus restore or nereus move, and that did not come to its end',
    );
    await expect(openEmbeddedStore({ dir: data })).rejects.toMatchObject({ code: 'storage' });
    expect(await restoreLines(line(plain('a')))).toMatchObject({ code: 0 });
    expect((await stored()).keys).toEqual(['plain a']);
  });

  test('leaves an empty store when the next one is given a damaged file', async () => {
    await killedRestore('a');
    expect(await restoreLines('["00"]')).toMatchObject({ code: 1 });
    expect((await stored()).keys).toEqual([]);
  });

  test('leaves its mark when the store fails while it is being filled', async () => {
    const store = await openEmbeddedStore({ dir: data, exclusive: true });
    await store.setUnfinished(NO_DUMP);
    async function* pairs(): AsyncGenerator<PairInFile> {
      for (let i = 0; i < 9_000; i++) {
        if (i === 8_000) void store.close();
        yield { key: plain(`${i}`), value: plain('x'), line: i };
      }
    }
    await expect(fillStore(store, pairs())).rejects.toMatchObject({ code: 'closed' });
    await store.close();
    await expect(stored()).rejects.toThrow('it was being filled');
    const again = await openEmbeddedStore({ dir: data, exclusive: true, to_fill: true });
    expect(await again.unfinished()).toBe(NO_DUMP);
    expect(again.stats().keys).toBe(5_000);
    await undoFilling(again);
    expect(again.stats().keys).toBe(0);
    await again.close();
  });
});
