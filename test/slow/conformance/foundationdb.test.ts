import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { replay } from '../../conformance/replay.ts';
import { readSuites } from '../../conformance/suite.ts';
import { Cluster, type Faults } from '../../support/kv/foundationdb/cluster.ts';
import { type FdbUnderTest, openOnDouble } from '../../support/kv/foundationdb/fdb-store.ts';
import { serveStore } from '../../support/kv/serve-store.ts';
import { newSeed, Random } from '../../support/random.ts';
import type { TestServer } from '../../support/run-server.ts';

const SUITES = join(import.meta.dirname, '../../conformance/suites');

describe('a service whose store is in FoundationDB, on a double of a cluster that fails in all ways,', () => {
  const random = new Random(newSeed());
  const cluster = new Cluster();
  let opened: FdbUnderTest;
  let server: TestServer;
  beforeAll(async () => {
    opened = await openOnDouble(cluster);
    server = await serveStore(opened.store);
    Object.assign(cluster.faults, faultsOf(random));
  });
  afterAll(async () => {
    await server.stop();
    for (const name of Object.keys(cluster.faults)) delete cluster.faults[name as keyof Faults];
    await opened.dispose();
  });

  const suites = ['reference/control', 'reference/data'].flatMap((folder) => readSuites(join(SUITES, folder)));
  test.each(suites)('answers as recorded: $name', async (suite) => {
    expect(await replay(suite, server)).toEqual([]);
  });
});

/** Commits that get lost in each way, and those that FoundationDB itself has run again. */
function faultsOf(random: Random): Faults {
  return {
    commit: () => {
      if (random.chance(0.05)) return { code: random.pick([1020, 1007, 1037, 1042]), fate: 'not made' };
      if (random.chance(0.9)) return undefined;
      return random.pick([
        { code: 1021, fate: 'made' },
        { code: 1021, fate: 'not made' },
        { code: 1031, fate: 'late' },
        { code: 1039, fate: 'made' },
      ] as const);
    },
  };
}
