import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { S3_DOUBLE, S3Double } from '../objects/s3-double.ts';
import { Random } from '../random.ts';
import { makeDir } from '../run-server.ts';
import type { Actor } from '../simulation/actor.ts';
import { checkObserved } from '../simulation/checks.ts';
import { Cleaner } from '../simulation/cleaner.ts';
import { type Cluster, INSTANCE_ID, Tally } from '../simulation/cluster.ts';
import { Compactor } from '../simulation/compactor.ts';
import { Dropper } from '../simulation/dropper.ts';
import { Findings } from '../simulation/findings.ts';
import { Loader } from '../simulation/loader.ts';
import { Model } from '../simulation/model.ts';
import { observeByCalls } from '../simulation/observe-calls.ts';
import { Reader } from '../simulation/reader.ts';
import { SchemaChanger } from '../simulation/schema-changer.ts';
import { ServiceProcess } from '../simulation/service-process.ts';
import { LAZY_IN_STEPS } from '../simulation/simulation.ts';
import { createTable } from '../simulation/table.ts';
import { Auditor, auditAll } from './auditor.ts';
import { checkedByService, leftInStore, waitUntilClean } from './chaos-end.ts';
import { ChaosStorage, PREFIX, randomFaults } from './chaos-storage.ts';
import { Forsaker } from './forsaker.ts';
import { Tenant } from './tenant.ts';

export interface ChaosOptions {
  readonly seed: number;
  /** For how long new work is begun. */
  readonly seconds: number;
  /** How often the service is killed meanwhile. */
  readonly crashes: number;
}

export interface Chaos {
  /** What was wrong, each with enough said to find it. */
  readonly findings: readonly string[];
  readonly tally: Tally;
  readonly calls: number;
  /** Requests to object storage, and how many of them went wrong. */
  readonly requests: number;
  readonly faults: number;
}

const TABLES = [false, false, true];
const PARTITIONS = 2;
/** Enough for everything to happen, however slow the machine is. */
const LEAST_CALLS = 5_000;

/** Longer than any load takes, even if the service is killed meanwhile: what is loaded to a partition that is gone fails. */
const DROPPED_S = 8;

/** Everything else goes as soon as it may. */
const HASTY = [
  ...['--recycle-interval-seconds', '1', '--recycler-sleep-before-scheduling-seconds', '0'],
  ...['--retention-seconds', `${DROPPED_S}`, '--compacted-rowset-retention-seconds', '0'],
  ...['--dropped-index-retention-seconds', `${DROPPED_S}`, '--dropped-partition-retention-seconds', `${DROPPED_S}`],
  ...['--recycle-job-lease-expired-ms', '3000', '--object-request-timeout-ms', '700', '--max-s3-client-retry', '2'],
  ...['--enable-checker', 'true', '--enable-inverted-check', 'true', '--check-object-interval-seconds', '100000'],
];

const ACTORS = [
  ...Array.from({ length: 5 }, () => Loader),
  ...Array.from({ length: 3 }, () => Compactor),
  Reader,
  SchemaChanger,
  Dropper,
  Cleaner,
  Forsaker,
  Tenant,
  Auditor,
];

/** Runs a cluster with the recycler beside it, on object storage that fails at random, and kills the service again and again. */
export async function runChaos(options: ChaosOptions): Promise<Chaos> {
  const { seed, seconds, crashes } = options;
  const random = new Random(seed);
  const dir = await makeDir();
  const double = await S3Double.start({ fault: randomFaults(new Random(random.int(2 ** 32))) });
  const service = new ServiceProcess(dir, [...HASTY, ...LAZY_IN_STEPS]);
  const findings = new Findings();
  const tally = new Tally();
  const model = new Model({ recycled: true });
  const storage = new ChaosStorage(double);
  const end_ms = performance.now() + seconds * 1000;
  const over = () => performance.now() > end_ms && service.calls >= LEAST_CALLS;
  const cluster: Cluster = { service, model, findings, tally, storage, over };
  try {
    await createInstance(service, double);
    for (const merges_on_write of TABLES) await createTable(cluster, PARTITIONS, merges_on_write);
    const actors = ACTORS.map(
      (Kind, i) =>
        new Kind({ cluster, random: new Random(random.int(2 ** 32)), name: `${Kind.name.toLowerCase()}-${i}` }),
    );
    await Promise.all([...actors.map((actor) => work(cluster, actor)), crash(cluster, service, random, options)]);
    double.fault = undefined;
    for (const actor of actors) if (actor instanceof Tenant) await actor.end();
    findings.addAll(checkObserved(model, await observeByCalls(cluster)));
    findings.addAll(await waitUntilClean(cluster, service, storage));
    await auditAll(cluster, storage);
    findings.addAll(await checkedByService(service));
    await service.stop();
    findings.addAll(await leftInStore(service.data_dir, model));
    findings.addAll(service.errors().filter((line) => !onlyUnchecked(line)));
    if (crashes !== service.crashes) findings.add(`the service was killed ${service.crashes} times`);
    return { findings: findings.list(), tally, calls: service.calls, requests: double.requests, faults: double.faults };
  } catch (error) {
    throw new Error(`the chaos with seed ${seed} broke off: ${findings.list().join('; ')}`, { cause: error });
  } finally {
    await service.dispose();
    await double.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

/** A check that was made while storage failed has not seen everything. It must have found nothing lost even so. */
function onlyUnchecked(line: string): boolean {
  return line.includes('an instance was checked, and not all is well') && line.includes('"lost":0,');
}

async function createInstance(service: ServiceProcess, { endpoint }: S3Double): Promise<void> {
  const { ak, sk, bucket } = S3_DOUBLE;
  const where = { endpoint, external_endpoint: endpoint, region: 'us-east-1', provider: 'S3' };
  const obj_info = { ak, sk, bucket, prefix: PREFIX, ...where };
  await service.admin('create_instance', { instance_id: INSTANCE_ID, name: INSTANCE_ID, user_id: 'chaos', obj_info });
}

async function work(cluster: Cluster, actor: Actor): Promise<void> {
  while (!cluster.over()) {
    await actor.act();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Kills the service at moments that lie over the whole run, and looks each time at what is lost. */
async function crash(
  cluster: Cluster,
  service: ServiceProcess,
  random: Random,
  { seconds, crashes }: ChaosOptions,
): Promise<void> {
  const began_ms = performance.now();
  for (let i = 1; i <= crashes; i++) {
    const at_ms = began_ms + (seconds * 1000 * (i - random.next() / 2)) / crashes;
    await sleep(Math.max(0, at_ms - performance.now()));
    await service.crash();
    await auditAll(cluster, cluster.storage as ChaosStorage);
  }
}
