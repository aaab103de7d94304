import { readFlags } from '../../../src/config/flags.ts';
import { loadSettings } from '../../../src/config/load.ts';
import type { ObjectStore } from '../../../src/objects/object-store.ts';
import { ObjectStoreError } from '../../../src/objects/object-store-error.ts';
import { type Planned, SweepProgress } from '../../../src/recycler/progress.ts';
import type { Sweep, SweepContext, Vaults } from '../../../src/recycler/sweep.ts';
import { openVaults } from '../../../src/recycler/vaults.ts';
import type { InstanceInfoPB } from '../../../src/schema/gen/cloud/instance_pb.ts';
import type { Domain } from '../fuzz/domain.ts';
import { loggerTo } from '../logger-to.ts';
import { unlimited } from '../objects/limits.ts';
import type { MemoryPlaces } from '../objects/memory-places.ts';

export interface TestContextOptions extends Partial<Omit<SweepContext, 'settings'>> {
  readonly settings?: Partial<SweepContext['settings']>;
  /** The places of the instance by their resource ids, and those of stages by theirs. */
  readonly stores?: Readonly<Record<string, ObjectStore>>;
  /** Where the instance's own object stores, vaults and stages are opened, in place of `stores`. */
  readonly places?: MemoryPlaces;
}

/** What a sweep did, and in a dry run would have done. */
export interface Swept {
  readonly progress: SweepProgress;
  readonly planned: readonly Planned[];
}

/** A context for a sweep over an instance, `i` unless told, of a domain, with the settings of Doris. */
export async function sweepContext(domain: Domain, options: TestContextOptions = {}): Promise<SweepContext> {
  const { settings: given, stores = {}, places, instance_id = 'i', ...more } = options;
  const settings = { ...loadSettings(readFlags([]), {}).settings, ...given };
  const instance = await domain.instance(instance_id);
  return {
    store: domain.store,
    services: domain.services,
    instance_id,
    instance,
    vaults: places ? await memoryVaults(domain, instance, places) : testVaults(stores),
    settings,
    logger: loggerTo((line) => void domain.log.push(line)),
    now_ms: domain.services.now_ms,
    dry_run: false,
    progress: new SweepProgress(),
    signal: new AbortController().signal,
    ...more,
  };
}

/** The places of an instance, opened in the memory of the test. */
function memoryVaults({ store, services }: Domain, instance: InstanceInfoPB, { open }: MemoryPlaces): Promise<Vaults> {
  const settings = {
    ...{ s3_client_http_scheme: 'http', max_s3_client_retry: 1 },
    ...{ object_request_timeout_ms: 1000, webhdfs_port: 1 },
  };
  return openVaults(instance, { store, keyring: services.keyring, open, settings, limiters: unlimited() });
}

/** Runs a sweep once over an instance of a domain. */
export async function runSweep(sweep: Sweep, domain: Domain, options: TestContextOptions = {}): Promise<Swept> {
  const planned: Planned[] = [];
  const progress = new SweepProgress((what) => planned.push(what));
  await sweep.run(await sweepContext(domain, { progress, ...options }));
  return { progress, planned };
}

/** Places by their resource ids, those of stages by theirs, and no others. */
export function testVaults(stores: Readonly<Record<string, ObjectStore>>): Vaults {
  const get = (id: string): ObjectStore => {
    const found = stores[id];
    if (found) return found;
    throw new ObjectStoreError('misconfigured', `the instance has no vault of the id ${id}`);
  };
  return {
    get,
    all: () => Object.values(stores),
    stage: async ({ stageId }) => get(stageId),
    close: () => undefined,
  };
}
