import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keys } from '../../src/keys/key-table.ts';
import { ObjectStoreError } from '../../src/objects/object-store-error.ts';
import type { Recycler } from '../../src/recycler/recycler.ts';
import { AlterInstanceRequest_Operation as Operation } from '../../src/schema/gen/cloud/instance_pb.ts';
import {
  RecycleReportPB_State as RoundState,
  RecycleSweepPB_State as SweepState,
} from '../../src/schema/gen/nereus/recycling_pb.ts';
import { type Domain, domainOn, openDomain, rpc } from '../support/fuzz/domain.ts';
import { GatedSweep } from '../support/recycler/gated-sweep.ts';
import { ManualClock } from '../support/recycler/manual-clock.ts';
import { settled } from '../support/recycler/settled.ts';
import { testVaults } from '../support/recycler/sweep-context.ts';
import { jobOf, reportOf, type TestRecyclerOptions, testRecycler } from '../support/recycler/test-recycler.ts';
import { until } from '../support/until.ts';

const HOUR_MS = 3_600_000;

let domain: Domain;
let clock: ManualClock;
let recyclers: Recycler[];
let sweep: GatedSweep;

beforeEach(async () => {
  domain = await openDomain();
  clock = new ManualClock();
  recyclers = [];
  sweep = new GatedSweep('sweep');
});
afterEach(async () => {
  await Promise.all(recyclers.map((one) => one.stop()));
  await domain.dispose();
});

async function createInstances(...ids: string[]): Promise<void> {
  for (const instanceId of ids) expect(await domain.status(rpc.create_instance, { instanceId })).toBe('OK');
}

function makeRecycler(options: TestRecyclerOptions = {}): Recycler {
  const recycler = testRecycler(domain, { clock, live: [sweep], ...options });
  recyclers.push(recycler);
  return recycler;
}

function startRecycler(options: TestRecyclerOptions = {}): Recycler {
  const recycler = makeRecycler(options);
  recycler.start();
  clock.advance(0);
  return recycler;
}

const ended = (id: string) => async () =>
  ![undefined, RoundState.RUNNING].includes((await reportOf(domain.store, id))?.state);

