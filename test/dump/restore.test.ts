import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DumpError } from '../../src/dump/dump-error.ts';
import { readDumpFile, writeDumpFile } from '../../src/dump/dump-file.ts';
import { VERSIONS_OF_A_DAY } from '../../src/dump/later-versions.ts';
import { undoFilling } from '../../src/dump/restore/filling.ts';
import { type RestoreOptions, restoreDump } from '../../src/dump/restore/restore-dump.ts';
import { writeDump } from '../../src/dump/write-dump.ts';
import type { FieldsToEncode, KeyKind, KeyShape } from '../../src/keys/key-kind.ts';
import { allKinds, INSTANCE_SPACE, keys } from '../../src/keys/key-table.ts';
import { collectRange } from '../../src/kv/collect-range.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../src/kv/embedded/store.ts';
import { holdSnapshot } from '../../src/kv/held-snapshot.ts';
import { EncryptionKeyInfoPBSchema } from '../../src/schema/gen/cloud/encryption_pb.ts';
import { MemoryStore } from '../keys/memory-store.ts';

let folder: string;
let open: EmbeddedStore[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nereus-dump-'));
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map((store) => store.close()));
  await rm(folder, { recursive: true });
});

async function storeIn(name: string): Promise<EmbeddedStore> {
  const store = await openEmbeddedStore({ dir: join(folder, name), exclusive: true, to_fill: true });
  open.push(store);
  return store;
}

async function dumpTo(name: string, store: EmbeddedStore | MemoryStore, instance_id?: string): Promise<string> {
  const path = join(folder, name);
  const held = await holdSnapshot(store);
  const dump = writeDump(held, store.limits.key_bytes, { origin: 'here', program: 'test', instance_id });
  await writeDumpFile(path, dump).finally(() => held.release());
  return path;
}

const restoreFrom = (path: string, store: EmbeddedStore, options?: RestoreOptions) =>
  restoreDump(store, () => readDumpFile(path), options);

async function pairsOf(store: EmbeddedStore): Promise<string[]> {
  const end = Buffer.alloc(store.limits.key_bytes + 1, 0xff);
  const pairs = await store.transact((txn) => collectRange(txn, Buffer.alloc(0), end, { snapshot: true }));
  return pairs.map(({ key, value }) => line(key, value));
}

/** A pair as text; a large value by its hash. */
function line(key: Uint8Array, value: Uint8Array): string {
  const short = value.length < 1_000 ? Buffer.from(value) : createHash('sha256').update(value).digest();
  return `${Buffer.from(key).toString('hex')} ${short.toString('hex')}`;
}

async function fill(store: EmbeddedStore, pairs: Iterable<readonly [Uint8Array, Uint8Array]>): Promise<void> {
  await store.transact(async (txn) => {
    for (const [key, value] of pairs) txn.set(key, value);
  });
}

const numbered = (count: number, bytes = 10) =>
  Array.from({ length: count }, (_, i) => [Buffer.from(`k${1_000_000 + i}`), Buffer.alloc(bytes, i)] as const);

/** A pair for each kind of key that has an instance in it. */
function pairsOfInstance(instance_id: string): [Buffer, Buffer][] {
  const kinds: readonly KeyKind[] = allKinds;
  return kinds
    .filter(({ fields }) => fields.some(({ name }) => name === 'instance_id'))
    .map((kind) => {
      const fields = Object.fromEntries(kind.fields.map(({ name, type }) => [name, type === 'text' ? 'x' : 7n]));
      return [kind.encode({ ...fields, instance_id } as FieldsToEncode<KeyShape>), Buffer.from(instance_id)];
    });
}

function encryptionKeys(...texts: string[]): [Buffer, Uint8Array] {
  const items = texts.map((key, i) => ({ keyId: BigInt(i + 1), key }));
  const message = create(EncryptionKeyInfoPBSchema, { items });
  return [keys.systemEncryptionKeys.encode({}), toBinary(EncryptionKeyInfoPBSchema, message)];
}

