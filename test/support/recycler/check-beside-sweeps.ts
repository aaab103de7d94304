import { expect } from 'vitest';
import { keys } from '../../../src/keys/key-table.ts';
import { collectRange } from '../../../src/kv/collect-range.ts';
import { checkInstance } from '../../../src/recycler/check/check-instance.ts';
import { dataSweeps } from '../../../src/recycler/sweeps/data-sweeps.ts';
import { txnSweeps } from '../../../src/recycler/sweeps/txn-sweeps.ts';
import type { Random } from '../random.ts';
import { DataWorld, INSTANCE, type Place } from './data-world.ts';
import { sweepContext } from './sweep-context.ts';

const SWEEPS = [...dataSweeps, ...txnSweeps];

/** Tables of two tablets each, of which one may be dropped, and another takes its place. */
class Tables {
  #next = 1n;
  readonly there: (readonly [Place, Place])[] = [];

  constructor(private readonly world: DataWorld) {}

  async create(): Promise<void> {
    const first = this.#next;
    this.#next += 10n;
    const place = { tableId: first, indexId: first + 1n, partitionId: first + 2n };
    const tablets = [
      { ...place, tabletId: first + 3n },
      { ...place, tabletId: first + 4n },
    ] as const;
    await this.world.createIndex(tablets);
    this.there.push(tablets);
  }

  async drop(): Promise<void> {
    // What takes its place comes first: several may be dropped at once, and some table is there at every moment.
    await this.create();
    const [dropped] = this.there.splice(0, 1);
    if (dropped) await this.world.dropIndex(dropped[0]);
  }
}

async function versionsOf({ domain }: DataWorld, { tabletId }: Place): Promise<bigint[]> {
  const { begin, end } = keys.metaRowset.range({ instance_id: INSTANCE, tablet_id: tabletId });
  const pairs = await domain.store.transact((txn) => collectRange(txn, begin, end));
  return pairs.map(({ key }) => keys.metaRowset.decode(key)?.version ?? 0n);
}

/** One thing that may happen. What comes in the way of another is refused, as it would be in life. */
async function deed(world: DataWorld, tables: Tables, random: Random): Promise<void> {
  const tablets = random.pick(tables.there);
  const tablet = random.pick(tablets);
  const kind = random.int(10);
  const seconds = random.int(4000);
  try {
    if (kind < 4) await world.load(tablets, { numSegments: BigInt(random.int(3)) });
    else if (kind === 4) await world.write(world.rowset(await world.begin(tablet.tableId, 60_000n), tablet));
    else if (kind === 5) await abortedLoad(world, tablet);
    else if (kind < 8) await compactLast(world, tablet);
    else if (kind === 8) await tables.drop();
    else world.now += seconds;
  } catch (error) {
    if (!(error instanceof Error) || !/^[A-Z_]+ /.test(error.message)) throw error;
  }
}

async function abortedLoad(world: DataWorld, tablet: Place): Promise<void> {
  const txnId = await world.begin(tablet.tableId);
  await world.write(world.rowset(txnId, tablet));
  await world.abort(txnId);
}

async function compactLast(world: DataWorld, tablet: Place): Promise<void> {
  const versions = (await versionsOf(world, tablet)).filter((version) => version > 1n);
  const [before = 1n] = versions.slice(-3, -2);
  const last = versions.at(-1);
  if (last !== undefined && versions.length > 1) await world.compact(tablet, before + 1n, last);
}

async function check(world: DataWorld) {
  const context = await sweepContext(world.domain, { stores: world.stores, now_ms: () => world.now * 1000 });
  const report = await checkInstance(context, { young_ms: 0 });
  for (const kind of ['lost', 'orphaned', 'inconsistent', 'unchecked'] as const) {
    expect(report[kind], kind).toEqual({ count: 0, first: [] });
  }
  return report;
}

/** Lets anything happen in so many steps, with the recycler and the checker beside it, which must find nothing wrong. */
export async function checkBesideSweeps(random: Random, steps: number): Promise<void> {
  const world = await DataWorld.open({ now_ms: () => 0 });
  try {
    const tables = new Tables(world);
    for (let i = 0; i < 3; i++) await tables.create();
    for (let step = 0; step < steps; step++) {
      const deeds = Array.from({ length: 1 + random.int(4) }, () => deed(world, tables, random));
      const sweeping = random.chance(0.5) ? [world.sweep(SWEEPS)] : [];
      await Promise.all([...deeds, ...sweeping, check(world)]);
    }
    for (let round = 0; round < 3; round++) {
      world.now += 1_000_000;
      await world.sweep(SWEEPS);
    }
    const { rowsets_with_objects, objects } = await check(world);
    expect(rowsets_with_objects > 0).toBe(objects > 0);
    expect(world.bucket.size).toBe(objects);
  } finally {
    await world.dispose();
  }
}
