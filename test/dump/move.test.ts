import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { heldSource } from '../../src/dump/move/move-source.ts';
import { type MoveOptions, moveStore } from '../../src/dump/move/move-store.ts';
import { keys } from '../../src/keys/key-table.ts';
import { keyText } from '../../src/kv/bytes.ts';
import { collectRange } from '../../src/kv/collect-range.ts';
import { type EmbeddedStore, type EmbeddedStoreOptions, openEmbeddedStore } from '../../src/kv/embedded/store.ts';
import type { Store } from '../../src/kv/store.ts';
import { StoreError, StoreErrorCode } from '../../src/kv/store-error.ts';
import { commandLine } from '../support/command-line.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/test/support/dump/move-process.js', import.meta.url));

let folder: string;
const open: Store[] = [];
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'nereus-move-')));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((store) => store.close()));
  await rm(folder, { recursive: true });
});

const at = (name: string) => join(folder, name);
const url = (name: string) => `embedded:${at(name)}`;
const move = (...args: string[]) => commandLine(['move', '--from', url('from'), '--to', url('to'), ...args]);

async function storeIn(name: string, options: Omit<EmbeddedStoreOptions, 'dir'> = { to_fill: true }) {
  const store = await openEmbeddedStore({ dir: at(name), exclusive: true, ...options });
  open.push(store);
  return store;
}