describe('which instances are recycled', () => {
  test('all of them, but for their number at a time', async () => {
    await createInstances('a', 'b', 'c', 'd', 'e');
    startRecycler({ settings: { recycle_concurrency: 2 } });
    await until(() => sweep.running === 2);
    expect(sweep.instances).toEqual(['a', 'b']);
    await until(() => {
      expect(sweep.running).toBeLessThanOrEqual(2);
      sweep.finish();
      return sweep.instances.length === 5;
    });
    expect(sweep.instances).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test.each([
    [{ recycle_whitelist: ['a', 'c'], recycle_blacklist: ['a'] }, ['a', 'c']],
    [{ recycle_blacklist: ['a', 'c'] }, ['b']],
  ])('those that %o leaves', async (settings, expected) => {
    await createInstances('a', 'b', 'c');
    sweep.open = true;
    startRecycler({ settings });
    await until(() => sweep.instances.length >= expected.length);
    expect(sweep.instances).toEqual(expected);
  });

  test('of those that were dropped, all that they had; of those that are overdue, nothing', async () => {
    await createInstances('live', 'dropped', 'overdue');
    expect(await domain.status(rpc.alter_instance, { op: Operation.DROP, instanceId: 'dropped' })).toBe('OK');
    expect(await domain.status(rpc.alter_instance, { op: Operation.SET_OVERDUE, instanceId: 'overdue' })).toBe('OK');
    const deleted = new GatedSweep('deleted');
    startRecycler({ deleted: [deleted] });
    await until(() => sweep.running + deleted.running === 2);
    expect([sweep.instances, deleted.instances]).toEqual([['live'], ['dropped']]);
    expect(await jobOf(domain.store, 'overdue')).toBeUndefined();
  });

  test('those that came since, when they are looked through again', async () => {
    sweep.open = true;
    startRecycler();
    await createInstances('new');
    await until(() => {
      clock.advance(HOUR_MS);
      return sweep.instances.length === 1;
    });
  });

  test('none in the first minute of a process', async () => {
    await createInstances('a');
    startRecycler({ settings: { recycler_sleep_before_scheduling_seconds: 60 } });
    clock.advance(59_999);
    await settled(domain.store);
    expect(sweep.instances).toEqual([]);
    clock.advance(1);
    await until(() => sweep.instances.length === 1);
  });

  test('one whose record is damaged keeps no other from it', async () => {
    await createInstances('a', 'b');
    await domain.store.transact(async (txn) =>
      txn.set(keys.instance.encode({ instance_id: 'a' }), Buffer.from('\xff')),
    );
    startRecycler();
    await until(() => sweep.running === 1);
    expect(sweep.instances).toEqual(['b']);
  });
});

describe('an instance that somebody asks for', () => {
  test('is recycled at once, though that was not long ago, and though it is in no list', async () => {
    await createInstances('a');
    const recycler = startRecycler({ settings: { recycle_blacklist: ['a'] } });
    sweep.open = true;
    for (const times of [1, 2]) {
      recycler.recycle('a');
      await until(() => sweep.instances.length === times);
      await until(ended('a'));
    }
  });

  test('is recycled again when the round that was running may not have seen all', async () => {
    await createInstances('a');
    const recycler = startRecycler();
    await until(() => sweep.running === 1);
    recycler.recycle('a');
    sweep.finish();
    await until(() => sweep.instances.length === 2);
  });
});

describe('what fails', () => {
  test('is told with its reason, keeps no other sweep and no other instance from going on, and is tried again', async () => {
    await createInstances('a', 'b');
    const good = new GatedSweep('good');
    good.open = true;
    startRecycler({ live: [sweep, good] });
    await until(() => sweep.running === 2);
    sweep.fail('the bucket is gone');
    await until(ended('a'));
    await until(ended('b'));
    const report = await reportOf(domain.store, 'a');
    expect(report).toMatchObject({ state: RoundState.FAILED });
    expect(report?.sweeps).toMatchObject([
      { name: 'sweep', state: SweepState.FAILED, lastFailure: 'the bucket is gone' },
      { name: 'good', state: SweepState.DONE },
    ]);
    expect(await jobOf(domain.store, 'a')).toMatchObject({
      lastSuccessTimeMs: 0n,
      lastFinishTimeMs: BigInt(clock.now_ms()),
    });
    sweep.open = true;
    await until(async () => {
      clock.advance(HOUR_MS);
      return (await reportOf(domain.store, 'a'))?.state === RoundState.SUCCEEDED;
    });
  });

  test('as storage that can not be opened, leaves the other instances alone', async () => {
    await createInstances('bad', 'good');
    sweep.open = true;
    startRecycler({
      openVaults: async ({ instanceId }) => {
        if (instanceId === 'bad') throw new ObjectStoreError('denied', 'vault 1: its key is not taken');
        return testVaults({});
      },
    });
    await until(ended('bad'));
    await until(ended('good'));
    expect(await reportOf(domain.store, 'bad')).toMatchObject({
      state: RoundState.FAILED,
      reason: 'vault 1: its key is not taken',
    });
    expect(await reportOf(domain.store, 'good')).toMatchObject({ state: RoundState.SUCCEEDED });
  });

  test('as records that had to stay, makes a round one that failed', async () => {
    await createInstances('a');
    const run = async ({
      progress,
    }: {
      progress: { failed(n: number, why: string): void; found(n: number): void };
    }) => {
      progress.found(3);
      progress.failed(3, 'it is locked');
    };
    startRecycler({ live: [{ name: 'partly', run }] });
    await until(ended('a'));
    const report = await reportOf(domain.store, 'a');
    expect(report).toMatchObject({ state: RoundState.FAILED });
    expect(report?.sweeps).toMatchObject([
      { state: SweepState.DONE, found: 3n, failed: 3n, lastFailure: 'it is locked' },
    ]);
  });

  test('as sweeps that take long, is told from time to time', async () => {
    await createInstances('a');
    startRecycler({ settings: { recycle_task_threshold_seconds: 100, check_recycle_task_interval_seconds: 60 } });
    await until(() => sweep.running === 1);
    const warnings = () => domain.log.filter((line) => line.includes('a sweep takes long')).length;
    const seen: number[] = [];
    for (let minute = 0; minute < 4; minute++) {
      clock.advance(60_000);
      seen.push(warnings());
    }
    expect(seen).toEqual([0, 1, 2, 3]);
  });
});

describe('pausing', () => {
  test('one instance holds in all processes, ends its round, and is undone by resuming it in any of them', async () => {
    await createInstances('a', 'b');
    const other = await domainOn(domain.store);
    const [here, there] = [new GatedSweep('sweep'), new GatedSweep('sweep')];
    const one = startRecycler({ owner: 'one', live: [here] });
    await until(() => here.running === 2);
    const two = testRecycler(other, { clock, owner: 'two', live: [there] });
    recyclers.push(two);
    two.start();

    await two.pause('a');
    // The round of the other process is ended when its lease is renewed.
    await until(async () => {
      clock.advance(10_000);
      await settled(domain.store);
      return here.running === 1;
    });
    await until(async () => (await reportOf(domain.store, 'a'))?.state === RoundState.ABORTED);
    expect(await reportOf(domain.store, 'a')).toMatchObject({ reason: 'it is paused' });
    one.recycle('a');
    two.recycle('a');
    await settled(domain.store);
    expect([here.running, there.running]).toEqual([1, 0]);

    await one.resume('a');
    await until(() => here.instances.filter((id) => id === 'a').length === 2);
    await other.dispose();
  });

  test('all holds for each, and resuming all undoes every pause', async () => {
    await createInstances('a', 'b');
    sweep.open = true;
    const recycler = makeRecycler();
    expect(await recycler.pause()).toMatchObject({ paused: true, paused_instance_ids: [] });
    expect(await recycler.pause('a')).toMatchObject({ paused: true, paused_instance_ids: ['a'] });
    recycler.start();
    clock.advance(0);
    await until(() => domain.store.transact(async () => recycler.statistics().waiting === 2));
    expect(sweep.instances).toEqual([]);
    expect(await recycler.resume()).toMatchObject({ paused: false, paused_instance_ids: [] });
    await until(() => sweep.instances.length === 2);
    expect(await domain.store.transact((txn) => txn.get(keys.systemRecyclerControl.encode({})))).toBeUndefined();
  });

  test('the process that is asked to ends its own rounds at once', async () => {
    await createInstances('a');
    const recycler = startRecycler();
    await until(() => sweep.running === 1);
    await recycler.pause();
    await until(() => sweep.running === 0);
  });
});