describe('a store that was restored', () => {
  test('has the pairs of the dump, and goes on above its version', async () => {
    const from = await storeIn('from');
    await fill(from, [...numbered(3_000), ...numbered(60, 90_000)]);
    await from.advanceVersion(7_000n);
    await fill(from, [[Buffer.alloc(0), Buffer.from('at the empty key')]]);
    const path = await dumpTo('dump', from);
    await fill(from, [[Buffer.from('later'), Buffer.alloc(1)]]);
    const to = await storeIn('to');
    const restored = await restoreFrom(path, to);
    expect(restored).toMatchObject({ pairs: 3_001, pairs_before: 0, version: 7_002n + VERSIONS_OF_A_DAY });
    expect(await pairsOf(to)).toEqual((await pairsOf(from)).filter((pair) => !pair.startsWith('6c61746572')));
    expect(await to.transact((txn) => txn.readVersion())).toBeGreaterThan(restored.version);
    expect(await to.unfinished()).toBeUndefined();
  });

  test('may be that of an engine that can hold no state for long', async () => {
    const from = new MemoryStore();
    await from.transact(async (txn) => txn.set(Buffer.from('a'), Buffer.from('1')));
    const to = await storeIn('to');
    await restoreFrom(await dumpTo('dump', from), to);
    expect(await pairsOf(to)).toEqual(['61 31']);
  });

  test('must have been empty', async () => {
    const from = await storeIn('from');
    await fill(from, numbered(10));
    const path = await dumpTo('dump', from);
    const before = await pairsOf(from);
    for (const into_non_empty of [false, true]) {
      await expect(restoreFrom(path, from, { into_non_empty })).rejects.toThrow('restored into an empty one alone');
    }
    expect(await pairsOf(from)).toEqual(before);
    expect(await from.unfinished()).toBeUndefined();
  });
});

