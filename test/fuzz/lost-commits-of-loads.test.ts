import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Domain, openDomain, rpc } from '../support/fuzz/domain.ts';
import { fuzzSeed, Random } from '../support/fuzz/random.ts';
import { type Fate, type LosingStore, losingStore } from '../support/kv/losing-store.ts';
import { A, B, C, commit, load, plantTablets, statsOf, tableVersionOf, versionsOf } from '../support/loads.ts';

const FATES: readonly Fate[] = ['answered', 'made', 'not made'];
const LOADS = 40;

let domain: Domain;
let losing: LosingStore | undefined;
beforeEach(async () => {
  const random = new Random(fuzzSeed());
  domain = await openDomain({
    // Some become visible in several steps.
    settings: { txn_lazy_commit_rowsets_thresold: 2 },
    seen: (store) => {
      losing = losingStore(store, () => random.pick(FATES));
      return losing;
    },
  });
  await domain.call(rpc.create_instance, { instanceId: 'i' });
  await plantTablets(domain.store, [A, B, C]);
});
afterEach(() => domain.dispose());

test('loads that run at once are counted once each, where commits get lost', async () => {
  const one = async (i: number) => {
    const txnId = await load(domain, `l${i}`, i % 2 === 0 ? [A] : [A, B, C]);
    const { status } = await commit(domain, { txnId, is2pc: false, enableTxnLazyCommit: true });
    return status.msg;
  };
  const answers = await Promise.all(Array.from({ length: LOADS }, (_, i) => one(i)));
  expect(answers.filter((msg) => msg !== '')).toEqual([]);
  expect(losing?.fates.made).toBeGreaterThan(LOADS);

  const loads = BigInt(LOADS);
  expect(await versionsOf(domain, A.table, [A.partition, C.partition])).toEqual([loads + 1n, loads / 2n + 1n]);
  expect(await tableVersionOf(domain, A.table)).toBe(loads);
  // Half of the loads are lazy, which count the data without the index.
  for (const [tablet, plain, lazy] of [
    [A, loads / 2n, loads / 2n],
    [B, 0n, loads / 2n],
    [C, 0n, loads / 2n],
  ] as const) {
    const all = plain + lazy;
    const expected = {
      dataSize: 130n * plain + 100n * lazy,
      numRows: 10n * all,
      numRowsets: all + 1n,
      numSegments: all,
    };
    expect(await statsOf(domain.store, tablet)).toEqual(expected);
  }
});
