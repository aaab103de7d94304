import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Recycler } from '../../src/recycler/recycler.ts';
import { type Domain, openInstance } from '../support/fuzz/domain.ts';
import type { GatedSweep } from '../support/recycler/gated-sweep.ts';
import { ManualClock } from '../support/recycler/manual-clock.ts';
import { type TestRecyclerOptions, testRecycler } from '../support/recycler/test-recycler.ts';
import { until } from '../support/until.ts';

let domain: Domain;
let clock: ManualClock;
let recycler: Recycler;

beforeEach(async () => {
  domain = await openInstance();
  clock = new ManualClock();
});
afterEach(async () => {
  await recycler.stop();
  await domain.dispose();
});

function makeRecycler(options: TestRecyclerOptions): void {
  recycler = testRecycler(domain, { clock, ...options });
}

describe('a dry run', () => {
  const run: GatedSweep['run'] = async ({ progress, dry_run }) => {
    expect(dry_run).toBe(true);
    progress.found(3);
    for (const what of ['x', 'y', 'z']) progress.planned({ what, why: 'it has expired' });
  };

  test('of all rounds takes no lease and writes nothing', async () => {
    const before = await domain.version();
    makeRecycler({ settings: { recycler_dry_run: true }, live: [{ name: 'sweep', run }] });
    recycler.start();
    clock.advance(0);
    await until(() => domain.log.some((line) => line.includes('a dry run is through')));
    expect(domain.log.filter((line) => line.includes('would go') && line.includes('it has expired'))).toHaveLength(3);
    expect(recycler.dryReport('i')?.sweeps).toMatchObject([{ name: 'sweep', found: 3n }]);
    await recycler.stop();
    expect(await domain.version()).toBe(before);
  });

  test('that is asked for counts all and names the first', async () => {
    makeRecycler({ live: [{ name: 'sweep', run }] });
    const before = await domain.version();
    const preview = await recycler.preview('i', 2, new AbortController().signal);
    expect(preview).toMatchObject({ instance_id: 'i', would_go: 3, would_go_by_sweep: { sweep: 3 } });
    expect(preview).toMatchObject({ planned: [{ sweep: 'sweep', what: 'x', why: 'it has expired' }, { what: 'y' }] });
    expect(await recycler.preview('j', 2, new AbortController().signal)).toBe('gone');
    expect(await domain.version()).toBe(before);
  });
});
