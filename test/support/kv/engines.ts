import { describe, test } from 'vitest';
import type { Store } from '../../../src/kv/store.ts';
import { startTestServer, type TestServer } from '../run-server.ts';
import { type FdbUnderTest, openOnCluster, openOnDouble, openWhole } from './foundationdb/fdb-store.ts';
import { serveStore } from './serve-store.ts';

/** The engines that suites take by name. */
export type EngineName = 'embedded' | 'foundationdb';

/** The cluster file of a cluster for tests, or `double` for the one that is in the process of a test; undefined without any. */
const CLUSTER_FILE = process.env.FDB_CLUSTER_FILE || undefined;
const DOUBLE = 'double';

/** What a suite needs of a cluster: a part of it, or also that other processes reach it. */
export type Needs = 'a part' | 'other processes';

/**
 * A suite on each engine. On FoundationDB it runs where `FDB_CLUSTER_FILE` names a cluster, and says elsewhere that it did not.
 */
export function describeOnEngines(suite: string, run: (engine: EngineName) => void, needs: Needs = 'a part'): void {
  describe(suite, () => run('embedded'));
  describeOnCluster(suite, () => run('foundationdb'), needs);
}

/** A suite on FoundationDB alone, where there is a cluster. */
export function describeOnCluster(suite: string, run: () => void, needs: Needs = 'a part'): void {
  describe(`on FoundationDB: ${suite}`, () => {
    const is_reached = CLUSTER_FILE !== undefined && (CLUSTER_FILE !== DOUBLE || needs === 'a part');
    const why = CLUSTER_FILE === undefined ? 'FDB_CLUSTER_FILE names no cluster' : 'it runs in other processes';
    if (is_reached) run();
    else test.skip(`not run, since ${why}`, () => undefined);
  });
}

/** The file of the cluster, for a suite that runs on one. */
export function clusterFile(): string {
  if (CLUSTER_FILE === undefined) throw new Error('FDB_CLUSTER_FILE names no cluster');
  return CLUSTER_FILE;
}

/** A part of the cluster that nobody else uses. */
export function openPart(): Promise<FdbUnderTest> {
  return CLUSTER_FILE === DOUBLE ? openOnDouble() : openOnCluster(clusterFile());
}

/** All that is in the cluster, also what is not of these tests. */
export function openWholeCluster(): Promise<Store> {
  return openWhole(clusterFile());
}

/** The whole server in this process, on a store of its own that is removed when it stops. */
export async function serveOn(engine: EngineName): Promise<TestServer> {
  if (engine === 'embedded') return startTestServer();
  const opened = await openPart();
  const server = await serveStore(opened.store, { kv: 'foundationdb' });
  return {
    ...server,
    async stop() {
      await server.stop();
      await opened.dispose();
    },
  };
}

/** The settings, as flags, with which a service in a process of its own uses an engine. */
export function flagsOf(engine: EngineName): readonly string[] {
  return engine === 'embedded' ? [] : ['--kv', 'foundationdb', '--fdb-cluster-file-path', clusterFile()];
}

/** What such a process must be told besides, for the client library. */
export function environmentOf(engine: EngineName): Readonly<Record<string, string>> {
  if (engine === 'embedded') return {};
  const told = Object.entries(process.env).filter(([name]) =>
    /^(FDB_(?!CLUSTER_FILE)|(DY)?LD_LIBRARY_PATH$)/.test(name),
  );
  return Object.fromEntries(told) as Record<string, string>;
}
