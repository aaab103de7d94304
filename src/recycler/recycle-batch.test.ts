import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Domain, openInstance } from '../../test/support/fuzz/domain.ts';
import { sweepContext, type TestContextOptions } from '../../test/support/recycler/sweep-context.ts';
import { keys } from '../keys/key-table.ts';
import { collectRange } from '../kv/collect-range.ts';
import type { KeyValue } from '../kv/store.ts';
import { type Planned, SweepProgress } from './progress.ts';
import { type RecyclingOptions, recycleInBatches } from './recycle-batch.ts';
import { removeUnchanged } from './remove-unchanged.ts';

const instance_id = 'i';
const range = keys.recycleRowset.range({ instance_id });
let domain: Domain;

beforeEach(async () => {
  domain = await openInstance();
  await domain.store.transact(async (txn) => {
    for (let i = 0; i < 25; i++) {
      const key = keys.recycleRowset.encode({ instance_id, tablet_id: 1n, rowset_id: String(i).padStart(2, '0') });
      txn.set(key, Buffer.from(String(i)));
    }
  });
});
afterEach(() => domain.dispose());

function left(): Promise<number[]> {
  return domain.store.transact(async (txn) =>
    (await collectRange(txn, range.begin, range.end)).map(({ value }) => Number(Buffer.from(value).toString())),
  );
}

const numberOf = ({ value }: KeyValue) => Number(Buffer.from(value).toString());
const isEven = (pair: KeyValue) => numberOf(pair) % 2 === 0;

/** Makes even numbers go, in pages of ten and batches of three. */
async function recycleEven(
  options: TestContextOptions,
  more: Partial<RecyclingOptions<{ pair: KeyValue; why: string }>>,
) {
  const context = await sweepContext(domain, options);
  const run = recycleInBatches(context, {
    range,
    page_pairs: 10,
    batch_items: 3,
    dueOf: (page) => page.filter(isEven).map((pair) => ({ pair, why: `${numberOf(pair)} is even` })),
    async reclaim(items) {
      const pairs = items.map(({ pair }) => pair);
      context.progress.deleted(await removeUnchanged(context.store, pairs));
    },
    ...more,
  });
  return { context, run };
}

const ODD = [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23];

test('what is due in a range goes, whatever the size of a page', async () => {
  for (const page of [{ page_pairs: 1 }, { page_bytes: 1 }, {}]) {
    const { context, run } = await recycleEven({}, page);
    await run;
    expect(await left()).toEqual(ODD);
    expect(context.progress.numbers).toMatchObject({ failed: 0 });
  }
});

test('what is done is counted', async () => {
  const { context, run } = await recycleEven({}, {});
  await run;
  expect(context.progress.numbers).toMatchObject({ scanned: 25, found: 13, deleted: 13, failed: 0 });
});

test('a dry run says what would go, and why', async () => {
  const plan: Planned[] = [];
  const progress = new SweepProgress((planned) => void plan.push(planned));
  const { context, run } = await recycleEven({ dry_run: true, progress }, {});
  await run;
  expect(await left()).toHaveLength(25);
  expect(plan).toHaveLength(13);
  const what = keys.recycleRowset.encode({ instance_id, tablet_id: 1n, rowset_id: '02' }).toString('hex');
  expect(plan[1]).toEqual({ what, why: '2 is even' });
  expect(context.progress.numbers).toMatchObject({ found: 13, deleted: 0 });
});

test('a batch that fails stays, and holds up no other', async () => {
  const { context, run } = await recycleEven(
    {},
    {
      async reclaim(items) {
        if (items.some(({ pair }) => numberOf(pair) === 4)) throw new Error('no room for four');
        await removeUnchanged(
          domain.store,
          items.map(({ pair }) => pair),
        );
      },
    },
  );
  await run;
  expect((await left()).filter((number) => number % 2 === 0)).toEqual([0, 2, 4]);
  expect(context.progress.numbers).toMatchObject({ found: 13, failed: 3 });
  expect(context.progress.lastFailure).toMatch(/no room for four$/);
});

test('no more batches are worked on than may be', async () => {
  let running = 0;
  let most = 0;
  const { run } = await recycleEven(
    {},
    {
      batch_items: 1,
      batches_at_a_time: 2,
      async reclaim() {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
      },
    },
  );
  await run;
  expect([running, most]).toEqual([0, 2]);
});

test('a sweep that has to end begins no further batch', async () => {
  const ending = new AbortController();
  let batches = 0;
  const { context, run } = await recycleEven(
    { signal: ending.signal },
    {
      batches_at_a_time: 1,
      async reclaim() {
        if (++batches === 2) ending.abort(new Error('the lease is lost'));
      },
    },
  );
  await expect(run).rejects.toThrow('the lease is lost');
  expect(batches).toBe(2);
  expect(context.progress.numbers.failed).toBe(0);
});
