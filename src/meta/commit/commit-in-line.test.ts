import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Domain, openInstance } from '../../../test/support/fuzz/domain.ts';
import { decideLazily, INSTANCE, load, plantTablets, tabletsIn, versionsOf } from '../../../test/support/loads.ts';
import { StoreError, StoreErrorCode } from '../../kv/store-error.ts';
import { SILENT } from '../../observe/logger.ts';
import { CommitTxnRequestSchema, TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import type { Call, CallInSteps, MetaSettings } from '../call.ts';
import { commitTxn } from './commit-txn.ts';
import { LazyCommits } from './lazy-commits.ts';
import { PartitionTurns } from './partition-turns.ts';

const TABLETS = tabletsIn(31n, 3000n, 10);
const settings = {
  txn_lazy_commit_rowsets_thresold: 4,
  txn_lazy_max_rowsets_per_batch: 3,
  enable_cloud_txn_lazy_commit: true,
};

let domain: Domain;
let call: CallInSteps;
/** What each run of a step begins with. */
let beginning: () => void;
/** What lazy commits wait for before they are helped. */
let held: Promise<void>;
const helped: bigint[] = [];

class SlowLazyCommits extends LazyCommits {
  override async finish(instanceId: string, txnId: bigint): Promise<void> {
    helped.push(txnId);
    await held;
    return super.finish(instanceId, txnId);
  }
}

beforeEach(async () => {
  domain = await openInstance({ settings });
  const { store } = domain;
  await plantTablets(store, TABLETS);
  beginning = () => undefined;
  held = Promise.resolve();
  helped.length = 0;
  const services = {
    ...{ lazyCommits: new SlowLazyCommits({ ...settings, store, logger: SILENT, now_ms: Date.now }) },
    ...{ partitionTurns: new PartitionTurns(), settings: settings as Partial<MetaSettings>, now_ms: Date.now },
  };
  const transact: CallInSteps['transact'] = (work, options) =>
    store.transact((txn) => {
      beginning();
      return work({ ...services, txn } as Partial<Call> as Call);
    }, options);
  call = { ...services, transact } as Partial<CallInSteps> as CallInSteps;
});
afterEach(async () => {
  vi.useRealTimers();
  await domain.dispose();
});

function commit(txnId: bigint) {
  const request = create(CommitTxnRequestSchema, { txnId, is2pc: false, enableTxnLazyCommit: true });
  return commitTxn(call, request, INSTANCE);
}

test('commits that meet a lazy one all wait for it at the same time, whichever their turn is', async () => {
  const first = await load(domain, 'l', TABLETS);
  await decideLazily(domain, first, settings);
  const others = await Promise.all(['a', 'b', 'c'].map((label) => load(domain, label, TABLETS.slice(0, 2))));
  let open: () => void = () => undefined;
  held = new Promise((resolve) => {
    open = resolve;
  });
  const answers = Promise.all(others.map(commit));
  await expect.poll(() => helped).toEqual([first, first, first]);
  open();
  expect((await answers).map(({ versions }) => versions?.[0]).sort()).toEqual([3n, 4n, 5n]);
  expect(await versionsOf(domain, 3n, [31n])).toEqual([5n]);
});

test('a commit that takes all the time that the store gives it is not begun again and again', async () => {
  const txnId = await load(domain, 'l', TABLETS);
  vi.useFakeTimers({ toFake: ['performance'] });
  let runs = 0;
  beginning = () => {
    // The first one finds that it is too large to be made at once.
    if (++runs === 1) return;
    vi.advanceTimersByTime(5_000);
    throw new StoreError(StoreErrorCode.TooOld, 'too late');
  };
  await expect(commit(txnId)).rejects.toThrow('too late');
  expect(runs).toBe(2);
});

test('a commit that has lost against others is begun again', async () => {
  const txnId = await load(domain, 'l', TABLETS);
  let runs = 0;
  beginning = () => {
    if (++runs < 5) throw new StoreError(StoreErrorCode.Conflict, 'others were first');
  };
  expect((await commit(txnId)).versions).toEqual([2n]);
});

test('a load that is decided, and does not become visible in time, is answered as committed, and again when it is asked', async () => {
  const txnId = await load(domain, 'l', TABLETS);
  let open: () => void = () => undefined;
  held = new Promise((resolve) => {
    open = resolve;
  });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const msg = `transaction is committed, and not visible yet: db_id=1 txn_id=${txnId}`;
  const committed = { status: { msg }, txnInfo: { status: TxnStatus.TXN_STATUS_COMMITTED } };
  const committedLate = async (times: number) => {
    const answer = commit(txnId);
    await vi.waitUntil(() => helped.length === times);
    await vi.advanceTimersByTimeAsync(8_000);
    return answer;
  };
  expect(await committedLate(1)).toMatchObject({ ...committed, versions: [2n] });
  expect(await committedLate(2)).toMatchObject(committed);
  open();
  expect(await commit(txnId)).toMatchObject({
    status: { msg: `transaction is already visible: db_id=1 txn_id=${txnId}` },
    txnInfo: { status: TxnStatus.TXN_STATUS_VISIBLE },
  });
});