describe('a restore that does not come to its end', () => {
  test('goes on where it was when it was killed', async () => {
    const from = await storeIn('from');
    const pairs = numbered(300, 90_000);
    for (let i = 0; i < 300; i += 100) await fill(from, pairs.slice(i, i + 100));
    const path = await dumpTo('dump', from);
    const program = fileURLToPath(new URL('../../dist/test/support/dump/restore-process.js', import.meta.url));
    const dir = join(folder, 'to');
    for (const enough of [1, 120]) {
      const child = spawn(process.execPath, [program, dir, path, `${enough}`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      child.kill('SIGKILL');
      await once(child, 'exit');
      await expect(openEmbeddedStore({ dir, exclusive: true })).rejects.toThrow('it was being filled');
    }
    const to = await storeIn('to');
    const restored = await restoreFrom(path, to);
    expect(restored.pairs).toBe(300);
    expect(restored.pairs_before).toBeGreaterThanOrEqual(120);
    expect(await pairsOf(to)).toEqual(await pairsOf(from));
  });

  test('goes on when it was aborted, or what it read from failed', async () => {
    const from = await storeIn('from');
    await fill(from, numbered(110, 90_000));
    const path = await dumpTo('dump', from);
    const to = await storeIn('to');
    const abort = new AbortController();
    const onProgress = ({ pairs }: { pairs: number }) => pairs > 0 && abort.abort(new Error('stop'));
    await expect(restoreFrom(path, to, { onProgress, signal: abort.signal })).rejects.toThrow('stop');
    async function* failing(): AsyncGenerator<Buffer> {
      yield (await readFile(path)).subarray(0, 6_500_000);
      throw new Error('the pipe is broken');
    }
    await expect(restoreDump(to, failing)).rejects.toThrow('the pipe is broken');
    expect(await to.unfinished()).toBeDefined();
    const restored = await restoreFrom(path, to);
    expect(restored.pairs_before).toBeGreaterThanOrEqual(45);
    expect(await pairsOf(to)).toEqual(await pairsOf(from));
  });

  test('gives way to another dump, of which nothing is mixed with it', async () => {
    const [one, other] = await Promise.all([storeIn('one'), storeIn('other')]);
    await fill(one, numbered(110, 90_000));
    await fill(other, [[Buffer.from('z'), Buffer.alloc(1)]]);
    const [first, second] = [await dumpTo('first', one), await dumpTo('second', other)];
    const to = await storeIn('to');
    await expect(restoreFrom(first, to, { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop');
    const abort = new AbortController();
    const onProgress = ({ pairs }: { pairs: number }) => pairs > 0 && abort.abort(new Error('stop'));
    await expect(restoreFrom(first, to, { onProgress, signal: abort.signal })).rejects.toThrow('stop');
    expect((await pairsOf(to)).length).toBeGreaterThan(0);
    await restoreFrom(second, to);
    expect(await pairsOf(to)).toEqual(await pairsOf(other));
  });

  test('leaves an empty store when the dump is damaged at its end', async () => {
    const from = await storeIn('from');
    await fill(from, numbered(80, 90_000));
    const path = await dumpTo('dump', from);
    const bytes = await readFile(path);
    await writeFile(path, bytes.subarray(0, bytes.length - 1));
    const to = await storeIn('to');
    await expect(restoreFrom(path, to)).rejects.toThrow(DumpError);
    await expect(restoreFrom(path, to)).rejects.toThrow(/^block 9 at byte \d+: the dump is cut: it ends at byte \d+/);
    expect(await pairsOf(to)).toEqual([]);
    expect(await to.unfinished()).toBeUndefined();
  });
});

describe('the dump of one instance', () => {
  const theirs = encryptionKeys('key one', 'key two');

  async function storeOf(name: string, instances: string[], secrets: [Buffer, Uint8Array]): Promise<EmbeddedStore> {
    const store = await storeIn(name);
    await fill(store, [...instances.flatMap(pairsOfInstance), secrets]);
    return store;
  }

  test('has all that is stored of it, of every kind, and what its secrets need', async () => {
    const from = await storeOf('from', ['a', 'ab', 'b'], theirs);
    const to = await storeIn('to');
    await restoreFrom(await dumpTo('dump', from, 'ab'), to);
    const expected = [...pairsOfInstance('ab'), theirs].map(([key, value]) => line(key, value));
    expect(await pairsOf(to)).toEqual(expected.sort());
    expect(pairsOfInstance('ab').filter(([key]) => key[0] !== INSTANCE_SPACE).length).toBeGreaterThan(1);
  });

  test('is added to others where one asks for it', async () => {
    const from = await storeOf('from', ['a', 'b'], theirs);
    const path = await dumpTo('dump', from, 'b');
    const to = await storeOf('to', ['a', 'c'], encryptionKeys('key one', 'key two', 'key three'));
    const before = await pairsOf(to);
    await expect(restoreFrom(path, to)).rejects.toThrow('with --into-non-empty the instance is added');
    await restoreFrom(path, to, { into_non_empty: true });
    const added = pairsOfInstance('b').map(([key, value]) => line(key, value));
    expect(await pairsOf(to)).toEqual([...before, ...added].sort());
    await expect(restoreFrom(path, to, { into_non_empty: true })).rejects.toThrow('has an instance "b" already');
  });

  test('is not added where its secrets could not be read, nor when the dump is damaged', async () => {
    const from = await storeOf('from', ['b'], theirs);
    const path = await dumpTo('dump', from, 'b');
    const to = await storeOf('to', ['a'], encryptionKeys('key one', 'another'));
    const before = await pairsOf(to);
    const adding = { into_non_empty: true };
    await expect(restoreFrom(path, to, adding)).rejects.toThrow('encrypted with keys that this store lacks');
    const bytes = await readFile(path);
    await writeFile(path, bytes.subarray(0, bytes.length - 1));
    await expect(restoreFrom(path, to, adding)).rejects.toThrow(DumpError);
    expect(await pairsOf(to)).toEqual(before);
    expect(await to.unfinished()).toBeUndefined();
  });

  test('that was added in part goes on, or is taken back, and nothing else is', async () => {
    const from = await storeOf('from', ['b'], theirs);
    const path = await dumpTo('dump', from, 'b');
    const to = await storeOf('to', ['a', 'c'], theirs);
    const before = await pairsOf(to);
    const stopped = { into_non_empty: true, signal: AbortSignal.abort(new Error('stop')) };
    await expect(restoreFrom(path, to, stopped)).rejects.toThrow('stop');
    await fill(to, pairsOfInstance('b').slice(0, 5));
    expect(await undoFilling(to)).toBe(true);
    expect(await pairsOf(to)).toEqual(before);
    expect(await undoFilling(to)).toBe(false);
    await expect(restoreFrom(path, to, stopped)).rejects.toThrow('stop');
    // As a restore leaves it that is killed: the first pairs are there, in their order.
    const sorted = pairsOfInstance('b').sort(([one], [other]) => Buffer.compare(one, other));
    await fill(to, sorted.slice(0, 5));
    expect(await restoreFrom(path, to)).toMatchObject({ pairs_before: 5 });
    expect((await pairsOf(to)).length).toBe(before.length + sorted.length);
  });
});
