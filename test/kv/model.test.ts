import { describe, expect, test } from 'vitest';
import { openEmbeddedStore } from '../../src/kv/embedded/store.ts';
import { clusterFile, describeOnCluster, openPart } from '../support/kv/engines.ts';
import { checkSerializable } from '../support/kv/model/check.ts';
import type { Committed } from '../support/kv/model/operation.ts';
import { checkRun, runElsewhere, runHere } from '../support/kv/model-run.ts';
import { temporaryStore } from '../support/kv/temporary-store.ts';
import { newSeed } from '../support/random.ts';

describe('random concurrent transactions are serializable', () => {
  test.each([true, false])('in one process, alone on the directory: %s', async (exclusive) => {
    const seed = newSeed();
    for (let round = 0; round < 3; round++) {
      const temporary = await temporaryStore({ exclusive });
      try {
        const history = await runHere(temporary.store, { seed: seed + round * 1_000, clients: 12, transactions: 120 });
        expect(history.length).toBeGreaterThan(300);
        expect(temporary.store.stats().conflicts).toBeGreaterThan(20);
        await checkRun(temporary.store, history);
      } finally {
        await temporary.dispose();
      }
    }
  });

  test('in three processes on one directory', async () => {
    const seed = newSeed();
    const temporary = await temporaryStore();
    try {
      const run = { seed, clients: 4, transactions: 100 };
      const histories = await Promise.all([
        runHere(temporary.store, run),
        runElsewhere(temporary, 'left', { ...run, seed: seed + 100_000 }),
        runElsewhere(temporary, 'right', { ...run, seed: seed + 200_000 }),
      ]);
      expect(histories.every((history) => history.length > 50)).toBe(true);
      await checkRun(temporary.store, histories.flat());
      const reopened = await openEmbeddedStore({ dir: temporary.dir });
      await checkRun(reopened, histories.flat());
      await reopened.close();
    } finally {
      await temporary.dispose();
    }
  });
});

describeOnCluster('random concurrent transactions are serializable', () => {
  test('in one process', async () => {
    const seed = newSeed();
    const opened = await openPart();
    try {
      const history = await runHere(opened.store, { seed, clients: 12, transactions: 120 });
      expect(history.length).toBeGreaterThan(300);
      expect(opened.store.stats?.().conflicts).toBeGreaterThan(20);
      await checkRun(opened.store, history);
    } finally {
      await opened.dispose();
    }
  });
});

describeOnCluster(
  'random concurrent transactions are serializable',
  () => {
    test('in three processes', async () => {
      const seed = newSeed();
      const opened = await openPart();
      try {
        const place = { cluster_file_path: clusterFile(), part: opened.part.toString('hex') };
        const run = { seed, clients: 4, transactions: 100 };
        const histories = await Promise.all([
          runHere(opened.store, run),
          runElsewhere(place, 'left', { ...run, seed: seed + 100_000 }),
          runElsewhere(place, 'right', { ...run, seed: seed + 200_000 }),
        ]);
        expect(histories.every((history) => history.length > 50)).toBe(true);
        await checkRun(opened.store, histories.flat());
      } finally {
        await opened.dispose();
      }
    });
  },
  'other processes',
);

describe('the check itself notices', () => {
  const base = { client: 'a', known_version: '0', operations: [] };
  const stamp = (version: number) => `${'\0'.repeat(7)}${String.fromCharCode(version)}\0\0`;

  test('a read that missed a commit', () => {
    const history: Committed[] = [
      { ...base, versionstamp: stamp(1), read_version: '0', operations: [{ kind: 'set', key: 'k', value: '1' }] },
      {
        ...base,
        versionstamp: stamp(2),
        read_version: '0',
        operations: [
          { kind: 'get', key: 'k', snapshot: false, result: null },
          { kind: 'set', key: 'j', value: '1' },
        ],
      },
    ];
    expect(() => checkSerializable(history)).toThrow(/does not fit/);
  });

  test('a versionstamp that comes twice, and a state older than one seen before', () => {
    const once = { ...base, versionstamp: stamp(1), read_version: '0' };
    expect(() => checkSerializable([once, once])).toThrow(/same versionstamp/);
    const older = { ...base, versionstamp: null, read_version: '1', known_version: '2' };
    expect(() => checkSerializable([older])).toThrow(/older state/);
  });
});
