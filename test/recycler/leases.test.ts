import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keys } from '../../src/keys/key-table.ts';
import type { Store } from '../../src/kv/store.ts';
import { StoreError, StoreErrorCode } from '../../src/kv/store-error.ts';
import { writeRecord } from '../../src/records/message-record.ts';
import type { Recycler } from '../../src/recycler/recycler.ts';
import { JobRecyclePBSchema, JobRecyclePB_Status as JobStatus } from '../../src/schema/gen/cloud/recycler_pb.ts';
import { RecycleReportPB_State as RoundState } from '../../src/schema/gen/nereus/recycling_pb.ts';
import { type Domain, openInstance } from '../support/fuzz/domain.ts';
import { GatedSweep } from '../support/recycler/gated-sweep.ts';
import { ManualClock } from '../support/recycler/manual-clock.ts';
import { settled } from '../support/recycler/settled.ts';
import { jobOf, reportOf, type TestRecyclerOptions, testRecycler } from '../support/recycler/test-recycler.ts';
import { until } from '../support/until.ts';

const LEASE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** The year 2100. */
const FAR_MS = 4_102_444_800_000n;

let domain: Domain;
let clock: ManualClock;
let recyclers: Recycler[];

beforeEach(async () => {
  domain = await openInstance();
  clock = new ManualClock();
  recyclers = [];
});
afterEach(async () => {
  await Promise.all(recyclers.map((one) => one.stop()));
  await domain.dispose();
});

function startRecycler(owner: string, sweep: GatedSweep, options: TestRecyclerOptions = {}): Recycler {
  const recycler = testRecycler(domain, { clock, owner, live: [sweep], ...options });
  recyclers.push(recycler);
  recycler.start();
  clock.advance(0);
  return recycler;
}

const job = () => jobOf(domain.store, 'i');

