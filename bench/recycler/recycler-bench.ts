import { create } from '@bufbuild/protobuf';
import { readFlags } from '../../src/config/flags.ts';
import { loadSettings } from '../../src/config/load.ts';
import type { ObjectStore } from '../../src/objects/object-store.ts';
import { ObjectStoreError } from '../../src/objects/object-store-error.ts';
import { openObjectStore } from '../../src/objects/open-object-store.ts';
import { SILENT } from '../../src/observe/logger.ts';
import { eachAtATime } from '../../src/recycler/at-a-time.ts';
import { SweepProgress } from '../../src/recycler/progress.ts';
import type { SweepContext } from '../../src/recycler/sweep.ts';
import { recycleRowsets } from '../../src/recycler/sweeps/recycle-rowsets.ts';
import { InstanceInfoPBSchema } from '../../src/schema/gen/cloud/instance_pb.ts';
import { unlimited } from '../../test/support/objects/limits.ts';
import { MemoryBucket } from '../../test/support/objects/memory-bucket.ts';
import { MemoryObjectStore } from '../../test/support/objects/memory-object-store.ts';
import { startS3Server } from '../../test/support/objects/s3-server.ts';
import { OBJECT_SETTINGS } from '../../test/support/objects/settings.ts';
import { type BenchDomain, openDomain } from '../data/domain.ts';
import { compare } from '../kv/measure.ts';
import type { BenchResult } from '../result.ts';
import { peakHeap } from './peak-heap.ts';
import { INSTANCE_ID, pathOf, plantRecycled, VAULT } from './plant.ts';

export interface RecyclerBenchOptions {
  /** How many rowsets are recycled whose objects are in memory, and how many whose objects are on an S3 server. */
  readonly rowsets: number;
  readonly rowsets_on_s3: number;
}

const OBJECTS_PER_CALL = 1000;
const PUTS_AT_A_TIME = 64;
/** Beyond that many, what one round takes evens out what comes in between. */
const MOST_ROWSETS_OF_MANY_ROUNDS = 100_000;

/** A place to delete in, and how objects get there in no time worth counting. */
interface Ground {
  readonly place: ObjectStore;
  readonly plant: (paths: readonly string[]) => Promise<void>;
}

/** Recycling rowsets of one object each, against nothing but deleting these objects in full batches from the same place. */
export async function benchRecycler({ rowsets, rowsets_on_s3 }: RecyclerBenchOptions): Promise<BenchResult[]> {
  const memory = new MemoryObjectStore('memory', new MemoryBucket(), 'bench');
  const body = Buffer.from('data');
  const inMemory = {
    place: memory,
    plant: (paths: readonly string[]) => eachAtATime(paths, PUTS_AT_A_TIME, (path) => memory.put(path, body)),
  };
  const server = await startS3Server('bench');
  try {
    const options = { name: 's3', limiters: unlimited(), settings: OBJECT_SETTINGS };
    const location = server.location('bench');
    const onS3 = {
      place: openObjectStore(location, options),
      plant: (paths: readonly string[]) =>
        server.plant(
          location.bucket,
          paths.map((path) => `${location.prefix}/${path}`),
        ),
    };
    return [
      await compareOn(inMemory, rowsets, `recycle ${rowsets} rowsets, objects in memory`),
      await compareOn(onS3, rowsets_on_s3, `recycle ${rowsets_on_s3} rowsets, objects on an S3 server`),
    ];
  } finally {
    await server.stop();
  }
}

async function compareOn({ place, plant }: Ground, rowsets: number, name: string): Promise<BenchResult> {
  const domain = await openDomain();
  const paths = Array.from({ length: rowsets }, (_, i) => pathOf(i));
  let heap_mib = 0;
  const ours = async () => {
    await plant(paths);
    await plantRecycled(domain.store, rowsets);
    const context = contextOf(domain, place);
    const heap = peakHeap();
    const rate = await rateOf(rowsets, () => recycleRowsets.run(context));
    heap_mib = Math.max(heap_mib, heap.stop());
    const { deleted } = context.progress.numbers;
    if (deleted !== rowsets) throw new Error(`${deleted} of ${rowsets} rowsets were recycled`);
    return rate;
  };
  const bare = async () => {
    await plant(paths);
    const { settings } = contextOf(domain, place);
    return rateOf(rowsets, () => deleteAll(place, paths, settings.instance_recycler_worker_pool_size));
  };
  try {
    const rounds = rowsets > MOST_ROWSETS_OF_MANY_ROUNDS ? 1 : 3;
    return { ...(await compare(name, 'rowsets/s', rounds, ours, bare)), heap_mib };
  } finally {
    await domain.dispose();
  }
}

function deleteAll(place: ObjectStore, paths: readonly string[], batches: number): Promise<void> {
  const starts = Array.from({ length: Math.ceil(paths.length / OBJECTS_PER_CALL) }, (_, i) => i * OBJECTS_PER_CALL);
  return eachAtATime(starts, batches, (at) => place.delete(paths.slice(at, at + OBJECTS_PER_CALL)));
}

async function rateOf(count: number, work: () => Promise<void>): Promise<number> {
  const began_ms = performance.now();
  await work();
  return (count / (performance.now() - began_ms)) * 1000;
}

function contextOf({ store, services }: BenchDomain, place: ObjectStore): SweepContext {
  return {
    ...{
      store,
      services,
      instance_id: INSTANCE_ID,
      instance: create(InstanceInfoPBSchema, { instanceId: INSTANCE_ID }),
    },
    vaults: {
      get: (resource_id) => {
        if (resource_id === VAULT) return place;
        throw new ObjectStoreError('missing', `there is no vault ${resource_id}`);
      },
      all: () => [place],
      stage: () => Promise.reject(new ObjectStoreError('missing', 'there are no stages')),
      close: () => undefined,
    },
    settings: loadSettings(readFlags([]), {}).settings,
    logger: SILENT,
    now_ms: Date.now,
    dry_run: false,
    progress: new SweepProgress(),
    signal: new AbortController().signal,
  };
}
