import { rm } from 'node:fs/promises';
import { rangesOfInstance } from '../../../src/dump/ranges.ts';
import { collectRange } from '../../../src/kv/collect-range.ts';
import { openEmbeddedStore } from '../../../src/kv/embedded/store.ts';
import type { KeyValue, Store } from '../../../src/kv/store.ts';
import { problemsOfPairs, storedProblems } from '../fuzz/stored-pairs.ts';
import { type EngineName, environmentOf, flagsOf, openWholeCluster } from '../kv/engines.ts';
import { Random } from '../random.ts';
import { makeDir } from '../run-server.ts';
import type { Actor, ActorOptions } from './actor.ts';
import { checkObserved, checkStored } from './checks.ts';
import { Cleaner } from './cleaner.ts';
import { type Cluster, INSTANCE_ID, Tally } from './cluster.ts';
import { Compactor } from './compactor.ts';
import { Dropper } from './dropper.ts';
import { Findings } from './findings.ts';
import { Loader } from './loader.ts';
import { Model } from './model.ts';
import { observeByCalls } from './observe-calls.ts';
import { observeStore } from './observe-store.ts';
import { Reader } from './reader.ts';
import { SchemaChanger } from './schema-changer.ts';
import { ServiceProcess } from './service-process.ts';
import { createTable } from './table.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** After how many calls nothing new is begun. */
  readonly calls: number;
  /** How often the service is killed and started again meanwhile. */
  readonly crashes: number;
  /** In how many processes it works; one, unless told otherwise. Then every other crash is that of one of them. */
  readonly workers?: number;
  /** Of each table, whether it merges on write. */
  readonly tables?: readonly boolean[];
  /** Where its store is; on FoundationDB, what is there of the simulated instance is removed before and afterwards. */
  readonly engine?: EngineName;
  /** Settings of the service, as flags. */
  readonly args?: readonly string[];
}

export interface Simulated {
  /** What was wrong, each with enough said to find it. */
  readonly findings: readonly string[];
  readonly tally: Tally;
  readonly calls: number;
  readonly lost: number;
  readonly model: Model;
  /** The directory of the service, with the store that was left behind where it is embedded. */
  readonly data_dir: string;
  /** Removes that store. */
  dispose(): Promise<void>;
}

const TABLES = [false, false, true];
const PARTITIONS = 2;

/** Settings with which loads of more than two rowsets are committed lazily, where they may be, and become visible one by one. */
export const LAZY_IN_STEPS = ['--txn-lazy-commit-rowsets-thresold', '2', '--txn-lazy-max-rowsets-per-batch', '1'];

const ACTORS = [
  ...Array.from({ length: 10 }, () => Loader),
  ...Array.from({ length: 4 }, () => Compactor),
  ...Array.from({ length: 2 }, () => Reader),
  SchemaChanger,
  Dropper,
  Cleaner,
];

/** Runs a cluster of frontends and backends against one service, and looks for what does not fit together afterwards. */
export async function simulate(options: SimulationOptions): Promise<Simulated> {
  const { seed, calls, crashes, workers = 1, tables = TABLES, args = [], engine = 'embedded' } = options;
  const dir = await makeDir();
  const dispose = async () => {
    await rm(dir, { recursive: true, force: true });
    if (engine !== 'embedded') await removeInstance();
  };
  if (engine !== 'embedded') await removeInstance();
  const service = new ServiceProcess(
    dir,
    ['--workers', `${workers}`, ...flagsOf(engine), ...args],
    environmentOf(engine),
  );
  const findings = new Findings();
  const model = new Model();
  const tally = new Tally();
  const random = new Random(seed);
  const over = () => service.calls >= calls;
  const cluster: Cluster = { service, model, findings, tally, over };
  try {
    await service.admin('create_instance', { instance_id: INSTANCE_ID, name: INSTANCE_ID, user_id: 'simulation' });
    for (const merges_on_write of tables) await createTable(cluster, PARTITIONS, merges_on_write);
    const actors = ACTORS.map((Kind, i) => new Kind(optionsOf(cluster, Kind.name, i, random.int(2 ** 32))));
    await Promise.all([
      ...actors.map((actor) => work(cluster, actor)),
      crash(service, random, { calls, crashes, workers }),
    ]);
    findings.addAll(checkObserved(model, await observeByCalls(cluster)));
    await service.stop();
    findings.addAll(await checkLeft(engine, service.data_dir, model));
    findings.addAll(service.errors());
  } catch (error) {
    await service.dispose();
    await dispose();
    throw new Error(`the simulation with seed ${seed} broke off`, { cause: error });
  }
  return {
    findings: findings.list(),
    tally,
    calls: service.calls,
    lost: service.lost,
    model,
    data_dir: service.data_dir,
    dispose,
  };
}

async function work(cluster: Cluster, actor: Actor): Promise<void> {
  while (!cluster.over()) {
    await actor.act();
    // A piece of work that needs no call must not keep the others from theirs.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Kills the service at moments that lie over the whole run. */
async function crash(
  service: ServiceProcess,
  random: Random,
  { calls, crashes, workers }: Pick<SimulationOptions, 'calls' | 'crashes'> & { readonly workers: number },
): Promise<void> {
  for (let i = 1; i <= crashes; i++) {
    const at = (calls * (i - random.next() / 2)) / crashes;
    while (service.calls < at) await new Promise((resolve) => setTimeout(resolve, random.int(10)));
    if (workers > 1 && i % 2 === 1) await service.killWorker();
    else await service.crash({ workers: random.chance(0.5) });
  }
}

/** Reads the store that a service has left, and checks it. */
async function checkLeft(engine: EngineName, dir: string, model: Model): Promise<string[]> {
  const store = engine === 'embedded' ? await openEmbeddedStore({ dir, exclusive: true }) : await openWholeCluster();
  try {
    const problems = checkStored(model, await observeStore(store, model));
    // In a cluster there may be what is not of the simulation.
    const spoilt = engine === 'embedded' ? await storedProblems(store) : problemsOfPairs(await pairsOfInstance(store));
    return [...problems, ...spoilt];
  } finally {
    await store.close();
  }
}

function pairsOfInstance(store: Store): Promise<KeyValue[]> {
  return store.transact(async (txn) => {
    const pairs: KeyValue[] = [];
    for (const { begin, end } of rangesOfInstance(INSTANCE_ID)) {
      pairs.push(...(await collectRange(txn, begin, end, { snapshot: true })));
    }
    return pairs;
  });
}

/** Removes from a cluster for tests what is there of the simulated instance, and nothing else. */
async function removeInstance(): Promise<void> {
  const store = await openWholeCluster();
  try {
    await store.transact(async (txn) => {
      for (const { begin, end } of rangesOfInstance(INSTANCE_ID)) txn.clearRange(begin, end);
    });
  } finally {
    await store.close();
  }
}

function optionsOf(cluster: Cluster, kind: string, i: number, seed: number): ActorOptions {
  return { cluster, random: new Random(seed), name: `${kind.toLowerCase()}-${i}` };
}