describe('the lease on an instance', () => {
  test('is taken, kept and given back with the fields of Doris', async () => {
    const sweep = new GatedSweep('sweep');
    startRecycler('one:5000#1', sweep);
    await until(() => sweep.running === 1);
    const began_ms = clock.now_ms();
    expect(await job()).toMatchObject({
      instanceId: 'i',
      ipPort: 'one:5000#1',
      status: JobStatus.BUSY,
      expirationTimeMs: BigInt(began_ms + LEASE_MS),
      lastCtimeMs: 0n,
    });

    clock.advance(LEASE_MS / 3);
    await until(async () => (await job())?.expirationTimeMs === BigInt(clock.now_ms() + LEASE_MS));

    sweep.finish();
    await until(async () => (await job())?.status === JobStatus.IDLE);
    const done = { lastCtimeMs: BigInt(began_ms), lastFinishTimeMs: BigInt(clock.now_ms()) };
    expect(await job()).toMatchObject({ ...done, lastSuccessTimeMs: BigInt(clock.now_ms()), ipPort: 'one:5000#1' });
  });

  test('lets no other begin before the interval is over, counted from the beginning', async () => {
    const [one, other] = [new GatedSweep('sweep'), new GatedSweep('sweep')];
    startRecycler('one:5000#1', one);
    await until(() => one.running === 1);
    one.finish();
    await until(async () => (await job())?.status === JobStatus.IDLE);
    startRecycler('two:5000#2', other);
    clock.advance(HOUR_MS - 1);
    await settled(domain.store);
    expect([one.instances, other.instances]).toEqual([['i'], []]);
    await until(() => {
      clock.advance(1);
      return one.running + other.running === 1;
    });
  });

  test('keeps all others out for as long as it is renewed', async () => {
    const [one, other] = [new GatedSweep('sweep'), new GatedSweep('sweep')];
    startRecycler('one:5000#1', one);
    await until(() => one.running === 1);
    startRecycler('two:5000#2', other);
    for (let steps = 0; steps < 24; steps++) {
      clock.advance(LEASE_MS / 6);
      await renewedInTime();
      expect(other.instances).toEqual([]);
    }
    expect(one.contexts[0]?.signal.aborted).toBe(false);
  });

  test('of an owner that died passes to another when it expires, and not before', async () => {
    await holdJob('dead:5000#9', clock.now_ms() + LEASE_MS);
    const sweep = new GatedSweep('sweep');
    startRecycler('one:5000#1', sweep);
    clock.advance(LEASE_MS - 1);
    await settled(domain.store);
    expect(sweep.instances).toEqual([]);
    await until(() => {
      clock.advance(1);
      return sweep.running === 1;
    });
    expect((await job())?.ipPort).toBe('one:5000#1');
  });

  test.each([
    ['has it', { status: JobStatus.BUSY, expirationTimeMs: FAR_MS }],
    ['was begun', { status: JobStatus.IDLE, lastCtimeMs: FAR_MS }],
  ])('is free where it is said that one %s in years to come', async (_, fields) => {
    await domain.store.transact(async (txn) => {
      const record = create(JobRecyclePBSchema, { instanceId: 'i', ipPort: 'ahead:5000#1', ...fields });
      writeRecord(txn, keys.jobRecycle, { instance_id: 'i' }, record);
    });
    const sweep = new GatedSweep('sweep');
    startRecycler('one:5000#1', sweep);
    await until(() => sweep.running === 1);
  });

  test('is taken again though the clock was years ahead for a while', async () => {
    const now_ms = clock.now_ms();
    const sweep = new GatedSweep('sweep');
    clock.set(Number(FAR_MS));
    startRecycler('one:5000#1', sweep);
    await until(() => sweep.running === 1);
    sweep.finish();
    await until(async () => (await job())?.status === JobStatus.IDLE);
    clock.set(now_ms);
    await until(() => {
      clock.advance(HOUR_MS);
      return sweep.running === 1;
    });
  });

  test('that another has taken ends the round at once, and is left to the other', async () => {
    const sweep = new GatedSweep('sweep');
    startRecycler('one:5000#1', sweep);
    await until(() => sweep.running === 1);
    await holdJob('two:5000#2', clock.now_ms() + 10 * LEASE_MS);
    clock.advance(LEASE_MS / 3);
    await until(() => sweep.running === 0);
    expect(sweep.contexts[0]?.signal.reason.message).toMatch('another process has the instance');
    await settled(domain.store);
    expect(await job()).toMatchObject({ ipPort: 'two:5000#2', status: JobStatus.BUSY });
  });

  test('that can not be renewed ends the round before another may begin', async () => {
    const sweep = new GatedSweep('sweep');
    const [broken, breakIt] = breakable(domain.store);
    startRecycler('one:5000#1', sweep, { store: broken });
    await until(() => sweep.running === 1);
    breakIt(true);
    for (const _ of [1, 2]) {
      clock.advance(LEASE_MS / 3);
      await settled(domain.store);
      expect(sweep.running).toBe(1);
    }
    clock.advance(LEASE_MS / 3);
    await until(() => sweep.running === 0);
    expect(Number((await job())?.expirationTimeMs)).toBeLessThanOrEqual(clock.now_ms());
    expect(sweep.contexts[0]?.signal.reason.message).toMatch('did not let it be renewed');
    breakIt(false);
  });

  test('is given back by a process that stops in the middle of a round, so that another can go on at once', async () => {
    const [one, other] = [new GatedSweep('sweep'), new GatedSweep('sweep')];
    const recycler = startRecycler('one:5000#1', one);
    await until(() => one.running === 1);
    await recycler.stop();
    expect(await job()).toMatchObject({ status: JobStatus.IDLE, lastCtimeMs: 0n, lastFinishTimeMs: 0n });
    expect(await reportOf(domain.store, 'i')).toMatchObject({ state: RoundState.ABORTED, reason: 'the service stops' });
    startRecycler('two:5000#2', other);
    await until(() => other.running === 1);
  });

  test('is not left before a round has come to its end, however deaf a sweep is', async () => {
    const sweep = new GatedSweep('sweep');
    sweep.deaf = true;
    const recycler = startRecycler('one:5000#1', sweep);
    await until(() => sweep.running === 1);
    const stopped = recycler.stop();
    for (let steps = 0; steps < 12; steps++) {
      clock.advance(LEASE_MS / 6);
      await renewedInTime();
      expect((await job())?.status).toBe(JobStatus.BUSY);
    }
    sweep.finish();
    await stopped;
    expect((await job())?.status).toBe(JobStatus.IDLE);
  });

  test('whose record is damaged counts as none', async () => {
    await domain.store.transact(async (txn) =>
      txn.set(keys.jobRecycle.encode({ instance_id: 'i' }), Buffer.from('\xff\xff')),
    );
    const sweep = new GatedSweep('sweep');
    startRecycler('one:5000#1', sweep);
    await until(() => sweep.running === 1);
  });

  test('of an instance whose keys all went is not left behind, nor is its report', async () => {
    const sweep = new GatedSweep('sweep');
    startRecycler('one:5000#1', sweep);
    await until(() => sweep.running === 1);
    await domain.store.transact(async (txn) => txn.clear(keys.instance.encode({ instance_id: 'i' })));
    clock.advance(LEASE_MS / 3);
    await settled(domain.store);
    sweep.finish();
    await until(async () => (await job()) === undefined && (await reportOf(domain.store, 'i')) === undefined);
  });

  test('is taken again by its owner when the record went with what a dropped instance had', async () => {
    const sweep = new GatedSweep('sweep');
    startRecycler('one:5000#1', sweep);
    await until(() => sweep.running === 1);
    await domain.store.transact(async (txn) => txn.clear(keys.jobRecycle.encode({ instance_id: 'i' })));
    clock.advance(LEASE_MS / 3);
    await until(async () => (await job())?.ipPort === 'one:5000#1');
    expect(sweep.contexts[0]?.signal.aborted).toBe(false);
  });
});

/** It is renewed when a third of it is over: less than a half is never left. */
async function renewedInTime(): Promise<void> {
  await until(async () => {
    clock.advance(0);
    return Number((await job())?.expirationTimeMs) >= clock.now_ms() + LEASE_MS / 2;
  });
  await settled(domain.store);
}

async function holdJob(owner: string, expires_ms: number): Promise<void> {
  const held = { instanceId: 'i', ipPort: owner, status: JobStatus.BUSY, expirationTimeMs: BigInt(expires_ms) };
  await domain.store.transact(async (txn) =>
    writeRecord(txn, keys.jobRecycle, { instance_id: 'i' }, create(JobRecyclePBSchema, held)),
  );
}

/** A store that fails every transaction while it is told to. */
function breakable(store: Store): [Store, (broken: boolean) => void] {
  let broken = false;
  const wrapped: Store = {
    limits: store.limits,
    begin: () => store.begin(),
    transact: (work, options) =>
      broken ? Promise.reject(new StoreError(StoreErrorCode.Closed, 'broken')) : store.transact(work, options),
    close: () => store.close(),
  };
  return [
    wrapped,
    (now) => {
      broken = now;
    },
  ];
}
