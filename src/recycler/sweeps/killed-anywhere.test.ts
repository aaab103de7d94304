import { expect, test } from 'vitest';
import { rpc } from '../../../test/support/fuzz/domain.ts';
import { storedPairs } from '../../../test/support/fuzz/stored-pairs.ts';
import type { ObjectFault } from '../../../test/support/objects/memory-object-store.ts';
import { openStageWorld, type StageWorld } from '../../../test/support/recycler/stage-world.ts';
import type { Store, Transaction, TransactOptions } from '../../kv/store.ts';
import { ObjectStoreError } from '../../objects/object-store-error.ts';
import { txnSweeps } from './txn-sweeps.ts';

const CALLER = { cloudUniqueId: '1:i:be', dbId: 7n };
const settings = { label_keep_max_second: 100, internal_stage_objects_expire_time_second: 100 };

/** Counts what may be the last thing that a process does: a transaction of the store, or a call to a place. */
class Fuse {
  /** Deeds until the process is killed: with a half, when the last one is done, before anybody hears of it. */
  left = Number.POSITIVE_INFINITY;
  used = 0;

  async transact<T>(deed: () => Promise<T>): Promise<T> {
    const { before, after } = this.fault();
    if (before) throw before;
    const result = await deed();
    if (after) throw after;
    return result;
  }

  fault(): ObjectFault {
    this.used++;
    this.left -= 1;
    const killed = new ObjectStoreError('failed', 'killed');
    if (this.left < -0.5) return { before: killed };
    return this.left < 0 ? { after: killed } : {};
  }
}

/** A stage that was dropped, one with old files and copy jobs, and transactions that have timed out or are to be forgotten. */
async function openWorld(fuse: Fuse): Promise<StageWorld> {
  const world = await openStageWorld({ fault: () => fuse.fault() });
  const { domain } = world;
  const begin = (label: string, timeoutMs: bigint) =>
    domain.call(rpc.begin_txn, { ...CALLER, txnInfo: { dbId: 7n, label, timeoutMs, tableIds: [1n] } });
  expect(await world.createStage('jack', '1')).toBe('OK');
  expect(await world.createStage('jill', '2')).toBe('OK');
  for (const path of ['a', 'b', 'c']) world.upload(path, path, 'jill/2');
  const a = world.upload('a');
  await world.beginCopy('one', { a });
  await world.finishCopy('one');
  world.upload('old');
  await world.beginCopy('two', { old: 'x' });
  await world.dropStage('2');
  for (const label of ['l', 'm']) {
    const { txnId } = await begin(label, 500n);
    await domain.call(rpc.abort_txn, { ...CALLER, txnId });
    await begin(label, 50_000n);
  }
  world.pass(101);
  world.upload('young');
  await begin('live', 1_000_000n);
  return world;
}

async function sweepAll(world: StageWorld, fuse?: Fuse): Promise<void> {
  const store = fuse ? mortal(world.domain.store, fuse) : world.domain.store;
  for (const sweep of txnSweeps) await world.sweep(sweep, { settings, store }).catch(() => undefined);
}

function mortal(store: Store, fuse: Fuse): Store {
  const transact = <T>(work: (txn: Transaction) => Promise<T>, options?: TransactOptions) =>
    fuse.transact(() => store.transact(work, options));
  return Object.create(store, { transact: { value: transact } });
}

/** The kinds of keys and the objects that are left. Ids and stamps differ from run to run. */
async function left({ domain, bucket }: StageWorld): Promise<string[]> {
  const pairs = await storedPairs(domain.store);
  return [
    ...pairs.map(({ key }) => `${key.length} ${Buffer.from(key).subarray(0, 30).toString('hex')}`),
    ...bucket.keys,
  ];
}

test('sweeps that are killed anywhere leave the next ones all that is to be done, and nothing that is not', async () => {
  const counting = new Fuse();
  const first = await openWorld(counting);
  counting.used = 0;
  await sweepAll(first, counting);
  const deeds = counting.used;
  const expected = await left(first);
  await first.domain.dispose();
  expect(first.bucket.keys).toEqual(['pre/stage/jack/1/young']);
  expect(deeds).toBeGreaterThan(20);
  // To be killed before a deed leaves the same as to be killed when the one before it is done.
  for (let killed_at = 0.5; killed_at < deeds; killed_at++) {
    const fuse = new Fuse();
    const world = await openWorld(fuse);
    fuse.left = killed_at;
    await sweepAll(world, fuse);
    fuse.left = Number.POSITIVE_INFINITY;
    await sweepAll(world);
    expect(await left(world), `killed at ${killed_at} of ${deeds}`).toEqual(expected);
    await world.domain.dispose();
  }
});