/** Does something with a store that is closed again afterwards. */
async function within<T>(name: string, work: (store: EmbeddedStore) => Promise<T>): Promise<T> {
  const store = await openEmbeddedStore({ dir: at(name), exclusive: true, to_fill: true });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

function fill(name: string, count: number, bytes = 10): Promise<void> {
  return within(name, async (store) => {
    for (let from = 0; from < count; from += 100) {
      await store.transact(async (txn) => {
        for (let i = from; i < Math.min(count, from + 100); i++) txn.set(numbered(i), Buffer.alloc(bytes, i));
      });
    }
  });
}

const numbered = (i: number) => Buffer.from(`key ${10_000 + i}`);
const pairsIn = (name: string) => within(name, pairsOf);

/** As texts, which compare faster than bytes. */
async function pairsOf(store: Store): Promise<(readonly [string, string])[]> {
  const end = Buffer.alloc(store.limits.key_bytes, 0xff);
  const pairs = await store.transact((txn) => collectRange(txn, Buffer.of(), end));
  return pairs.map(({ key, value }) => [keyText(key), keyText(value)]);
}

const versionIn = (name: string) => within(name, (store) => store.transact((txn) => txn.readVersion()));
/** What `moveStore` does for two embedded stores. */
const moveInto = async (target: EmbeddedStore, options: MoveOptions = {}) =>
  moveStore(await heldSource(await storeIn('from'), url('from'), false), target, options);

describe('nereus move', () => {
  test('copies all pairs, and goes on above all versions of the source', async () => {
    await within('from', (store) => store.advanceVersion(5_000n));
    await fill('from', 2_000);
    const version = await versionIn('from');
    const { code, out, err } = await move('--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const said = JSON.parse(out);
    expect(said).toMatchObject({ from: url('from'), to: url('to'), pairs: 2_000, pairs_before: 0 });
    expect(said).toMatchObject({ version: `${version}`, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(await pairsIn('to')).toEqual(await pairsIn('from'));
    expect(await versionIn('to')).toBeGreaterThanOrEqual(version);
  });

  test('leaves out who served the store', async () => {
    await fill('from', 3);
    await within('from', (store) =>
      store.transact(async (txn) => txn.set(keys.systemRegistry.encode({}), Buffer.from('no registry'))),
    );
    expect(await move()).toMatchObject({ code: 0, out: expect.stringContaining('moved 3 pairs') });
    expect(await pairsIn('to')).toHaveLength(3);
  });

  test('says what is wrong with a URL, and with a source that is not there', async () => {
    const said = async (from: string, to: string) => (await commandLine(['move', '--from', from, '--to', to])).err;
    for (const wrong of ['/var/lib/nereus', 'embedded:', 'redis:/x', 'embedded://host/x', 'foundationdb:']) {
      expect(await said(wrong, url('to')), wrong).toContain('--from must be embedded:DIR or foundationdb:CLUSTER_FILE');
    }
    expect(await said(url('from'), 'to')).toContain('--to must be');
    expect(await said(url('from'), `embedded://${at('other/../from')}`)).toContain('name the same store');
    expect(await commandLine(['move', '--from', url('from')])).toMatchObject({ code: 2 });
    expect(await said(url('from'), url('to'))).toContain(`There is no store in ${at('from')}; nothing was moved`);
    expect(existsSync(at('to')) || existsSync(at('from'))).toBe(false);
  });

  test('refuses a target that has something, unless it is told to remove that', async () => {
    await fill('from', 10);
    await fill('to', 20, 3);
    expect(await move()).toMatchObject({
      code: 1,
      err: expect.stringContaining('the target is not empty; with --overwrite'),
    });
    expect(await pairsIn('to')).toHaveLength(20);
    expect(await move('--overwrite')).toMatchObject({ code: 2, err: expect.stringContaining('say --yes') });
    expect(await move('--overwrite', '--yes')).toMatchObject({ code: 0 });
    expect(await pairsIn('to')).toEqual(await pairsIn('from'));
  });

  test('refuses a source that a service is on, unless told, and then leaves the day out that it may go on', async () => {
    await fill('from', 10);
    const service = await storeIn('from', { admits_readers: true });
    const refused = await move();
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringMatching(/is in use by process .* give --while-in-use/),
    });
    expect(existsSync(at('to'))).toBe(false);
    const version = await service.transact((txn) => txn.readVersion());
    expect(await move('--while-in-use')).toMatchObject({ code: 0 });
    expect(await versionIn('to')).toBeGreaterThanOrEqual(version + 86_400_000_000n);
    await service.transact(async (txn) => txn.set(numbered(5), Buffer.from('later')));
    expect((await pairsIn('to')).map(([, value]) => value)).not.toContain('later');
  });
});

describe('a move that does not come to its end', () => {
  test('goes on where it was when it was killed, and nobody else opens the target until then', async () => {
    await fill('from', 300, 90_000);
    await fill('to', 500);
    for (const [enough, overwrite] of [
      [1, 'overwrite'],
      [120, ''],
    ] as const) {
      const child = spawn(process.execPath, [PROGRAM, at('from'), at('to'), `${enough}`, overwrite], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      child.kill('SIGKILL');
      await once(child, 'exit');
      await expect(openEmbeddedStore({ dir: at('to'), exclusive: true })).rejects.toThrow(
        'nereus move, and that did not',
      );
    }
    const { code, out } = await move();
    expect(code).toBe(0);
    const [, before] = /moved 300 pairs, .*, (\d+) of them before/.exec(out) ?? [];
    expect(Number(before)).toBeGreaterThanOrEqual(120);
    expect(await pairsIn('to')).toEqual(await pairsIn('from'));
  });

  test('removes what was there, and then moves, also when it was cut while it removed', async () => {
    await fill('from', 5);
    await fill('to', 7, 3);
    await within('to', (store) => store.setUnfinished(JSON.stringify({ moved_from: url('from'), clearing: true })));
    expect(await move()).toMatchObject({ code: 0, out: expect.not.stringContaining('before') });
    expect(await pairsIn('to')).toEqual(await pairsIn('from'));
  });

  test('begins anew when the source was written to in between', async () => {
    await fill('from', 110, 90_000);
    const abort = new AbortController();
    const target = await storeIn('to');
    const onProgress = ({ pairs }: { pairs: number }) => pairs > 0 && abort.abort(new Error('stop'));
    await expect(moveInto(target, { signal: abort.signal, onProgress })).rejects.toThrow('stop');
    await Promise.all(open.splice(0).map((store) => store.close()));
    await within('from', (store) => store.transact(async (txn) => txn.set(numbered(1), Buffer.from('new'))));
    expect(await move()).toMatchObject({
      code: 1,
      err: expect.stringMatching(/not what was read .* begins anew .*nothing was moved/),
    });
    expect(await move()).toMatchObject({ code: 0 });
    expect(await pairsIn('to')).toEqual(await pairsIn('from'));
  });

  test('stays unfinished when the target fails, which --undo takes back', async () => {
    await fill('from', 110, 90_000);
    const target = await storeIn('to');
    const full = new StoreError(StoreErrorCode.Storage, 'The disk is full.');
    const failing = Object.create(target, {
      transact: {
        value: async (...args: Parameters<EmbeddedStore['transact']>) => {
          if (target.stats().keys > 0) throw full;
          return target.transact(...args);
        },
      },
      holdSnapshot: { value: () => target.holdSnapshot() },
      setUnfinished: { value: (note: string | undefined) => target.setUnfinished(note) },
      unfinished: { value: () => target.unfinished() },
    }) as EmbeddedStore;
    await expect(moveInto(failing)).rejects.toBe(full);
    await Promise.all(open.splice(0).map((store) => store.close()));
    expect(await commandLine(['restore', '--undo', '--data-dir', at('to')])).toMatchObject({ code: 0 });
    expect(await pairsIn('to')).toEqual([]);
  });

  test.each(['{', '{}', '{"moved_from":5}', 'null'])('with a damaged mark, %s, touches nothing', async (mark) => {
    await fill('from', 3);
    await fill('to', 4);
    await within('to', (store) => store.setUnfinished(mark));
    for (const said of [await move(), await move('--overwrite', '--yes')]) {
      expect(said).toMatchObject({ code: 1, err: expect.stringContaining('the mark of the store') });
    }
    const undone = await commandLine(['restore', '--undo', '--data-dir', at('to')]);
    expect(undone).toMatchObject({ code: 1, err: expect.stringContaining('is damaged') });
    expect(await pairsIn('to')).toHaveLength(4);
  });
});

test('a copy that is not what was read is found, and taken back', async () => {
  await fill('from', 50);
  const target = await storeIn('to');
  const spoiling = Object.create(target, {
    holdSnapshot: {
      value: async () => {
        await target.transact(async (txn) => txn.set(numbered(7), Buffer.from('spoilt')));
        return target.holdSnapshot();
      },
    },
    transact: { value: (...args: Parameters<EmbeddedStore['transact']>) => target.transact(...args) },
    setUnfinished: { value: (note: string | undefined) => target.setUnfinished(note) },
    unfinished: { value: () => target.unfinished() },
  }) as EmbeddedStore;
  await expect(moveInto(spoiling)).rejects.toThrow(/not what was read .*50 pairs were read, and there are 50/);
  expect(await pairsOf(target)).toEqual([]);
  expect(await target.unfinished()).toBeUndefined();
});
